"""What one market replies to each endpoint. Pure: parameters in, a JSON body out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from divbot.binance.endpoints import PREFIX, Endpoint, KlinesLimit, request_weight
from divbot.domain.market import Market
from divbot.exchange import catalogue, tickers
from divbot.exchange import rejections as reject
from divbot.exchange.answer import json_bytes
from divbot.exchange.book import DEPTH_LIMIT, depth, futures_depth
from divbot.exchange.encoding import Format, klines_json
from divbot.exchange.funding import funding_info, funding_records, mark_klines
from divbot.exchange.grid import Grid, serves
from divbot.exchange.market_time import MarketTime
from divbot.exchange.parameters import Parameters
from divbot.exchange.tape import OPEN_TIME, Rows
from divbot.exchange.venue import Venue

_SYMBOLS = ("symbol", "symbols", "symbolStatus")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")
_AVERAGE_MINUTES = 5
_AVERAGE_MS = _AVERAGE_MINUTES * 60_000
_FUNDING_LIMIT = KlinesLimit(100, 1000)
_EXCHANGE_INFO = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")

Handler: TypeAlias = Callable[[Parameters], bytes]


@dataclass(frozen=True, slots=True)
class Service:
    """One endpoint: what a request costs, and what is replied; both may raise Rejection."""

    weigh: Callable[[Parameters], int]
    reply: Handler
    funding: int = 0
    """What a request costs of the account that the funding endpoints share."""


class Replies:
    """Reply for one market, as it stands at the time that `time` tells."""

    def __init__(
        self,
        market: Market,
        venue: Venue,
        time: MarketTime,
        weight_limit: int,
        publish_lag: int = 0,
    ) -> None:
        self._market = market
        self._venue = venue
        self._time = time
        self._weight_limit = weight_limit
        self._publish_lag = publish_lag
        self._format = cache(lambda number: Format.of(market, venue.listing(number)))
        self._entry = cache(self._entry_text)

    def services(self) -> dict[str, Service]:
        """Return every endpoint of the market, by its path."""
        handlers: dict[Endpoint, Handler] = {
            Endpoint.PING: self._ping,
            Endpoint.TIME: self._server_time,
            Endpoint.EXCHANGE_INFO: self._exchange_info,
            Endpoint.KLINES: self._klines,
            Endpoint.TICKER_24HR: self._ticker_24hr,
            Endpoint.TICKER_PRICE: self._ticker_price,
            Endpoint.BOOK_TICKER: self._book_ticker,
            Endpoint.PREMIUM_INDEX: self._premium_index,
        }
        usual = {
            endpoint.path(self._market): Service(partial(_weight, self._market, endpoint), handler)
            for endpoint, handler in handlers.items()
            if endpoint.offered_by(self._market)
        }
        return usual | self._further_services(usual)

    def _further_services(self, usual: dict[str, Service]) -> dict[str, Service]:
        """Return what divbot's own client does not ask for, but others do."""
        prefix = PREFIX[self._market]
        levels = DEPTH_LIMIT[self._market]
        book = Service(lambda asked: levels.weight(asked.depth()), self._depth)
        klines = usual[f"{prefix}/klines"]
        if self._market is Market.SPOT:
            return {
                f"{prefix}/depth": book,
                f"{prefix}/avgPrice": Service(lambda _: 2, self._average_price),
                f"{prefix}/uiKlines": klines,
            }
        return {
            f"{prefix}/depth": book,
            f"{prefix}/fundingRate": Service(lambda _: 0, self._funding_rate, funding=1),
            f"{prefix}/fundingInfo": Service(lambda _: 0, self._funding_info, funding=1),
            f"{prefix}/markPriceKlines": Service(klines.weigh, self._mark_klines),
            "/fapi/v2/ticker/price": usual[f"{prefix}/ticker/price"],
        }

    def warm(self) -> None:
        """Compile and fill what the first requests will need."""
        now = self._time.now()
        for number in self._venue.listed(now)[:1]:
            symbol = quote(self._venue.listing(number).symbol)
            shortest = self._venue.interval.value
            self._klines(Parameters(self._market, f"symbol={symbol}&interval={shortest}&limit=2"))
            self._klines(Parameters(self._market, f"symbol={symbol}&interval=1d&limit=2"))

    def _ping(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return b"{}"

    def _server_time(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return parameters.json({"serverTime": self._time.now()})

    def _exchange_info(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        if self._market is Market.USDM:
            chosen, shown = self._venue.known(now), False
        else:
            chosen, shown = self._chosen_listings(parameters, now)
        entries = [
            self._entry(each, self._venue.listing(each).status(now), permission_sets=shown)
            for each in chosen
        ]
        head = catalogue.header(self._market, now, self._weight_limit)
        return catalogue.body(parameters.timed(head), entries)

    def _chosen_listings(self, parameters: Parameters, now: int) -> tuple[list[int], bool]:
        asked = [parameters.sent("symbol", "symbols"), parameters.sent("permissions")]
        if all(asked) or (asked[0] and parameters.sent("symbolStatus")):
            raise reject.bad_combination()
        chosen = self._chosen(parameters, now) or []
        permissions = parameters.names("permissions")
        if permissions is not None and not permissions & set(catalogue.PERMISSIONS):
            chosen = []
        shown = parameters.choice(
            "showPermissionSets",
            ("true", "false"),
            reject.illegal_characters("showPermissionSets", "^(true|false)$"),
        )
        parameters.expect_only(_EXCHANGE_INFO)
        return chosen, shown != "false"

    def _entry_text(self, number: int, status: str, *, permission_sets: bool) -> str:
        listing = self._venue.listing(number)
        return catalogue.entry_text(self._market, listing, status, permission_sets=permission_sets)

    def _klines(self, parameters: Parameters) -> bytes:
        number, rows, close_times = self._candles(parameters)
        if parameters.microseconds:
            rows, close_times = rows.copy(), close_times * 1000 + 999
            rows[:, OPEN_TIME] *= 1000
        return klines_json(rows, close_times, self._format(number))

    def _mark_klines(self, parameters: Parameters) -> bytes:
        number, rows, close_times = self._candles(parameters)
        listing, now = self._venue.listing(number), self._time.now()
        return json_bytes(mark_klines(listing, rows, close_times.tolist(), now))

    def _candles(self, parameters: Parameters) -> tuple[int, Rows, NDArray[np.int64]]:
        """Return the symbol, the candles asked for, and when they close."""
        now = self._time.now()
        symbol, interval = parameters.symbol(), parameters.interval()
        start, end = parameters.time_range()
        limit, shift = parameters.limit(), parameters.time_zone()
        parameters.expect_only(_KLINES)
        if not serves(self._venue.interval, interval):
            shortest = self._venue.interval.value
            raise reject.invalid_interval(f" This market is made of {shortest} candles.")
        number = self._number(symbol, now)
        grid = Grid(interval, shift)
        shown = self._shown(grid, now)
        rows = self._venue.klines(number, grid, shown, limit=limit, start=start, end=end)
        return number, rows, grid.close_times(rows[:, OPEN_TIME])

    def _shown(self, grid: Grid, now: int) -> int:
        """Return how far candles have come: after a boundary they lag behind for a while.

        Until then the last one lacks what was traded within the lag before it closed.
        """
        return now - self._publish_lag if now - grid.open_at(now) < self._publish_lag else now

    def _ticker_24hr(self, parameters: Parameters) -> bytes:
        if self._market is Market.USDM:
            return self._tickers(parameters, tickers.futures_day)
        kind = parameters.choice("type", ("FULL", "MINI"), reject.invalid_value("type"))
        ticker = tickers.mini_day if kind == "MINI" else tickers.full_day
        return self._tickers(parameters, ticker, "type")

    def _ticker_price(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.PRICE[self._market])

    def _book_ticker(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.BOOK[self._market])

    def _premium_index(self, parameters: Parameters) -> bytes:
        return self._tickers(parameters, tickers.premium_index)

    def _depth(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        symbol, levels = parameters.symbol(), parameters.depth()
        parameters.expect_only(("symbol", "limit", "symbolStatus"))
        number = self._traded_number(symbol, now)
        make = depth if self._market is Market.SPOT else futures_depth
        listing, day = self._venue.listing(number), self._venue.day(number, now)
        return json_bytes(make(listing, self._format(number), day, levels))

    def _average_price(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        number = self._traded_number(parameters.symbol(), now)
        parameters.expect_only(_SYMBOLS)
        recent = self._venue.klines(
            number, Grid(self._venue.interval), now, limit=_AVERAGE_MINUTES, start=now - _AVERAGE_MS
        )
        form, last = self._format(number), self._venue.last_price(number, now)
        return parameters.json(tickers.average_price(form, recent, last, now))

    def _funding_rate(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        symbols = parameters.symbols()
        start, end = parameters.time_range()
        limit = parameters.limit(_FUNDING_LIMIT)
        numbers = (
            self._venue.listed(now)
            if symbols is None
            else [self._number(symbol, now) for symbol in symbols]
        )
        return json_bytes(
            funding_records(self._venue, numbers, now, start=start, end=end, limit=limit)
        )

    def _funding_info(self, _: Parameters) -> bytes:
        known = self._venue.listed(self._time.now())
        return json_bytes(funding_info(map(self._venue.listing, known)))

    def _tickers(self, parameters: Parameters, ticker: tickers.TickerOf, *known: str) -> bytes:
        """Answer with one object when one `symbol` is asked for, else with a list."""
        now = self._time.now()
        chosen = self._chosen(parameters, now)
        parameters.expect_only((*_SYMBOLS, *known))
        if chosen is None:
            raise reject.other_status(parameters.status() or "")
        replies = [
            ticker(self._venue.listing(each), self._format(each), self._venue.day(each, now))
            for each in chosen
        ]
        return parameters.json(replies[0] if parameters.sent("symbol") else replies)

    def _chosen(self, parameters: Parameters, now: int) -> list[int] | None:
        """Return the symbols asked for, all when none is named; None for one in another status."""
        symbols = parameters.symbols()
        status = parameters.status() if self._market is Market.SPOT else None
        chosen = (
            self._venue.listed(now)
            if symbols is None
            else [self._traded_number(each, now) for each in symbols]
        )
        if status is None:
            return chosen
        matching = [each for each in chosen if self._venue.listing(each).status(now) == status]
        return None if parameters.sent("symbol") and not matching else matching

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


def _weight(market: Market, endpoint: Endpoint, parameters: Parameters) -> int:
    if endpoint is Endpoint.KLINES:
        return request_weight(market, endpoint, limit=parameters.limit())
    symbols = parameters.symbols()
    return request_weight(
        market,
        endpoint,
        symbols=None if symbols is None else len(symbols),
        listed=parameters.sent("symbols"),
    )
