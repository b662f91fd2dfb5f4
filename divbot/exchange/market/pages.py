"""Final candles of every interval, kept in pages: a bounded memory of what was put together.

A page is a stretch of whole candles of one symbol and interval (a day of them, where they are
shorter than a day). Pages know nothing of the time it is: they may hold what is still to come.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.exchange.bounded_cache import BoundedCache
from divbot.exchange.market.candles import aggregate
from divbot.exchange.market.tape import OPEN_TIME, Rows, Tape, no_rows
from divbot.recordings.grid import Grid

_MOST_BYTES = 128_000_000
_PAGE_OVERHEAD = 500


class Pages:
    """Give candles of any interval that the tape's own can be put together to."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._base = Grid(tape.interval)
        self._kept: BoundedCache[tuple[int, Grid, int], Rows] = BoundedCache(_MOST_BYTES)

    def rows(self, number: int, grid: Grid, start: int, end: int) -> Rows:
        """Return all candles of listing `number` with start <= open time < end."""
        return _join(list(self.forward(number, grid, start, end)))

    def forward(self, number: int, grid: Grid, start: int, end: int) -> Iterator[Rows]:
        """Yield the candles with start <= open time < end in pieces, the oldest first."""
        while start < end:
            first, last = grid.page_at(start)
            yield _cut(self._page(number, grid, first, last), start, end)
            start = last

    def backward(self, number: int, grid: Grid, start: int, end: int) -> Iterator[Rows]:
        """Yield the candles with start <= open time < end in pieces, the newest first."""
        while start < end:
            first, last = grid.page_at(end - 1)
            yield _cut(self._page(number, grid, first, last), start, end)
            end = first

    def _page(self, number: int, grid: Grid, start: int, end: int) -> Rows:
        key = (number, grid, start)
        page = self._kept.get(key)
        if page is None:
            page = self._build(number, grid, start, end)
            self._kept.keep(key, page, page.nbytes + _PAGE_OVERHEAD)
        return page

    def _build(self, number: int, grid: Grid, start: int, end: int) -> Rows:
        if grid.interval is self._tape.interval:
            return self._tape.candles(number, start, end)
        opens = grid.opens(start, end)
        if grid.interval.milliseconds > DAY:
            days = Grid(Interval.D1, grid.shift)
            return aggregate(self.rows(number, days, start, end), opens)
        # One day at a time: a page of days is long, and the tape's candles are many.
        return _join(
            [
                aggregate(self._day(number, day), opens[(opens >= day) & (opens < day + DAY)])
                for day in range(start, end, DAY)
            ]
        )

    def _day(self, number: int, day: int) -> Rows:
        kept = self._kept.get((number, self._base, day))
        # Not kept from here: a long history would push out what is asked for again and again.
        return self._tape.candles(number, day, day + DAY) if kept is None else kept


def _cut(rows: Rows, start: int, end: int) -> Rows:
    times = rows[:, OPEN_TIME]
    if not len(times) or (start <= times[0] and times[-1] < end):
        return rows
    first, last = np.searchsorted(times, [start, end])
    return rows[first:last]


def _join(pieces: list[Rows]) -> Rows:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else no_rows()
