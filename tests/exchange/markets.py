"""Small markets to test with: a tape of given rows, and desks that stand at a given time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.market import Interval, Market
from divbot.exchange.desk import Desk
from divbot.exchange.market.market_time import MarketTime
from divbot.exchange.market.tape import OPEN_TIME, Rows, SymbolListing, Tape
from divbot.exchange.market.venue import Venue
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.rest.limits import ROOT
from divbot.exchange.rest.rate_limiter import RateLimiter
from divbot.exchange.rest.response import Response
from divbot.exchange.server import open_desks

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOON = parse_time("2024-07-30T12:00:20")


class RowsTape:
    """Hold given rows, one array for each symbol."""

    is_recorded = True

    def __init__(self, rows: dict[str, Rows], interval: Interval = Interval.M1) -> None:
        self.interval = interval
        self.first = min(int(each[0, OPEN_TIME]) for each in rows.values())
        self.last = max(int(each[-1, OPEN_TIME]) for each in rows.values())
        self.listings = tuple(
            SymbolListing(symbol, symbol[:-4], "USDT", 2, 1, 3, int(each[0, OPEN_TIME]), 10)
            for symbol, each in rows.items()
        )
        self._rows = list(rows.values())

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the rows with start <= open time < end."""
        times = self._rows[number][:, OPEN_TIME]
        return self._rows[number][(times >= start) & (times < end)]


def random_rows(count: int, *, start: int, step: int = 60_000, seed: int = 0) -> Rows:
    """Return plausible candles `step` ms apart."""
    generator = np.random.default_rng(seed)
    close = 10_000 + generator.integers(-9, 10, count).cumsum()
    opened = np.concatenate([[10_000], close[:-1]])[:count]
    high = np.maximum(opened, close) + generator.integers(0, 9, count)
    low = np.minimum(opened, close) - generator.integers(0, 9, count)
    volume = generator.integers(1, 10**6, count)
    times = start + step * np.arange(count)
    columns = [times, opened, high, low, close, volume, volume * 7, volume // 9 + 1, volume // 2]
    return np.stack([*columns, volume * 3], axis=1).astype(np.int64)


def synthetic_desk(
    market: Market = Market.SPOT,
    *,
    now: int = NOON,
    symbols: int = 3,
    seed: int = 1,
    **others: Any,
) -> Desk:
    """Return the desk of a small synthetic market that stands at `now`."""
    options = ExchangeOptions(
        **{"awkward": False, **others},
        markets=(market,),
        symbols=symbols,
        seed=seed,
        at=now,
        speed=0,
    )
    return open_desks(options, ManualClock(now))[0]


def moving_desk(
    market: Market = Market.SPOT, *, now: int = NOON, symbols: int = 3, **others: Any
) -> tuple[ManualClock, Desk]:
    """Return the desk of a small synthetic market, and the clock that it goes by."""
    clock = ManualClock(now)
    options = ExchangeOptions(
        **{"seed": 1, "speed": 1, **others}, markets=(market,), symbols=symbols, at=now
    )
    return clock, open_desks(options, clock)[0]


def tape_desk(tape: Tape, *, now: int, market: Market = Market.SPOT) -> Desk:
    """Return the desk of a market made of `tape` that stands at `now`."""
    clock = ManualClock(now)
    time = MarketTime(clock, at=now, speed=0, end=now)
    return Desk(market, Venue(tape), time, RateLimiter(clock))


def ask(desk: Desk, endpoint: str, **parameters: object) -> Response:
    """Return the desk's answer."""
    path = f"{desk.prefix}{endpoint}"
    return desk.answer(path, urlencode({name: str(each) for name, each in parameters.items()}))


def get(desk: Desk, endpoint: str, **parameters: object) -> Any:
    """Return what a good answer of the desk holds."""
    response = ask(desk, endpoint, **parameters)
    assert response.status == 200, response.body
    return json.loads(response.body)


def open_times(rows: Sequence[Sequence[Any]]) -> list[int]:
    """Return the open times of kline rows."""
    return [row[0] for row in rows]


def path_of(market: Market, endpoint: str) -> str:
    """Return the path of an endpoint."""
    return f"{ROOT[market]}/{endpoint}"


def due(record: Mapping[str, Any]) -> int:
    """Return when the settlement in a record of fundingRate was due: it is dated a little later."""
    return int(record["fundingTime"]) // 60_000 * 60_000
