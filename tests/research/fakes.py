"""Markets of the past made of arrays, and reports of it that a test writes down."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.domain.durations import MINUTE
from divbot.domain.events import Event, SessionBegan, Started
from divbot.domain.market import Instrument, Interval
from divbot.domain.signals import Divergence, Kind, Opportunity, Side
from divbot.research.backtest import PastTrader, Period, every_look, run
from divbot.research.venue import PastTrading, Spreads, StandsIn
from divbot.scanner.signals.ranking import in_order
from divbot.trading.engine.engine import TradingRules
from divbot.trading.journal.journal import Journal, read
from tests.trading import fakes

START = 1_722_297_600_000  # 2024-07-30 00:00 UTC
Floats = NDArray[np.float64]


class Bars(NamedTuple):
    """Candles of one symbol."""

    open_time: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def between(self, start: int, end: int) -> Bars:
        first, last = np.searchsorted(self.open_time, [start, end])
        return Bars(*(x[first:last] for x in self))

    def only(self, chosen: NDArray[np.bool_]) -> Bars:
        return Bars(*(x[chosen] for x in self))


NONE = Bars(np.empty(0, np.int64), *(np.empty(0) for _ in range(4)))


class Paid(NamedTuple):
    settled_at: NDArray[np.int64]
    rate: Floats
    mark_price: Floats


NOTHING_PAID = Paid(np.empty(0, np.int64), np.empty(0), np.empty(0))


@dataclass
class PricesOfArrays:
    """Prices that a test holds in its hands."""

    last: dict[str, Bars]
    mark: dict[str, Bars] = field(default_factory=dict)
    paid: dict[str, Paid] = field(default_factory=dict)

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Bars:
        return self.last[symbol].between(start, end)

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Bars:
        return self.mark.get(symbol, NONE).between(start, end)

    def funding(self, symbol: str, start: int, end: int) -> Paid:
        return self.paid.get(symbol, NOTHING_PAID)

    def longer(self, interval: Interval) -> PricesOfArrays:
        """Return the same in longer candles."""
        return PricesOfArrays(
            {symbol: joined(bars, interval) for symbol, bars in self.last.items()},
            {symbol: joined(bars, interval) for symbol, bars in self.mark.items()},
            self.paid,
        )

    def until(self, end: int) -> PricesOfArrays:
        """Return the same, cut off at `end`."""
        return PricesOfArrays(
            {symbol: bars.between(0, end) for symbol, bars in self.last.items()},
            {symbol: bars.between(0, end) for symbol, bars in self.mark.items()},
            {s: Paid(*(x[p.settled_at < end] for x in p)) for s, p in self.paid.items()},
        )


def joined(bars: Bars, interval: Interval) -> Bars:
    """Return longer candles made of short ones."""
    opened = bars.open_time // interval.milliseconds * interval.milliseconds
    times, first = np.unique(opened, return_index=True)
    last = np.append(first[1:], len(opened)) - 1
    return Bars(
        times,
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
    )


def with_stand_ins(bars: Bars, interval: Interval, opens: set[int]) -> Bars:
    """Return minutes that longer candles, which open then, stand in for: see history.detail."""
    longer, length = joined(bars, interval), interval.milliseconds
    rows = np.flatnonzero(np.isin(longer.open_time, list(opens)))
    count = length // MINUTE
    times = np.repeat(longer.open_time[rows], count) + MINUTE * np.tile(np.arange(count), len(rows))
    flat = [np.repeat(longer.open[rows], count) for _ in range(4)]
    for column, values in zip(flat[1:], longer[2:], strict=True):
        column[count - 1 :: count] = values[rows]
    kept = bars.only(~np.isin(bars.open_time // length * length, list(opens)))
    order = np.argsort(all_times := np.append(kept.open_time, times))
    columns = [np.append(x, y)[order] for x, y in zip(kept[1:], flat, strict=True)]
    return Bars(all_times[order], *columns)


def walk(
    seed: int, minutes: int, *, step: float = 0.002, price: float = 100.0, start: int = START
) -> Bars:
    """Return a random walk of so many minutes, in ticks of 0.01."""
    random = np.random.default_rng(seed)
    path = np.maximum(
        np.round(price * np.exp(np.cumsum(step * random.standard_normal(4 * minutes + 1))), 2), 0.05
    )
    rows = np.lib.stride_tricks.sliding_window_view(path, 5)[::4]
    return Bars(
        start + MINUTE * np.arange(minutes, dtype=np.int64),
        rows[:, 0].copy(),
        rows.max(axis=1),
        rows.min(axis=1),
        rows[:, 4].copy(),
    )


def signal_at(
    bars: Bars,
    minute: int,
    symbol: str = "AAAUSDT",
    side: Side = Side.BUY,
    *,
    way: float = 0.01,
    ratio: float = 2.0,
    score: float = 7.5,
    interval: Interval = Interval.M5,
) -> Opportunity:
    """Return a signal confirmed when `minute` of `bars` opens; its stop is a part `way` away."""
    price = float(bars.close[np.searchsorted(bars.open_time, START + minute * MINUTE) - 1])
    sign = 1 if side is Side.BUY else -1
    confirmed_at = START + minute * MINUTE
    kind = Kind.HIDDEN_BULLISH if side is Side.BUY else Kind.HIDDEN_BEARISH
    return fakes.opportunity(
        symbol,
        side,
        divergence=Divergence(symbol, kind, 1, 2, confirmed_at - interval.milliseconds),
        confirmed_at=confirmed_at,
        score=score,
        price=fakes.d(price),
        stop=fakes.d(round(price * (1 - sign * way), 2)),
        target=fakes.d(round(price * (1 + sign * ratio * way), 2)),
        instrument=replace(fakes.INSTRUMENT, symbol=symbol, tick_size=fakes.d(0.01)),
    )


SIGNS = {Side.BUY: 1, Side.SELL: -1}


class Glance(NamedTuple):
    as_of: int
    interval: Interval
    open_to_trade: tuple[Opportunity, ...]
    fresh: tuple[Divergence, ...]
    held: Mapping[str, Instrument | None]


class Candidates(NamedTuple):
    close: NDArray[np.int64]
    symbol: NDArray[np.int64]
    side: NDArray[np.int8]
    confirmed_at: NDArray[np.int64]
    score: Floats

    def chosen(self, which: NDArray[np.bool_]) -> Candidates:
        return Candidates(*(x[which] for x in self))


class FreshOnes(NamedTuple):
    confirmed_at: NDArray[np.int64]
    symbol: NDArray[np.int32]
    side: NDArray[np.int8]


@dataclass
class WrittenReports:
    """Reports that bring the same opportunities until they are too old."""

    symbols: tuple[str, ...]
    given: Sequence[Opportunity]
    interval: Interval = Interval.M5
    max_age: int = 5
    doubt: float = 0.0
    """How much higher a score may be beforehand; a third each by that, half of it, or nothing."""

    @property
    def closes(self) -> NDArray[np.int64]:
        return START + self.interval.milliseconds * np.arange(3000)

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        fresh = in_order(x for x in self.given if self._is_fresh(x, close))
        return Glance(
            close,
            self.interval,
            tuple(x for x in fresh if among is None or x.divergence.symbol in among),
            tuple(x.divergence for x in fresh if among is None or x.divergence.symbol in held),
            {symbol: replace(fakes.INSTRUMENT, symbol=symbol) for symbol in held},
        )

    def is_listed(self, close: int) -> NDArray[np.bool_]:
        return np.ones(len(self.symbols), bool)

    def _is_fresh(self, found: Opportunity, close: int) -> bool:
        age = (close - found.confirmed_at) // self.interval.milliseconds
        return found.confirmed_at <= close and age <= self.max_age

    def candidates(self, start: int, end: int) -> Candidates:
        length = self.interval.milliseconds
        found = sorted(
            (close, place, x.side.sign, x.confirmed_at, x.score + self.doubt * (place % 3) / 2)
            for x in self.given
            for place in [self.symbols.index(x.divergence.symbol)]
            for close in range(x.confirmed_at, x.confirmed_at + (self.max_age + 1) * length, length)
            if start <= close < end
        )
        columns = list(zip(*found, strict=True)) or [()] * 5
        types = (np.int64, np.int64, np.int8, np.int64, np.float64)
        return Candidates(*(np.array(x, t) for x, t in zip(columns, types, strict=True)))

    def fresh(self, start: int, end: int) -> FreshOnes:
        found = sorted(
            (
                x.confirmed_at,
                self.symbols.index(x.divergence.symbol),
                1 if x.side is Side.BUY else -1,
            )
            for x in self.given
            if start <= x.confirmed_at < end
        )
        columns = list(zip(*found, strict=True)) or [(), (), ()]
        types = (np.int64, np.int32, np.int8)
        return FreshOnes(*(np.array(x, t) for x, t in zip(columns, types, strict=True)))


RULES = replace(
    fakes.RULES,
    costs=fakes.COSTS,
    entries=replace(fakes.ENTRIES, min_score=0.0, cooldown=20 * MINUTE),
    exits=replace(fakes.EXITS, max_holding=3 * 60 * MINUTE),
    mark_every=30 * MINUTE,
)


@dataclass(repr=False)
class Backtest:
    """All that a run of the past needs, and what it came to."""

    prices: PricesOfArrays
    reports: Any
    rules: TradingRules = RULES
    minutes: int = 600
    balance: Decimal = Decimal(10_000)
    check_interval: int = MINUTE
    detail: Interval = Interval.M1
    spread: Decimal = Decimal("0.0004")
    quoting: Any = None
    venue_type: type[PastTrading] = PastTrading
    stands_in: StandsIn = lambda *_: None

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if k not in ("prices", "reports")}
        return f"Backtest({shown})"

    def run(self, path: Path, choose: Any = every_look, *, start: int = START) -> list[Event]:
        """Write the journal at `path`; return its events."""
        end = start + self.minutes * MINUTE
        quoting = self.quoting or Spreads(self.spread)
        venue = self.venue_type(
            self.prices, self.reports.symbols, self.detail, quoting, self.stands_in
        )
        rules = self.rules
        started = Started(
            start,
            "history",
            rules.market,
            rules.interval,
            False,
            self.balance,
            "0",
            "history",
            0,
        )
        self.looks = 0

        def count(_: int) -> None:
            self.looks += 1

        with Journal.create(path, started) as journal, journal.together():
            journal.write(SessionBegan(start, 1, {}, {}))
            trader = PastTrader(
                venue,
                self.reports,
                journal,
                rules,
                self.check_interval,
                Period(start, end),
                tell=lambda *_, **__: None,
                on_event=lambda *_: None,
            )
            run(trader, choose(trader), count)
        return list(read(path).events)
