"""A venue made of arrays, for scans without a network; can be sent to worker processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from divbot.candle_arrays import Candles
from divbot.domain.errors import (
    BadAnswer,
    DivbotError,
    RequestRejected,
    UnknownSymbol,
    VenueUnreachable,
)
from divbot.domain.market import DroppedRow, Instrument, Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.domain.universe import Listed, Universe
from divbot.scanner.cycle import ScanRules
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.signals.plan import PlanRules
from divbot.scanner.signals.ranking import RankingRules
from divbot.scanner.signals.score import DEFAULT_WEIGHTS
from tests.kernels.blocks import walk

START = 1_722_000_000_000
STEP = Interval.M5.milliseconds


def listed(symbol: str, tick_size: Decimal | None = Decimal("0.00001"), **changes: Any) -> Listed:
    instrument = Instrument(symbol, symbol, "", "TRADING", tick_size)
    return replace(Listed(symbol, instrument, Decimal(1000), None), **changes)


def candles_of(seed: int, bars: int, *, end: int = 0, missing: Sequence[int] = ()) -> Candles:
    """Return a random walk whose newest candle lies `end` steps before the market's newest."""
    high, low, close = (column[:, 0] for column in walk(seed, bars, 1, ticks=100_000))
    steps = np.arange(1000 - bars - end, 1000 - end)
    kept = np.ones(bars, np.bool_)
    kept[list(missing)] = False
    opened = np.clip(np.concatenate([close[:1], close[:-1]]), low, high)
    columns = START + STEP * steps, opened, high, low, close, 10.0 + steps % 7
    return Candles(*(column[kept] for column in columns))


@dataclass(frozen=True)
class FakeSource:
    """Serve `bars` candles of each symbol; some symbols bring trouble by what they are called."""

    symbols: tuple[str, ...]
    bars: int = 400
    market: Market = Market.SPOT
    special: dict[str, Candles] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    problem: str = ""
    unknown: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    dropped: tuple[DroppedRow, ...] = ()
    unlisted: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    spent: Iterator[int] = field(default_factory=partial(count, 5))

    def open(self, connections: int) -> FakeMarketData:
        return FakeMarketData(self)

    def open_listing(self) -> FakeMarketData:
        return FakeMarketData(self)

    def open_lease(self, symbols: int, limit: int) -> int:
        return 0

    def close_lease(self, lease: int) -> None:
        pass

    def grant_weight(self) -> str:
        return ""

    def weight_spent(self) -> int:
        """Return 7 more than the last time, as if each scan cost that."""
        return 7 * next(self.spent)


class FakeMarketData:
    venue = "fake venue"
    simulated = True

    def __init__(self, source: FakeSource) -> None:
        self._source = source
        self.is_closed = False

    def universe(self, held: Collection[str] = ()) -> Universe:
        source = self._source
        wanted = source.wanted | set(held)
        symbols = [*source.symbols, *sorted(set(held) - set(source.symbols))]
        found = [
            listed(symbol, is_wanted=symbol in wanted, is_only_held=symbol not in source.symbols)
            for symbol in symbols
        ]
        return Universe(
            0,
            tuple(replace(x, instrument=None) if x.symbol in source.unlisted else x for x in found),
            problem=source.problem,
            unknown=source.unknown,
            notices=source.notices,
            dropped=source.dropped,
            gone=source.gone,
        )

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        if symbol.startswith("KILLER"):
            os.kill(os.getpid(), signal.SIGKILL)
        if symbol.startswith("HANGER"):
            threading.Event().wait(60)
        if symbol.startswith("RAISER"):
            raise ZeroDivisionError("a bug of ours")
        if symbol.startswith("DELISTED"):
            raise UnknownSymbol(f"{symbol}: gone")
        if symbol.startswith("OFFLINE"):
            raise VenueUnreachable("no route")
        if symbol.startswith("REJECTED"):
            raise RequestRejected(f"{symbol}: rejected", code=-1100)
        if symbol.startswith("STORM"):
            self._source.asked.append(symbol)
            raise BadAnswer("in trouble")
        if symbol in self._source.special:
            return self._source.special[symbol]
        return candles_of(sum(symbol.encode()), self._source.bars)

    def on_lease(self, lease: int) -> FakeMarketData:
        return self

    def close(self) -> None:
        self.is_closed = True


TRADE = PlanRules(stop_atr=0.5, reward_risk=2.0, fee=0.0005, slippage=0.0002, horizon=100)
RANKING = RankingRules(
    kinds=frozenset(Kind),
    sides=frozenset(Side),
    max_age=5,
    trade=TRADE,
    weights=DEFAULT_WEIGHTS,
)
RATE = BaseRate(Market.USDM, Interval.M5, "years", 5000, 50, 1.02, 0.02, 0.03, 0.03)
RULES = ScanRules(
    interval=Interval.M5, limit=1000, min_age=0.0, best=20, ranking=RANKING, rate=RATE
)


def rules(**changes: object) -> ScanRules:
    ranking = {name: changes.pop(name) for name in list(changes) if hasattr(RANKING, name)}
    return replace(RULES, ranking=replace(RANKING, **ranking), **changes)  # type: ignore[arg-type]


def names(count: int) -> tuple[str, ...]:
    return tuple(f"S{number:03}USDT" for number in range(count))


def error_named(error: object) -> str:
    return type(error).__name__ if isinstance(error, DivbotError) else "result"
