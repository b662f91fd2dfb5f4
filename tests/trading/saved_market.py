"""Save what an exchange answers about a market that was traded, over plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import takewhile
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from tests.oracles.paper_checker import Candle, Funding, Market, Terms

_MINUTE = 60_000
_PAGE = 1000
_OPENER = build_opener(ProxyHandler({}))


class Asking:
    """Ask one exchange; `prefix` is /api/v3 or /fapi/v1."""

    def __init__(self, base_url: str, prefix: str) -> None:
        self._base = base_url + prefix

    def ask(self, path: str, **query: object) -> Any:
        with _OPENER.open(f"{self._base}/{path}?{urlencode(query)}", timeout=30) as answer:
            return json.load(answer)

    def after(self, time: int) -> int:
        """Wait until the venue's time is after `time`, a moment where it runs fast; return it."""
        while (now := int(self.ask("time")["serverTime"])) <= time:
            pass
        return now

    def pages(self, path: str, time: str, **query: object) -> Iterable[Any]:
        """Yield all rows from startTime on; `time` is where a row keeps its own."""
        start = query.pop("startTime")
        while rows := self.ask(path, startTime=start, limit=_PAGE, **query):
            yield from rows
            if len(rows) < _PAGE:
                return
            start = rows[-1][time] + 1

    def candles(self, path: str, symbol: str, start: int, now: int) -> list[Candle]:
        """Return the minutes that were final at `now`."""
        rows = self.pages(path, 0, symbol=symbol, interval="1m", startTime=start)
        return [Candle.of(row) for row in takewhile(lambda row: row[6] < now, rows)]


def save_market(
    base_url: str, symbols: Iterable[str], start: int, end: int, *, spot: bool = False
) -> Market:
    """Return the minutes of `symbols` from `start` to that of `end`, with their terms."""
    venue = Asking(base_url, "/api/v3" if spot else "/fapi/v1")
    now, chosen = venue.after(end // _MINUTE * _MINUTE + _MINUTE), list(symbols)
    candles = {name: venue.candles("klines", name, start, now) for name in chosen}
    listed = {x["symbol"]: Terms.of(x) for x in venue.ask("exchangeInfo")["symbols"]}
    marks = {} if spot else {name: _marks(venue, name, start, now) for name in chosen}
    fundings = {} if spot else {name: _fundings(venue, name, start) for name in chosen}
    return Market(candles, marks, fundings, {name: listed[name] for name in chosen})


def _marks(venue: Asking, symbol: str, start: int, now: int) -> dict[int, Candle]:
    return {x.open_time: x for x in venue.candles("markPriceKlines", symbol, start, now)}


def _fundings(venue: Asking, symbol: str, start: int) -> list[Funding]:
    records = venue.pages("fundingRate", "fundingTime", symbol=symbol, startTime=start)
    return [Funding.of(each) for each in records]
