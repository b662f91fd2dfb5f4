"""The numbers of trades: which trade is which, for any symbol and time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.exchange.market.pages import Pages
from divbot.exchange.market.tape import OPEN_TIME, TRADES, Rows
from divbot.exchange.market.trades import PublicTrade, trades_of
from divbot.recordings.grid import Grid

_FIRST = 20_000_000_000  # more than all trades of all years before


class TradeNumbers:
    """Number the trades of each symbol, one by one, backward and forward from some midnight.

    Nobody has counted the trades of all the years: numbers begin anywhere, but they are the same
    for exchanges that were started on the same day.
    """

    def __init__(self, pages: Pages, base: Grid) -> None:
        self._pages = pages
        self._base = base
        self._length = base.interval.milliseconds
        self._midnight = 0
        self._firsts: dict[int, dict[int, int]] = {}
        """By symbol and day, without a hole between it and the midnight: the first number."""

    def begin(self, time: int) -> None:
        """Count from the midnight before `time`."""
        self._midnight = _day(time)
        self._firsts.clear()

    def at(self, number: int, time: int) -> int:
        """Return the number of the first trade at `time` (ms UTC) or later."""
        rows = self._rows(number, _day(time))
        opens = rows[:, OPEN_TIME]
        past = int(np.searchsorted(opens, time - self._length, side="right"))
        count = int(rows[:past, TRADES].sum())
        if past < len(rows) and opens[past] < time:
            count += int(rows[past, TRADES]) * (time - int(opens[past])) // self._length
        return self._first_of(number, _day(time)) + count

    def between(self, number: int, first: int, end: int, listed_at: int) -> Iterator[PublicTrade]:
        """Yield the trades numbered from `first` to before `end`.

        `first` may be any number, `end` not more than there are.
        """
        # A number that is not there yet would be looked for in all days to come.
        if first >= end:
            return
        day = self._day_of(number, first, _day(listed_at))
        while first < end:
            rows = self._rows(number, day)
            ends = self._first_of(number, day) + np.cumsum(rows[:, TRADES])
            here, there = np.searchsorted(ends, [first, end - 1], side="right")
            for row, after in zip(rows[here : there + 1], ends[here : there + 1], strict=True):
                yield from self._of_candle(row, int(after), first, end)
            day += DAY
            first = max(first, self._first_of(number, day))

    def _of_candle(self, row: Integers, after: int, first: int, end: int) -> Iterator[PublicTrade]:
        """Yield those of a candle's trades, the last of which is before `after`."""
        before = after - int(row[TRADES])
        places = range(max(first, before) - before, min(end, after) - before)
        return trades_of(row, self._length, before, places)

    def _day_of(self, number: int, trade: int, earliest: int) -> int:
        day = self._midnight
        while self._first_of(number, day) > trade and day > earliest:
            day -= DAY
        while self._first_of(number, day + DAY) <= trade:
            day += DAY
        return day

    def _first_of(self, number: int, day: int) -> int:
        firsts = self._firsts.setdefault(number, {self._midnight: _FIRST})
        known = day
        while known not in firsts:
            known += DAY if known < self._midnight else -DAY
        while known < day:
            firsts[known + DAY] = firsts[known] + self._total(number, known)
            known += DAY
        while known > day:
            known -= DAY
            firsts[known] = firsts[known + DAY] - self._total(number, known)
        return firsts[day]

    def _total(self, number: int, day: int) -> int:
        return int(self._rows(number, day)[:, TRADES].sum())

    def _rows(self, number: int, day: int) -> Rows:
        return self._pages.rows(number, self._base, day, day + DAY)


def _day(time: int) -> int:
    return time - time % DAY
