"""What may be open to trade at each close of the past: a superset, compiled month by month.

Nothing is decided here. What is left out cannot be in the report of that close; what is told may be
in it, or not. Differences in the last digits between a month and a live window are allowed for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.durations import DAY
from divbot.history.columns import CLOSE, HIGH, LOW, Columns
from divbot.history.ranks import RankedMonth
from divbot.history.universe import PastUniverse
from divbot.research.past_signals import FOUND, UNSURE, Found, symbols_of
from divbot.scanner.cycle import ScanRules
from divbot.scanner.evidence.expectations import Expectations
from divbot.scanner.signals.measurement import KINDS
from divbot.scanner.signals.plan import stop_and_target
from divbot.scanner.signals.score import unbounded_parts

_DOUBT = 1e-5
"""Of the way from entry to stop, and of an ATR: how far off another window's plan may be."""
_EXACT = 1e-9
"""Of a price: what sums of floats may be off."""
_ROUNDED = 0.01
"""Of a score: it is rounded to two digits."""
_MOST_DECIMALS = 12
_MONTHS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Candidates:
    """What may be open to trade at some closes, sorted by close; arrays of one length.

    Never less than what the reports say: of the kinds and sides that are asked for, fresh, on the
    list, and surely neither spent nor too young.
    """

    close: Integers
    """The report's `as_of`, ms UTC."""
    symbol: Integers
    """Its place among the scanner's symbols."""
    side: NDArray[np.int8]
    """1 to buy, -1 to sell."""
    confirmed_at: Integers
    stop: Floats
    target: Floats
    """Not rounded: those of the report lie up to a tick farther away, or 1e-5 of the risk off."""
    price: Floats
    """The newest close of the symbol."""
    score: Floats
    """At least that of the report."""

    def __len__(self) -> int:
        return len(self.close)

    def chosen(self, which: Flags | Integers | slice) -> Candidates:
        """Return some of them."""
        return Candidates(*(getattr(self, x.name)[which] for x in fields(self)))

    def between(self, start: int, end: int) -> Candidates:
        """Return those at closes from `start` to before `end`, ms UTC."""
        first, last = np.searchsorted(self.close, [start, end])
        return self.chosen(slice(int(first), int(last)))

    @classmethod
    def joined(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return all of them, in the order of `parts`, of which there is one at least."""
        return cls(*(np.concatenate([getattr(x, f.name) for x in parts]) for f in fields(cls)))


@dataclass(frozen=True, slots=True)
class FreshOnes:
    """What was confirmed, sorted by time: of all kinds, on the list or not; a superset."""

    confirmed_at: Integers
    symbol: Integers
    side: NDArray[np.int8]


class Proposals:
    """Say what may be, month by month; keeps the newest two that were asked for."""

    def __init__(
        self,
        columns: Columns,
        past: PastUniverse,
        ranked: Sequence[RankedMonth],
        signals: Mapping[int, Path],
        rules: ScanRules,
    ) -> None:
        """`ranked` are all months, `signals` the files of those that are asked for, by place."""
        self._columns = columns
        self._past = past
        self._ranked = ranked
        self._signals = signals
        self._rules = rules
        self._expected = Expectations(rules.ranking.trade, rules.rate)
        self._found: dict[int, Found] = {}
        self._candidates: dict[int, Candidates] = {}

    def found(self, first: int, end: int) -> Found:
        """Return what was confirmed from step `first` to before `end`, in the order of time."""
        parts = [np.empty(0, FOUND)]
        for place, month in enumerate(self._columns.months):
            if place in self._signals and month.first < end and month.end > first:
                own = self._month(place)
                start, stop = np.searchsorted(own["confirmed"], [first, end])
                parts.append(own[start:stop])
        return np.concatenate(parts)

    def candidates(self, place: int) -> Candidates:
        """Return what may be open to trade at the closes of a month."""
        if place not in self._candidates:
            _make_room(self._candidates)
            self._candidates[place] = self._of_month(place)
        return self._candidates[place]

    def _month(self, place: int) -> Found:
        if place not in self._found:
            _make_room(self._found)
            found = np.load(self._signals[place])
            found["symbol"] = np.array(symbols_of(self._columns, place), np.int32)[found["symbol"]]
            self._found[place] = found
        return self._found[place]

    def _of_month(self, place: int) -> Candidates:
        month, ranking = self._columns.months[place], self._rules.ranking
        # What is mapped counts as memory.
        self._columns.let_go(month.first - ranking.max_age)
        found = self.found(month.first - ranking.max_age, month.end)
        found = found[self._is_wanted(found)]
        plans = _Plans.of(found, self._rules)
        known = plans.has_risk()
        found, plans = found[known], plans.chosen(known)
        base = self._unbounded(found)
        listed = self._past.listed_in(place)
        magnitudes = np.load(self._ranked[place].magnitudes, mmap_mode="r")
        there = np.load(self._ranked[place].there) > 0
        least = ranking.trade.indicator.minimum_candles
        young = self._past.young_in(place, self._surely_young())
        parts = []
        # At each age those that nothing has touched so far.
        alive = np.arange(len(found))
        path = _Path.begun(found)
        for age in range(ranking.max_age + 1):
            steps = found["confirmed"][alive] + age
            if age:
                path = path.followed(self._columns, found["symbol"][alive], steps)
            open_still = ~plans.chosen(alive).is_spent(path) & (steps < month.end)
            alive, path, steps = alive[open_still], path.chosen(open_still), steps[open_still]
            rows = steps - month.first
            inside = rows >= 0
            inside[inside] = listed[rows[inside], found["symbol"][alive][inside]]
            inside[inside] &= there[rows[inside]]
            inside &= found["candles"][alive] + age >= least
            inside[inside] = ~young[rows[inside], found["symbol"][alive][inside]]
            own = alive[inside]
            if not len(own):
                continue
            now = path.chosen(inside)
            magnitude = magnitudes[rows[inside], found["symbol"][own]].astype(np.float64)
            parts.append(
                Candidates(
                    close=self._columns.closes_of(steps[inside]),
                    symbol=found["symbol"][own].astype(np.int64),
                    side=found["side"][own],
                    confirmed_at=self._columns.closes_of(found["confirmed"][own]),
                    stop=plans.stop[own],
                    target=plans.target[own],
                    price=now.price,
                    score=self._score(
                        {name: values[own] for name, values in base.items()},
                        plans.chosen(own).at_price(now.price),
                        1 - age / (ranking.max_age + 1),
                        magnitude,
                    ),
                )
            )
        if not parts:
            return NONE
        joined = Candidates.joined(parts)
        order = np.lexsort((joined.symbol, joined.close))
        return joined.chosen(order)

    def _surely_young(self) -> int:
        """Return at which age, ms, a window shows in any case that a symbol is too young.

        One that is filled shows no age.
        """
        length = self._columns.interval.milliseconds
        oldest = min((self._rules.limit - 1) * length, int(self._rules.min_age * DAY))
        return max(oldest - length, 0)

    def _is_wanted(self, found: Found) -> Flags:
        wants = self._rules.ranking.wants
        kinds = {number for number, kind in KINDS.items() if wants(kind)}
        sides = {KINDS[number].side.sign for number in kinds}
        sure = np.isin(found["kind"], list(kinds))
        unsure = (found["kind"] == UNSURE) & np.isin(found["side"], list(sides))
        flags: Flags = sure | unsure
        return flags

    def _unbounded(self, found: Found) -> dict[str, Floats]:
        """Return what the parts that no later candle changes are worth, or could be."""
        one = np.ones(len(found))
        return unbounded_parts(
            rsi=found["rsi"],
            distance=found["distance"],
            atr=np.where(found["atr"] > 0, found["atr"], np.inf),
            extreme=found["extreme"],
            line_of_sight=found["clear"],
            trend=found["trend"],
            freshness=one,
            magnitude=one,
            expectancy=one,
        )

    def _score(
        self, base: dict[str, Floats], plans: _AtPrice, freshness: float, magnitude: Floats
    ) -> Floats:
        """Return what the score is at most."""
        with np.errstate(divide="ignore", invalid="ignore"):
            _, expectancy = self._expected.at_most(plans.way, plans.reward, plans.price)
        one = np.ones(len(magnitude))
        later = unbounded_parts(
            rsi=one,
            distance=one,
            atr=one,
            extreme=one,
            line_of_sight=one,
            trend=one,
            freshness=freshness * one,
            magnitude=magnitude,
            expectancy=np.where(np.isfinite(expectancy), expectancy, np.inf),
        )
        parts = {**base, **{x: later[x] for x in ("freshness", "liquidity", "expectancy")}}
        weights = self._rules.ranking.weights
        whole = sum(weights.values())
        # What is no number could be anything.
        earned = {
            x: np.nan_to_num(np.clip(values, 0.0, 1.0), nan=1.0) for x, values in parts.items()
        }
        score: Floats = sum((earned[x] * (weights[x] / whole) for x in earned), 0 * magnitude)
        return 10 * score + _ROUNDED


_NO_TIME, _NO_PRICE = np.empty(0, np.int64), np.empty(0)
NONE = Candidates(
    *(_NO_TIME, _NO_TIME, np.empty(0, np.int8), _NO_TIME),
    *(_NO_PRICE, _NO_PRICE, _NO_PRICE, _NO_PRICE),
)


def _make_room(kept: dict[int, Any]) -> None:
    while len(kept) >= _MONTHS_KEPT:
        del kept[next(iter(kept))]


@dataclass(frozen=True, slots=True)
class _AtPrice:
    """Ways from a price, not too short."""

    way: Floats
    reward: Floats
    price: Floats


@dataclass(frozen=True, slots=True)
class _Plans:
    """Where to get out, and what that is known by."""

    side: Floats
    close: Floats
    atr: Floats
    stop: Floats
    target: Floats
    tick: Floats
    """Not too small."""

    @classmethod
    def of(cls, found: Found, rules: ScanRules) -> _Plans:
        side = found["side"].astype(np.float64)
        pivot, close, atr = found["pivot"], found["close"], found["atr"]
        stop, target = stop_and_target(side, pivot, close, atr, rules.ranking.trade)
        return cls(side, close, atr, stop, target, _largest_tick(pivot, close))

    def chosen(self, which: Flags | Integers) -> _Plans:
        return _Plans(*(getattr(self, x.name)[which] for x in fields(self)))

    @property
    def doubt(self) -> Floats:
        """Return how far off stop and target may be."""
        doubt: Floats = _DOUBT * (np.abs(self.close - self.stop) + self.atr)
        return doubt + _EXACT * self.close

    def has_risk(self) -> Flags:
        """Tell where the price did not surely close beyond the stop before the confirmation."""
        has: Flags = self.side * (self.close - self.stop) > -self.doubt
        return has

    def is_spent(self, path: _Path) -> Flags:
        """Tell where stop or target was surely touched: rounded to a tick, prices of ticks do."""
        buys = self.side > 0
        worst = np.where(buys, path.low - self.stop, self.stop - path.high)
        best = np.where(buys, path.high - self.target, self.target - path.low)
        reward = _DOUBT * np.abs(self.target - self.close)
        spent: Flags = (worst < -self.doubt) | (best > self.doubt + reward)
        return spent

    def at_price(self, price: Floats) -> _AtPrice:
        """Return the ways from there; the one to the stop rather too long."""
        way = np.abs(price - self.stop) + self.tick + self.doubt
        return _AtPrice(way, np.abs(self.target - price), price)


@dataclass(frozen=True, slots=True)
class _Path:
    """Where the price went since the confirming candle, whose close it begins with."""

    price: Floats
    low: Floats
    high: Floats

    @classmethod
    def begun(cls, found: Found) -> _Path:
        return cls(found["close"], found["close"], found["close"])

    def chosen(self, which: Flags) -> _Path:
        return _Path(*(getattr(self, x.name)[which] for x in fields(self)))

    def followed(self, columns: Columns, symbols: Integers, steps: Integers) -> _Path:
        """Return the same after one candle more, where there is one."""
        price, low, high = (columns.at(symbols, x, steps) for x in (CLOSE, LOW, HIGH))
        return _Path(
            np.where(np.isnan(price), self.price, price),
            np.fmin(self.low, low),
            np.fmax(self.high, high),
        )


def _largest_tick(*prices: Floats) -> Floats:
    """Return steps that the prices of each place are multiples of; a tick may be smaller."""
    tick = np.ones(len(prices[0]))
    left = np.ones(len(tick), np.bool_)
    for decimals in range(_MOST_DECIMALS + 1):
        for values in prices:
            units = values[left] * 10.0**decimals
            is_whole = np.rint(units) / 10.0**decimals == values[left]
            tick[np.flatnonzero(left)[~is_whole]] = 10.0 ** -(decimals + 1)
        left &= tick <= 10.0 ** -(decimals + 1)
        if not left.any():
            break
    return tick
