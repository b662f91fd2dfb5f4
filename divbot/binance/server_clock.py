"""The venue's time on this machine's clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from divbot.domain.clock import Clock

_REFRESH_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Look:
    """What one answer told of the venue's clock."""

    offset: float
    """By how many ms the venue is ahead of this machine."""
    doubt: float
    """The most ms that the offset can be off by: half a round trip."""
    at: float

    def agrees_with(self, other: _Look) -> bool:
        return abs(self.offset - other.offset) <= self.doubt + other.doubt


class ServerClock:
    """Tell the venue's time: a clock, set right by the answers that name the venue's own.

    An answer says only that its time was true at some moment between question and answer. The
    surest answer of the last hour counts, unless a later one contradicts it: then one of the two
    clocks was set, or this machine slept. Safe to use from several threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._best: _Look | None = None
        # Guards `_best`: it is read and replaced.
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        """Return by how many ms the venue is ahead; 0 while nothing is known."""
        best = self._best
        return best.offset if best else 0.0

    @property
    def is_due(self) -> bool:
        """Tell whether the venue should be asked for its time (again)."""
        best = self._best
        return best is None or self._clock.monotonic() - best.at > _REFRESH_SECONDS

    def now(self) -> int:
        """Return the venue's time, ms UTC."""
        return self._clock.now() + round(self.offset)

    def saw(self, venue_time: int, round_trip: float) -> None:
        """Learn from an answer that just came, `round_trip` seconds after it was asked for."""
        doubt = 500 * round_trip
        look = _Look(venue_time - (self._clock.now() - doubt), doubt, self._clock.monotonic())
        with self._lock:
            best = self._best
            is_better = best is None or self.is_due or look.doubt < best.doubt
            if is_better or (best is not None and not look.agrees_with(best)):
                self._best = look
