"""Which units go to a worker together: half a second of work and more, of 10 KB at most.

How fast units are done is known once some are: parcels are put together as they are asked for.

Neighbouring units share signals that the first of them finds. So units are dealt out in lanes, and
what is done at once is of several lanes: otherwise two workers find the same signals.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import median_low

from divbot.research.sweep.estimate import seconds_of
from divbot.research.sweep.unit import Parcel, Unit

_SECONDS = 0.5
"""What a parcel takes at least, unless it would be larger than this:"""
_BYTES = 10_000
_REMEMBERED = 9
"""Parcels by which the speed is known: a worker's first one loads and makes what all need."""


class Parcels:
    """Units that are to be done, handed out in parcels."""

    def __init__(self, units: Sequence[Unit], numbers: Sequence[int], lanes: int) -> None:
        """Deal out the units of these `numbers`; `lanes` is how many parcels are done at once."""
        self._units = units
        self._seconds = {n: _seconds(units[n]) for n in numbers}
        self._lanes = _lanes(self._seconds, lanes)
        self._paces = deque[float](maxlen=_REMEMBERED)

    def __iter__(self) -> Iterator[list[int]]:
        """Hand out the numbers of units, parcel by parcel."""
        while any(self._lanes):
            yield self._next()

    def of(self, numbers: Sequence[int]) -> Parcel:
        """Return the units of these numbers."""
        return Parcel(tuple(self._units[n] for n in numbers))

    def took(self, numbers: Sequence[int], seconds: float) -> None:
        """Learn how long a parcel took."""
        self._paces.append(seconds / self._expected(numbers))

    def _next(self) -> list[int]:
        pace = median_low(self._paces) if self._paces else 1.0
        own: list[int] = []
        lane = max(self._lanes, key=self._expected)
        while lane and (not own or pace * self._expected(own) < _SECONDS):
            own.append(lane.popleft())
            lane = lane or max(self._lanes, key=self._expected)
        while len(own) > 1 and len(pickle.dumps(self.of(own))) > _BYTES:
            half = len(own) // 2
            self._lanes.append(deque(own[half:]))
            own = own[:half]
        return own

    def _expected(self, numbers: Sequence[int]) -> float:
        return sum(self._seconds[n] for n in numbers)


def _lanes(seconds: dict[int, float], count: int) -> list[deque[int]]:
    """Cut units, in their order, into so many lanes of equal work."""
    lanes = [deque[int]() for _ in range(count)]
    whole = sum(seconds.values())
    for (number, own), end in zip(seconds.items(), accumulate(seconds.values()), strict=True):
        middle = (end - own / 2) / whole
        lanes[min(int(middle * count), count - 1)].append(number)
    return lanes


def _seconds(unit: Unit) -> float:
    market = unit.market.open()
    month = market.columns.months[unit.month]
    return seconds_of(month.rows * len(month.symbols), 1, 1, len(unit.plans))
