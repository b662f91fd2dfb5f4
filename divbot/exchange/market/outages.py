"""A market whose venue was down now and then: rows of every symbol are missing, at the same time.

On about every third day there is one outage of 5 to 40 minutes, or seldom of hours. When, says the
seed alone; the markets of one seed fail together.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np

from divbot.domain.durations import DAY, MINUTE
from divbot.exchange.market.tape import OPEN_TIME, Rows, Tape

_EVERY_DAYS = 3
_LONG_ONES = 12  # one outage in so many lasts hours


class Outages:
    """Say when the venue was down."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._of_day = cache(self._find)

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return start and end of every outage that touches start <= time < end (ms UTC)."""
        days = range(start // DAY - 1, (end - 1) // DAY + 1)
        found = (self._of_day(day) for day in days)
        return [each for each in found if each is not None and each[0] < end and each[1] > start]

    def _find(self, day: int) -> tuple[int, int] | None:
        digest = hashlib.sha256(f"{self._seed}/outage/{day}".encode()).digest()
        if digest[0] % _EVERY_DAYS:
            return None
        minute = int.from_bytes(digest[1:3], "little") % 1440
        length = 5 + digest[3] % 36
        if digest[4] % _LONG_ONES == 0:
            length += 60 + digest[5]
        start = day * DAY + minute * MINUTE
        return start, start + length * MINUTE


class InterruptedTape:
    """Give the candles of a tape, but none that opens while the venue is down."""

    def __init__(self, tape: Tape, outages: Outages) -> None:
        self._tape = tape
        self._outages = outages
        self.listings, self.interval = tape.listings, tape.interval
        self.first, self.last, self.is_recorded = tape.first, tape.last, tape.is_recorded

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""
        rows = self._tape.candles(number, start, end)
        times = rows[:, OPEN_TIME]
        down = np.zeros(len(rows), dtype=np.bool_)
        for begin, until in self._outages.between(start, end) if len(rows) else ():
            down |= (times >= begin) & (times < until)
        return rows[~down]
