"""Where candles open: the boundaries of every interval, in UTC or shifted to a time zone.

All opens count from the epoch, but weeks from a Monday, and months go by the calendar.
The venue's anchor of 3d is not documented; here it is the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.market import Interval

_MONDAY = 4 * DAY  # 1970-01-05; the epoch was a Thursday
_PAGE_DAYS = {Interval.D1: 32, Interval.D3: 33, Interval.W1: 35}


def serves(base: Interval, target: Interval) -> bool:
    """Tell whether candles of `target` can be put together from candles of `base`."""
    return target.milliseconds % base.milliseconds == 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The boundaries of one interval, `shift` ms east of UTC."""

    interval: Interval
    shift: int = 0

    def open_at(self, time: int) -> int:
        """Return the open of the candle that holds `time`."""
        if not self.interval.is_regular:
            return _month_open(time + self.shift) - self.shift
        return self._floor(time, self.interval.milliseconds)

    def next_open(self, time: int) -> int:
        """Return the first open after `time`."""
        if not self.interval.is_regular:
            return _month_open(time + self.shift, months=1) - self.shift
        return self.open_at(time) + self.interval.milliseconds

    def open_from(self, time: int) -> int:
        """Return the first open at or after `time`."""
        return self.next_open(time - 1)

    def page_at(self, time: int) -> tuple[int, int]:
        """Return start and end of the page that holds `time`: a stretch of whole candles."""
        if not self.interval.is_regular:
            return self.open_at(time), self.next_open(time)
        length = _PAGE_DAYS.get(self.interval, 1) * DAY
        start = self._floor(time, length)
        return start, start + length

    def opens(self, start: int, end: int) -> Integers:
        """Return all opens from `start`, which is one, to before `end`."""
        if self.interval.is_regular:
            return np.arange(start, end, self.interval.milliseconds, dtype=np.int64)
        found = [start]
        while (following := self.next_open(found[-1])) < end:
            found.append(following)
        return np.array(found, dtype=np.int64)

    def close_times(self, opens: Integers) -> Integers:
        """Return the last ms of each candle."""
        if self.interval.is_regular:
            return opens + (self.interval.milliseconds - 1)
        return np.array([self.next_open(int(each)) - 1 for each in opens], dtype=np.int64)

    def _floor(self, time: int, length: int) -> int:
        offset = (_MONDAY if self.interval is Interval.W1 else 0) - self.shift
        return time - (time - offset) % length


def steps_of(open_time: Integers, interval: Interval) -> Integers:
    """Return the numbers of the candles on the interval's endless grid; neighbours differ by 1.

    Where the venue anchors weeks and three-day candles is left to its own open times: any anchor
    gives each candle a number of its own.
    """
    if interval.is_regular:
        return open_time // interval.milliseconds
    return open_time.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


def opens_of(steps: Integers, interval: Interval) -> Integers:
    """Return when the candles of these numbers open, ms UTC, on a grid anchored at the epoch."""
    if interval.is_regular:
        return steps * interval.milliseconds
    return steps.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)


def _month_open(time: int, *, months: int = 0) -> int:
    month = np.datetime64(time, "ms").astype("datetime64[M]") + months
    return int(month.astype("datetime64[ms]").astype(np.int64))
