"""The venue's time on this machine's clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from divbot.domain.clock import Clock

_REFRESH_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one answer told of the venue's clock."""

    venue_time: float
    """ms UTC"""
    here: int
    """What this machine's clock said then."""
    doubt: float
    """The most ms that `venue_time` can be off by: half a round trip."""
    at: float


class ServerClock:
    """Tell the venue's time: a clock, set right by the answers that name the venue's own.

    An answer says only that its time was true at some moment between question and answer. The
    surest answer of the last hour counts, unless a later one contradicts it: then one of the two
    clocks was set, or this machine slept. A local exchange may let `speed` seconds pass in each
    second; waiting counts the venue's seconds too. Safe to use from several threads.
    """

    def __init__(self, clock: Clock, *, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self._best: _Reading | None = None
        # Guards `_best`: it is read and replaced.
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        """Return by how many ms the venue is ahead now; 0 while nothing is known."""
        return self._venue_time() - self._clock.now()

    @property
    def is_due(self) -> bool:
        """Tell whether the venue should be asked for its time (again)."""
        best = self._best
        return best is None or self._clock.monotonic() - best.at > _REFRESH_SECONDS

    def now(self) -> int:
        """Return the venue's time, ms UTC."""
        return round(self._venue_time())

    def monotonic(self) -> float:
        """Return this machine's seconds since an arbitrary start."""
        return self._clock.monotonic()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Wait for `seconds` of the venue's time; return True when `stop` was set meanwhile."""
        return self._clock.wait(seconds / self._speed, stop)

    def saw(self, venue_time: int, round_trip: float) -> None:
        """Learn from an answer that just came, `round_trip` seconds after it was asked for."""
        doubt = 500 * round_trip * self._speed
        reading = _Reading(venue_time + doubt, self._clock.now(), doubt, self._clock.monotonic())
        with self._lock:
            best = self._best
            if (
                best is None
                or self.is_due
                or doubt < best.doubt
                or self._contradicts(reading, best)
            ):
                self._best = reading

    def _venue_time(self) -> float:
        best = self._best
        return float(self._clock.now()) if best is None else self._since(best, self._clock.now())

    def _since(self, reading: _Reading, here: int) -> float:
        """Return the venue's time by `reading`, when this machine's clock says `here`."""
        return reading.venue_time + (here - reading.here) * self._speed

    def _contradicts(self, reading: _Reading, best: _Reading) -> bool:
        return (
            abs(reading.venue_time - self._since(best, reading.here)) > reading.doubt + best.doubt
        )
