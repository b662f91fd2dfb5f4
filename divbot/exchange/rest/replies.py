"""What both markets reply to. Pure: parameters in, a JSON body out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Market
from divbot.exchange.market.encoding import NumberFormat
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.tape import OPEN_TIME, Rows
from divbot.exchange.market.trades import aggregate_entry, trade_entry
from divbot.exchange.market.venue import CandleRange, Venue
from divbot.exchange.rest import exchange_info, limits, tickers
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.kline_text import KlineText
from divbot.exchange.rest.parameters import Parameters
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.weights import COUNTED, WEIGHTS, Weigh
from divbot.recordings.grid import Grid, serves

SYMBOLS = ("symbol", "symbols", "symbolStatus")

Handler: TypeAlias = Callable[[Parameters], bytes]


@dataclass(frozen=True, slots=True)
class Service:
    """One endpoint: what a request costs, and what is replied; both may raise Rejection."""

    weigh: Weigh
    reply: Handler
    funding: int
    """What a request costs of the account that the funding endpoints share."""


class Replies(ABC):
    """Reply for one market, as it stands at the time that `time` tells."""

    market: Market
    trades_kept: int
    """For so many ms trades can be looked up: nobody counts further back for one request."""

    def __init__(
        self, venue: Venue, time: MarketTime, limiter: RateLimiter, publish_lag: int = 0
    ) -> None:
        self._venue = venue
        self._time = time
        self._rate_limits = exchange_info.rate_limits(self.market, limiter)
        self._publish_lag = publish_lag
        self._format = cache(lambda number: NumberFormat.of(self.market, venue.listing(number)))
        self._entry = cache(self._entry_text)
        self._text = KlineText(venue, self._format)
        venue.begin_trades(time.now())

    def services(self) -> dict[str, Service]:
        """Return every endpoint of the market, by its path."""
        return {
            f"{limits.ROOT[self.market]}/{name}": Service(
                WEIGHTS[self.market][name], handler, int(name in COUNTED)
            )
            for name, handler in self._handlers().items()
        }

    def _handlers(self) -> dict[str, Handler]:
        """Return what answers at each last part of a path; a market adds its own."""
        return {
            "ping": self._ping,
            "time": self._server_time,
            "exchangeInfo": self._exchange_info,
            "klines": self._klines,
            "ticker/24hr": self._ticker_24hr,
            "ticker/price": self._ticker_price,
            "ticker/bookTicker": self._book_ticker,
            "depth": self._depth,
            "trades": self._recent_trades,
            "aggTrades": self._aggregate_trades,
        }

    @abstractmethod
    def _exchange_info(self, parameters: Parameters) -> bytes: ...

    @abstractmethod
    def _ticker_24hr(self, parameters: Parameters) -> bytes: ...

    @abstractmethod
    def _depth(self, parameters: Parameters) -> bytes: ...

    def warm(self) -> None:
        """Compile and fill what the first requests will need."""
        now = self._time.now()
        for number in self._venue.listed(now)[:1]:
            symbol = quote(self._venue.listing(number).symbol)
            shortest = self._venue.interval.value
            self._klines(Parameters(self.market, f"symbol={symbol}&interval={shortest}&limit=2"))
            self._klines(Parameters(self.market, f"symbol={symbol}&interval=1d&limit=2"))

    def _ping(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return b"{}"

    def _server_time(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return parameters.json({"serverTime": self._time.now()})

    def _listing_body(self, parameters: Parameters, chosen: list[int], *, lean: bool) -> bytes:
        now = self._time.now()
        entries = [
            self._entry(each, self._venue.listing(each).status(now), permission_sets=not lean)
            for each in chosen
        ]
        head = exchange_info.header(self.market, now, self._rate_limits)
        return exchange_info.body(parameters.timed(head), entries)

    def _entry_text(self, number: int, status: str, *, permission_sets: bool) -> str:
        listing = self._venue.listing(number)
        return exchange_info.entry_text(
            self.market, listing, status, permission_sets=permission_sets
        )

    def _klines(self, parameters: Parameters) -> bytes:
        symbol = parameters.symbol()
        return self._klines_of(parameters, lambda: self._number(symbol, self._time.now()))

    def _klines_of(self, parameters: Parameters, find: Callable[[], int]) -> bytes:
        past, live = self._parts(parameters, find)
        return self._text.body(past, live, microseconds=parameters.microseconds)

    def _candles(
        self, parameters: Parameters, find: Callable[[], int]
    ) -> tuple[int, Rows, NDArray[np.int64]]:
        """Return the symbol that `find` finds, its candles asked for, and when they close."""
        past, live = self._parts(parameters, find)
        rows = self._venue.joined(past, live)
        return past.number, rows, past.grid.close_times(rows[:, OPEN_TIME])

    def _parts(self, parameters: Parameters, find: Callable[[], int]) -> tuple[CandleRange, Rows]:
        now = self._time.now()
        asked = parameters.candles
        if not serves(self._venue.interval, asked.grid.interval):
            shortest = self._venue.interval.value
            raise reject.invalid_interval(f" This market is made of {shortest} candles.")
        shown = self._shown(asked.grid, now)
        return self._venue.parts(
            find(), asked.grid, shown, limit=asked.limit, start=asked.start, end=asked.end
        )

    def _shown(self, grid: Grid, now: int) -> int:
        """Return how far candles have come: after a boundary they lag behind for a while.

        Until then the last one lacks what was traded within the lag before it closed.
        """
        lag = self._publish_lag
        return now - lag if lag and now - grid.open_at(now) < lag else now

    def _ticker_price(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.PRICE[self.market])

    def _book_ticker(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.BOOK[self.market])

    def _recent_trades(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        symbol, limit = parameters.symbol(), parameters.limit(limits.TRADES)
        parameters.expect_only(("symbol", "limit"))
        number = self._traded_number(symbol, now)
        end = self._venue.trade_number(number, now, now)
        chosen = self._venue.trades(number, end - limit, end)
        form = self._format(number)
        return parameters.json([trade_entry(self.market, each, form) for each in chosen])

    def _aggregate_trades(self, parameters: Parameters) -> bytes:
        symbol, limit = parameters.symbol(), parameters.limit(limits.TRADES)
        start, end = parameters.lookup_range()
        from_id = parameters.from_id()
        parameters.expect_only(("symbol", "fromId", "startTime", "endTime", "limit"))
        number = self._traded_number(symbol, self._time.now())
        first, after = self._trade_range(number, start, end, from_id, limit)
        chosen, form = self._venue.trades(number, first, after), self._format(number)
        return parameters.json([aggregate_entry(self.market, each, form) for each in chosen])

    def _trade_range(
        self, number: int, start: int | None, end: int | None, from_id: int | None, limit: int
    ) -> tuple[int, int]:
        """Return the first of the trades asked for, and the one after their last."""
        now = self._time.now()
        kept = now - self.trades_kept
        oldest = self._venue.trade_number(number, kept, now)
        until = now if end is None else max(end + 1, kept)
        after = self._venue.trade_number(number, until, now)
        if from_id is not None:
            first = from_id
        elif start is not None:
            first = self._venue.trade_number(number, max(start, kept), now)
        else:
            first = after - limit
        first = max(first, oldest)
        return first, min(after, first + limit)

    def _tickers(self, parameters: Parameters, ticker: tickers.TickerOf, *known: str) -> bytes:
        """Answer with one object when one `symbol` is asked for, else with a list."""
        now = self._time.now()
        replies = [
            ticker(self._venue.listing(each), self._format(each), self._venue.day(each, now))
            for each in self._chosen(parameters, now, *known)
        ]
        return parameters.json(replies[0] if parameters.sent("symbol") else replies)

    def _chosen(self, parameters: Parameters, now: int, *known: str) -> list[int]:
        """Return the symbols asked for, all when none is named; `known` besides may be sent."""
        symbols = parameters.symbols()
        status = parameters.status()
        parameters.expect_only((*SYMBOLS, *known))
        chosen = (
            self._venue.listed(now)
            if symbols is None
            else [self._traded_number(each, now) for each in symbols]
        )
        if status is None:
            return chosen
        matching = [each for each in chosen if self._venue.listing(each).status(now) == status]
        if parameters.sent("symbol") and not matching:
            raise reject.other_status(status)
        return matching

    def _traded_number(self, symbol: str, now: int) -> int:
        number = self._number(symbol, now)
        if not self._venue.is_listed(number, now):
            raise reject.not_traded()
        return number

    def _number(self, symbol: str, now: int) -> int:
        number = self._venue.number(symbol, now)
        if number is None:
            raise reject.invalid_symbol()
        return number
