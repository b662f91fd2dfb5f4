"""A synthetic market with an edge: each divergence of its candles is followed by a drift.

It is for proving that whoever looks for an edge finds it. Divergences are found day by day in the
very candles that are served, those of the days before included. From the minute on that the
confirming candle has closed, prices move a little more each minute, until the drift is over; they
never move back, and nothing before that minute is touched. What comes later is other than it would
have been, and so are later divergences.

As with price_paths, all of it is + - * / and comparisons: the same on every machine.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from divbot.arrays import Floats
from divbot.domain.durations import DAY, MINUTE
from divbot.exchange.market.candles import aggregate
from divbot.exchange.market.edge_plan import EdgePlan
from divbot.exchange.market.price_paths import MINUTES
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    VOLUME,
    Rows,
    SymbolListing,
    Tape,
    no_rows,
)
from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import HIDDEN_BULLISH, KIND
from divbot.kernels.indicator import TRADINGVIEW
from divbot.kernels.jit import jit

_MOST = 0.05
"""By how much a price is moved in a minute, as a part of it, by all drifts together."""


@dataclass(frozen=True, slots=True)
class _Drift:
    start: int
    """ms UTC."""
    each: float
    """What it adds to the return of each of its minutes."""


@dataclass(slots=True)
class _Course:
    """What was planted in one symbol so far."""

    first: int
    """The midnight from which on."""
    levels: list[float] = field(default_factory=lambda: [1.0])
    """By day: how many times as high prices are at its midnight as they would have been."""
    drifts: list[_Drift] = field(default_factory=list)
    """In the order of time."""
    before: Rows = field(default_factory=no_rows)
    """The latest candles of the plan's interval, for the next day's divergences."""

    @property
    def end(self) -> int:
        """Return up to when all drifts that begin are known."""
        return self.first + (len(self.levels) - 1) * DAY


class PlantedTape:
    """Give the candles of a synthetic tape, with an edge in those of its first listings."""

    def __init__(self, tape: Tape, plan: EdgePlan, ordinary: int) -> None:
        """`ordinary` is how many listings have it; their last minute of each day trades."""
        self._tape = tape
        self._plan = plan
        self._ordinary = ordinary
        self._lasts = plan.candles * plan.interval.milliseconds
        self._lock = threading.Lock()
        # Guarded by the lock: each symbol's is lived through once, in the order of time.
        self._courses: dict[int, _Course] = {}
        self.listings: Sequence[SymbolListing] = tape.listings
        self.interval = tape.interval
        self.first, self.last, self.is_recorded = tape.first, tape.last, tape.is_recorded

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""
        start = max(start, self.listings[number].listed_at)
        if number >= self._ordinary or end <= self._plan.start or start >= end:
            return self._tape.candles(number, start, end)
        whole = self._tape.candles(number, start // DAY * DAY, end)
        with self._lock:
            course = self._course(number)
            while course.end < end:
                self._live_through(course, number)
        pieces = [_of_day(whole, day) for day in range(start // DAY * DAY, end, DAY)]
        planted = [x if day < course.first else self._planted(course, x, day) for day, x in pieces]
        rows = np.concatenate(planted)
        return rows[np.searchsorted(rows[:, OPEN_TIME], start) :]

    def _course(self, number: int) -> _Course:
        if number not in self._courses:
            first = max(self._plan.start, self.listings[number].listed_at // DAY * DAY)
            self._courses[number] = _Course(first)
        return self._courses[number]

    def _live_through(self, course: _Course, number: int) -> None:
        """Add the drifts that begin on the next day."""
        day = course.end
        drawn = self._tape.candles(number, day, day + DAY)
        seen = day
        while True:
            candles = self._together(self._planted(course, drawn, day), day)
            known = np.concatenate([course.before, candles])
            drift = self._next(known, after=seen)
            if drift is None:
                break
            seen = drift.start
            course.drifts.append(drift)
        course.before = known[-TRADINGVIEW.minimum_candles :]
        moves = self._moves(course, day)
        course.levels.append(plant_day(no_rows(), day, moves, course.levels[-1]))

    def _together(self, rows: Rows, day: int) -> Rows:
        length = self._plan.interval.milliseconds
        return aggregate(rows, np.arange(day, day + DAY, length, dtype=np.int64))

    def _next(self, known: Rows, after: int) -> _Drift | None:
        """Return the drift of the first divergence that is confirmed after a moment."""
        length = self._plan.interval.milliseconds
        high, low, close = (known[:, [x]].astype(np.float64) for x in (HIGH, LOW, CLOSE))
        analysis = analyse(high, low, close)
        events = analysis.after_warm_up()
        confirmed = analysis.confirmed(events)
        later = known[confirmed, OPEN_TIME] + length > after
        if not later.any():
            return None
        row = int(confirmed[later].min())
        kinds = events[later & (confirmed == row), KIND]
        side = int(np.where(kinds <= HIDDEN_BULLISH, 1, -1).sum())
        part = self._plan.drift * float(analysis.atr[row, 0]) / float(close[row, 0])
        return _Drift(int(known[row, OPEN_TIME]) + length, side * part / (self._lasts // MINUTE))

    def _planted(self, course: _Course, rows: Rows, day: int) -> Rows:
        """Return the candles of a day with all that is known of its drifts."""
        moved = rows.copy()
        level = course.levels[(day - course.first) // DAY]
        plant_day(moved, day, self._moves(course, day), level)
        return moved

    def _moves(self, course: _Course, day: int) -> Floats:
        """Return what drifts add to the return of each minute of a day."""
        moves = np.zeros(MINUTES)
        first = bisect_left(course.drifts, day - self._lasts, key=lambda x: x.start)
        for drift in course.drifts[first:]:
            if drift.start >= day + DAY:
                break
            begin = max(drift.start - day, 0) // MINUTE
            moves[begin : max(drift.start + self._lasts - day, 0) // MINUTE] += drift.each
        return np.clip(moves, -_MOST, _MOST)


def _of_day(rows: Rows, day: int) -> tuple[int, Rows]:
    first, end = np.searchsorted(rows[:, OPEN_TIME], [day, day + DAY])
    return day, rows[first:end]


@jit
def plant_day(rows: Rows, day: int, moves: Floats, level: float) -> float:
    """Move the candles of a day, in place, by `moves`, shape (MINUTES,); return the last level.

    `level` is that at its midnight, times which prices are as high. A minute without a trade stays
    where the last trade was.
    """
    traded = level
    place = 0
    for minute in range(MINUTES):
        level *= 1.0 + moves[minute]
        if place >= rows.shape[0] or rows[place, OPEN_TIME] != day + minute * MINUTE:
            continue
        row = rows[place]
        place += 1
        if row[VOLUME] == 0:
            for column in range(OPEN, VOLUME):
                row[column] = _times(row[column], traded)
            continue
        before = row[OPEN] + row[HIGH] + row[LOW] + row[CLOSE]
        row[OPEN] = _times(row[OPEN], traded)
        row[CLOSE] = _times(row[CLOSE], level)
        row[HIGH] = _times(row[HIGH], level if level > traded else traded)
        row[LOW] = _times(row[LOW], level if level < traded else traded)
        ratio = np.float64(row[OPEN] + row[HIGH] + row[LOW] + row[CLOSE]) / np.float64(before)
        row[QUOTE_VOLUME] = np.int64(np.floor(np.float64(row[QUOTE_VOLUME]) * ratio))
        row[TAKER_QUOTE_VOLUME] = np.int64(np.floor(np.float64(row[TAKER_QUOTE_VOLUME]) * ratio))
        traded = level
    return level


@jit
def _times(price: int, level: float) -> int:
    moved = int(np.floor(np.float64(price) * level + 0.5))
    return moved if moved > 1 else 1
