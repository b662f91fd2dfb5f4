"""Binance as the scanner's source of market data."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from divbot.binance.bans import Bans
from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.endpoints import Endpoint, request_weight
from divbot.binance.limits import Limits, measure_limits
from divbot.binance.transport import Transport
from divbot.binance.universe import Listed, chosen, most_traded
from divbot.binance.wire import Candles, Listing, Quote
from divbot.domain.clock import SystemClock
from divbot.domain.market import Interval, Market, Ticker

_LISTING_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class BinanceSource:
    """Where to find Binance, and what may be spent there; each worker opens it for itself.

    Made by the parent, and handed to workers when they start.
    """

    market: Market
    base_urls: tuple[str, ...]
    budget: WeightBudget
    bans_file: Path | None = None
    request_timeout: float = 10.0

    def open(self, connections: int) -> BinanceMarketData:
        """Return the market data, over a session of at most `connections` connections."""
        clock = SystemClock()
        transport = Transport(clock, connections=connections)
        client = BinanceClient(
            self.market,
            self.base_urls,
            transport,
            clock,
            Bans(self.bans_file),
            request_timeout=self.request_timeout,
        )
        return BinanceMarketData(client, transport, self.budget)

    def open_listing(self) -> BinanceMarketData:
        """Return the market data, with as many connections as a listing can use."""
        data = self.open(_LISTING_REQUESTS)
        data.spend_from(self.budget.open_lease())
        return data

    def open_lease(self, symbols: int, limit: int) -> int:
        """Set aside what the candles of `symbols` cost; return the lease's number."""
        each = request_weight(self.market, Endpoint.KLINES, limit=limit)
        return self.budget.open_lease(symbols * each)

    def close_lease(self, lease: int) -> None:
        """Take back what is left of a lease."""
        self.budget.close_lease(lease)

    def tend(self) -> str:
        """Grant what is free; return what work still waits for, in words."""
        self.budget.tend()
        return self.budget.waiting_for()

    def weight_spent(self) -> int:
        """Return all request weight spent so far, by all processes."""
        return self.budget.spent()


class BinanceMarketData:
    """Answer what a scan asks, over one session with several connections."""

    def __init__(self, client: BinanceClient, transport: Transport, budget: WeightBudget) -> None:
        self._client = client
        self._transport = transport
        self._budget = budget

    def spend_from(self, lease: int) -> None:
        """Spend from lease number `lease` from now on."""
        self._client.spend_from(self._budget.lease(lease))

    def limits(self) -> Limits:
        """Ask the venue how it sees this machine."""
        return measure_limits(self._client, SystemClock())

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
        listing, tickers, quotes = self._listing()
        return most_traded(listing.instruments, tickers, quotes, count)

    def chosen(self, symbols: Sequence[str]) -> tuple[Listed, ...]:
        """Return the listings of `symbols`; raise InputError for one that is not listed."""
        listing, tickers, quotes = self._listing()
        return chosen(listing.instruments, tickers, quotes, symbols)

    def final_candles(self, symbol: str, interval: Interval, limit: int) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them."""
        return self._client.final_candles(symbol, interval, limit)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listing(self) -> tuple[Listing, dict[str, Ticker], dict[str, Quote]]:
        """Ask for the parts of a listing side by side: only the slowest is waited for."""
        threads = ThreadPoolExecutor(_LISTING_REQUESTS, "listing")
        try:
            listing = threads.submit(self._client.exchange_info)
            tickers = threads.submit(self._client.tickers)
            # Futures name no bid and ask among the last 24 hours.
            is_spot = self._client.market is Market.SPOT
            book = None if is_spot else threads.submit(self._client.quotes)
            day, quotes = tickers.result()
            found = listing.result(), day, quotes if book is None else book.result()
        finally:
            # After Ctrl-C, or the first failure, the other answers are not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
        self._budget.limit = found[0].weight_limit or self._budget.limit
        return found
