"""The exchange's own time: it may start anywhere, run fast or stand still, and end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from divbot.domain.clock import Clock


class MarketTime:
    """Tell the time of a market that was `at` when the clock read what it reads now.

    From `end` on time stands still: nothing after it is known. All times in ms UTC.
    """

    def __init__(self, clock: Clock, *, at: int, speed: float, end: int) -> None:
        self._clock = clock
        self._at = at
        self._speed = speed
        self._end = end
        self._started = clock.now()
        self._moved = 0

    def now(self) -> int:
        """Return the exchange's time."""
        elapsed = (self._clock.now() - self._started) * self._speed
        return min(self._at + int(max(elapsed, 0.0)), self._end) + self._moved

    @contextmanager
    def moved(self, ms: int) -> Iterator[None]:
        """Tell a time `ms` later within the block."""
        self._moved = ms
        try:
            yield
        finally:
            self._moved = 0
