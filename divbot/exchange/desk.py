"""One market's desk: it answers requests. Pure: a path and a query in, an answer out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from urllib.parse import quote
from uuid import uuid4

from divbot.binance.endpoints import LOCAL_EXCHANGE_HEADER, PREFIX, Endpoint, request_weight
from divbot.domain.market import Market
from divbot.exchange import catalogue, tickers
from divbot.exchange import rejections as reject
from divbot.exchange.encoding import Format, klines_json
from divbot.exchange.grid import Grid, serves
from divbot.exchange.market_time import MarketTime
from divbot.exchange.parameters import Parameters
from divbot.exchange.tape import OPEN_TIME
from divbot.exchange.venue import Venue
from divbot.exchange.weights import WeightMeter

CONTENT_TYPE = "application/json;charset=UTF-8"
_SYMBOLS = ("symbol", "symbols", "symbolStatus")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")
_EXCHANGE_INFO = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")

Handler: TypeAlias = Callable[[Parameters], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Desk:
    """Answer the requests of one market."""

    def __init__(
        self, market: Market, venue: Venue, time: MarketTime, weights: WeightMeter
    ) -> None:
        self._market = market
        self._venue = venue
        self._time = time
        self._weights = weights
        self._origin = "recorded" if venue.is_recorded else "synthetic"
        self._format = cache(lambda number: Format.of(market, venue.listing(number)))
        self._entry = cache(self._entry_text)
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
        self._handlers = {
            endpoint.path(market): (endpoint, handler)
            for endpoint, handler in handlers.items()
            if endpoint.offered_by(market)
        }

    @property
    def prefix(self) -> str:
        """Return what all paths of this market begin with."""
        return PREFIX[self._market] + "/"

    def answer(self, path: str, query: str, method: str = "GET") -> Answer:
        """Answer one request; `path` is decoded, `query` is not."""
        endpoint, handler = self._handlers.get(path, (None, None))
        if endpoint is None or handler is None or method != "GET":
            return self._reply(reject.unknown_path(method, path), self._charge(0))
        parameters = Parameters(self._market, query)
        used = self._charge(_weight(self._market, endpoint, parameters))
        try:
            return self._reply(handler(parameters), used)
        except reject.Rejection as rejection:
            return self._reply(rejection, used)

    def warm(self) -> None:
        """Compile and fill what the first requests will need; nothing is charged."""
        now = self._time.now()
        for number in self._venue.listed(now)[:1]:
            symbol = quote(self._venue.listing(number).symbol)
            shortest = self._venue.interval.value
            self._klines(Parameters(self._market, f"symbol={symbol}&interval={shortest}&limit=2"))
            self._klines(Parameters(self._market, f"symbol={symbol}&interval=1d&limit=2"))

    def _charge(self, weight: int) -> int:
        return self._weights.charge(self._market, weight)

    def _reply(self, content: bytes | reject.Rejection, used: int) -> Answer:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "x-mbx-used-weight": str(used),
            "x-mbx-used-weight-1m": str(used),
            LOCAL_EXCHANGE_HEADER: self._origin,
        }
        if self._market is Market.SPOT:
            headers["x-mbx-uuid"] = str(uuid4())
        if isinstance(content, bytes):
            return Answer(200, headers, content)
        error = {"code": content.code, "msg": content.message}
        return Answer(content.status, headers, _json(error))

    def _ping(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return b"{}"

    def _server_time(self, parameters: Parameters) -> bytes:
        parameters.expect_only(())
        return _json({"serverTime": self._time.now()})

    def _exchange_info(self, parameters: Parameters) -> bytes:
        now = self._time.now()
        if self._market is Market.USDM:
            chosen, shown = self._venue.listed(now), False
        else:
            chosen, shown = self._chosen_listings(parameters, now)
        entries = [self._entry(each, permission_sets=shown) for each in chosen]
        return catalogue.body(self._market, now, entries)

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

    def _entry_text(self, number: int, *, permission_sets: bool) -> str:
        listing = self._venue.listing(number)
        return catalogue.entry_text(self._market, listing, permission_sets=permission_sets)

    def _klines(self, parameters: Parameters) -> bytes:
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
        rows = self._venue.klines(number, grid, now, limit=limit, start=start, end=end)
        return klines_json(rows, grid.close_times(rows[:, OPEN_TIME]), self._format(number))

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
        return _json(replies[0] if parameters.sent("symbol") else replies)

    def _chosen(self, parameters: Parameters, now: int) -> list[int] | None:
        """Return the symbols asked for, all when none is named; None for one in another status."""
        symbols = parameters.symbols()
        status = parameters.status() if self._market is Market.SPOT else None
        chosen = (
            self._venue.listed(now)
            if symbols is None
            else [self._number(each, now) for each in symbols]
        )
        if status in (None, "TRADING"):
            return chosen
        return None if parameters.sent("symbol") else []

    def _number(self, symbol: str, now: int) -> int:
        number = self._venue.number(symbol, now)
        if number is None:
            raise reject.invalid_symbol()
        return number


def _weight(market: Market, endpoint: Endpoint, parameters: Parameters) -> int:
    """Return what a request costs; a wrong one costs what one symbol does."""
    try:
        if endpoint is Endpoint.KLINES:
            return request_weight(market, endpoint, limit=parameters.limit())
        symbols = parameters.symbols()
    except reject.Rejection:
        return request_weight(market, endpoint, symbols=1)
    return request_weight(
        market,
        endpoint,
        symbols=None if symbols is None else len(symbols),
        listed=parameters.sent("symbols"),
    )


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
