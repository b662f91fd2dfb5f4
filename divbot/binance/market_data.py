"""Binance as the scanner's source of market data."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from divbot.binance.client import BinanceClient
from divbot.binance.limits import WeightAccount
from divbot.binance.transport import Transport
from divbot.binance.universe import Listed, chosen, most_traded
from divbot.binance.wire import Candles, Quote
from divbot.domain.clock import SystemClock
from divbot.domain.market import Instrument, Interval, Market, Ticker

_LISTING_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class BinanceSource:
    """Where to find Binance: small enough to hand to a worker, which opens it for itself."""

    market: Market
    base_url: str
    request_timeout: float = 10.0

    def open(self, connections: int) -> BinanceMarketData:
        """Return the market data, over a session of at most `connections` connections."""
        clock = SystemClock()
        account = WeightAccount()
        transport = Transport(clock, connections=connections)
        client = BinanceClient(
            self.market,
            self.base_url,
            transport,
            clock,
            account,
            request_timeout=self.request_timeout,
        )
        return BinanceMarketData(client, transport, account)

    def open_listing(self) -> BinanceMarketData:
        """Return the market data, with as many connections as a listing can use."""
        return self.open(_LISTING_REQUESTS)


class BinanceMarketData:
    """Answer what a scan asks, over one session with several connections."""

    def __init__(self, client: BinanceClient, transport: Transport, account: WeightAccount) -> None:
        self._client = client
        self._transport = transport
        self._account = account

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are those of a local exchange."""
        return self._client.simulated

    @property
    def venue(self) -> str:
        """Return the venue's name."""
        return "local exchange" if self._client.simulated else "Binance"

    def most_traded(self, count: int) -> tuple[Listed, ...]:
        """Return at most `count` tradable USDT symbols, by quote volume."""
        instruments, tickers, quotes = self._listing()
        return most_traded(instruments, tickers, quotes, count)

    def chosen(self, symbols: Sequence[str]) -> tuple[Listed, ...]:
        """Return the listings of `symbols`; raise InputError for one that is not listed."""
        instruments, tickers, quotes = self._listing()
        return chosen(instruments, tickers, quotes, symbols)

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them."""
        return self._client.final_candles(symbol, interval, limit)

    def take_weight(self) -> int:
        """Return the request weight used since the last call."""
        return self._account.take()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listing(
        self,
    ) -> tuple[dict[str, Instrument], dict[str, Ticker], dict[str, Quote]]:
        """Ask for the parts of a listing side by side: only the slowest is waited for."""
        threads = ThreadPoolExecutor(_LISTING_REQUESTS, "listing")
        try:
            instruments = threads.submit(self._client.exchange_info)
            tickers = threads.submit(self._client.tickers)
            if self._client.market is Market.SPOT:
                return instruments.result(), *tickers.result()
            # Futures name no bid and ask among the last 24 hours.
            quotes = threads.submit(self._client.quotes)
            return instruments.result(), tickers.result()[0], quotes.result()
        finally:
            # After Ctrl-C, or the first failure, the other answers are not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
