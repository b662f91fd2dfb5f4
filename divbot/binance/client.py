"""Binance's public market data: one method per question, every failure one of our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from divbot.binance.budget import Lease
from divbot.binance.protocol.endpoints import Endpoint
from divbot.binance.protocol.exchange_info import ExchangeInfo, ListingParser
from divbot.binance.protocol.wire import (
    Amounts,
    BidAsk,
    BySymbol,
    Funding,
    final_klines_in_full,
    final_klines_of_json,
    parse_funding,
    parse_minutes,
    parse_quotes,
    parse_server_time,
    parse_tickers,
    parse_tickers_and_quotes,
)
from divbot.binance.session import LARGE, SMALL, VenueSession
from divbot.candle_arrays import Candles
from divbot.domain.market import Interval, Market, Ticker
from divbot.domain.minutes import Minutes

T = TypeVar("T")
ParseKlines: TypeAlias = Callable[[bytes, Interval], Candles]


class BinanceClient:
    """Ask one market of one venue, and spend from `lease`; safe to use from several threads.

    `parse_klines` reads candles: whoever reads many takes the compiled reader. `listing_lease` is
    what the listing is spent from, where its weight was set aside.
    """

    def __init__(
        self,
        session: VenueSession,
        lease: Lease,
        *,
        parse_klines: ParseKlines = final_klines_of_json,
        listing_lease: Lease | None = None,
    ) -> None:
        self.session = session
        self._lease = lease
        self._listing_lease = listing_lease or lease
        self._parse_klines = parse_klines
        self._listings = ListingParser(session.market)

    @property
    def market(self) -> Market:
        """Return the market that is asked."""
        return self.session.market

    @property
    def simulated(self) -> bool:
        """Tell whether a reply came from a local exchange."""
        return self.session.simulated

    def server_time(self) -> int:
        """Return the venue's time, ms UTC."""
        return self._ask(Endpoint.TIME, {}, parse_server_time)

    def exchange_info(self) -> ExchangeInfo:
        """Return every listed instrument, and the limit on request weight."""
        # Without this a spot listing carries hundreds of permission names for each symbol.
        lean: dict[str, str | int] = (
            {"showPermissionSets": "false"} if self.market is Market.SPOT else {}
        )
        return self.session.ask(
            self._listing_lease, Endpoint.EXCHANGE_INFO, lean, self._listings.parse, LARGE
        )

    def tickers(self) -> tuple[BySymbol[Ticker], BySymbol[BidAsk]]:
        """Return the last 24 hours of every symbol and, on spot, its best bid and ask."""
        if self.market is Market.SPOT:
            return self._ask(Endpoint.TICKER_24HR, {}, parse_tickers_and_quotes, LARGE)
        return self._ask(Endpoint.TICKER_24HR, {}, parse_tickers, LARGE), BySymbol({})

    def quotes(self) -> BySymbol[BidAsk]:
        """Return the best bid and ask of every symbol."""
        return self._ask(Endpoint.BOOK_TICKER, {}, parse_quotes, LARGE)

    def final_candles(
        self, symbol: str, interval: Interval, limit: int, start: int | None = None
    ) -> Candles:
        """Return final candles of `symbol`, at most `limit - 1` of them.

        They are the newest ones, or the first ones from `start` (ms UTC) on.
        """
        return self._klines(symbol, interval, limit, start, self._parse_klines)

    def candles_in_full(
        self, symbol: str, interval: Interval, start: int, limit: int, *, mark: bool = False
    ) -> tuple[Candles, Amounts]:
        """Return the first final candles from `start` (ms UTC) on, at most `limit - 1` of them.

        They are of the last or of the mark price.
        """
        return self._klines(symbol, interval, limit, start, final_klines_in_full, mark=mark)

    def minutes(self, symbol: str, start: int, limit: int, *, mark: bool = False) -> Minutes:
        """Return at most `limit` of the `shortest` candles from `start` (ms UTC) on.

        They are of the last or of the mark price.
        """
        interval = self.session.shortest
        return self._klines(symbol, interval, limit, start, parse_minutes, mark=mark)

    def funding(self, symbol: str, start: int, end: int) -> Funding:
        """Return at most 1000 settlements of funding from `start` to `end` (ms UTC)."""
        parameters: dict[str, str | int] = {
            "symbol": symbol,
            "startTime": start,
            "endTime": end,
            "limit": 1000,
        }
        return self._ask(Endpoint.FUNDING_RATE, parameters, parse_funding)

    def _klines(
        self,
        symbol: str,
        interval: Interval,
        limit: int,
        start: int | None,
        parse: Callable[[bytes, Interval], T],
        *,
        mark: bool = False,
    ) -> T:
        parameters: dict[str, str | int] = {
            "symbol": symbol,
            "interval": interval.value,
            "limit": limit,
        }
        if start is not None:
            parameters["startTime"] = start
        endpoint = Endpoint.MARK_PRICE_KLINES if mark else Endpoint.KLINES
        return self._ask(endpoint, parameters, lambda body: parse(body, interval))

    def _ask(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str | int],
        parse: Callable[[bytes], T],
        max_body: int = SMALL,
    ) -> T:
        return self.session.ask(self._lease, endpoint, parameters, parse, max_body)
