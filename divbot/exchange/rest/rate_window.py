"""What requests have cost lately: one account of weight over a fixed or a rolling window."""

from __future__ import annotations

from collections import deque
from enum import StrEnum


class WindowShape(StrEnum):
    """How a window of time moves on. The venue does not say which one it keeps."""

    FIXED = "fixed"
    """Everything is forgotten at once when a new window of the clock begins."""
    ROLLING = "rolling"
    """Each cost is forgotten one window's length after it was made."""


class RateWindow:
    """Add up costs over the last window of `length` ms, against `limit`. Times in ms."""

    def __init__(self, limit: int, length: int, shape: WindowShape) -> None:
        self.limit = limit
        self._length = length
        self._shape = shape
        self._costs: deque[tuple[int, int]] = deque()
        self._used = 0

    def used(self, now: int) -> int:
        """Return what is still counted at `now`."""
        self._forget(now)
        return self._used

    def spend(self, now: int, weight: int) -> int:
        """Add `weight` and return all that is counted now."""
        self._forget(now)
        if weight:
            self._costs.append((now, weight))
        self._used += weight
        return self._used

    def free_at(self, now: int, weight: int) -> int:
        """Return when another `weight` will fit; what never does fits into an empty window."""
        self._forget(now)
        left, free = self._used, now
        for time, cost in self._costs:
            if left + weight <= self.limit:
                break
            left -= cost
            free = self._forgotten_at(time)
        return free

    def _forget(self, now: int) -> None:
        while self._costs and not self._costs[0][0] <= now < self._forgotten_at(self._costs[0][0]):
            self._used -= self._costs.popleft()[1]

    def _forgotten_at(self, time: int) -> int:
        if self._shape is WindowShape.FIXED:
            return (time // self._length + 1) * self._length
        return time + self._length
