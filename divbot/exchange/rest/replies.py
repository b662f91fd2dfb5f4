"""What both markets reply to. Pure: parameters in, a JSON body out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from urllib.parse import quote

from divbot.domain.market import Interval, Market
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.tape import Rows
from divbot.exchange.market.venue import CandleRange
from divbot.exchange.market.view import MarketView
from divbot.exchange.rest import exchange_info, limits, tickers
from divbot.exchange.rest import rejections as reject
from divbot.exchange.rest.json_text import json_bytes
from divbot.exchange.rest.kline_text import KlineText
from divbot.exchange.rest.parameters import CandlesAsked, Parameters
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.trade_lists import aggregate_entry, trade_entry
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
        self, view: MarketView, time: MarketTime, limiter: RateLimiter, publish_lag: int = 0
    ) -> None:
        self._view = view
        self._venue = view.venue
        self._time = time
        self._rate_limits = exchange_info.rate_limits(self.market, limiter)
        self._publish_lag = publish_lag
        self._entry = cache(self._entry_text)
        self._text = KlineText(view)
        self._venue.begin_trades(time.now())

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
            # A recording of seconds is served by futures too, which know none.
            shortest = next(
                each.value
                for each in Interval
                if each.offered_by(self.market) and serves(self._venue.interval, each)
            )
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
        head = exchange_info.header(self.market, now, self._rate_limits)
        entries = [
            self._entry(each, self._venue.listing(each).status(now), permission_sets=not lean)
            for each in chosen
        ]
        return exchange_info.body(parameters.timed(head), entries)

    def _entry_text(self, number: int, status: str, *, permission_sets: bool) -> bytes:
        listing, form = self._venue.listing(number), self._view.format(number)
        if self.market is Market.USDM:
            return json_bytes(exchange_info.futures_entry(listing, form, status))
        return json_bytes(
            exchange_info.spot_entry(listing, form, status, permission_sets=permission_sets)
        )

    def _klines(self, parameters: Parameters) -> bytes:
        symbol, asked = parameters.symbol(), self._asked(parameters)
        return self._klines_of(self._number(symbol, self._time.now()), asked, parameters)

    def _klines_of(self, number: int, asked: CandlesAsked, parameters: Parameters) -> bytes:
        final, live = self._parts(number, asked)
        return self._text.body(final, live, microseconds=parameters.microseconds)

    def _asked(self, parameters: Parameters) -> CandlesAsked:
        asked, shortest = parameters.candles, self._venue.interval
        if not serves(shortest, asked.grid.interval):
            raise reject.INVALID_INTERVAL.of(f" This market is made of {shortest.value} candles.")
        return asked

    def _parts(self, number: int, asked: CandlesAsked) -> tuple[CandleRange, Rows]:
        shown = self._shown(asked.grid, self._time.now())
        return self._venue.parts(
            number, asked.grid, shown, limit=asked.limit, start=asked.start, end=asked.end
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
        form = self._view.format(number)
        return parameters.json([trade_entry(self.market, each, form) for each in chosen])

    def _aggregate_trades(self, parameters: Parameters) -> bytes:
        symbol, limit = parameters.symbol(), parameters.limit(limits.TRADES)
        start, end = parameters.lookup_range()
        from_id = parameters.from_id()
        parameters.expect_only(("symbol", "fromId", "startTime", "endTime", "limit"))
        number = self._traded_number(symbol, self._time.now())
        first, after = self._trade_range(number, start, end, from_id, limit)
        chosen, form = self._venue.trades(number, first, after), self._view.format(number)
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
            ticker(*self._view.day(each, now)) for each in self._chosen(parameters, now, *known)
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
            raise reject.OTHER_STATUS.of(status)
        return matching

    def _traded_number(self, symbol: str, now: int) -> int:
        number = self._number(symbol, now)
        if not self._venue.is_listed(number, now):
            raise reject.NOT_TRADED.of()
        return number

    def _number(self, symbol: str, now: int) -> int:
        number = self._venue.number(symbol, now)
        if number is None:
            raise reject.INVALID_SYMBOL.of()
        return number
