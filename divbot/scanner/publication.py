"""When the venue shows a candle that has just closed: learned, close by close, from one symbol.

A venue shows candles some time after they have closed, each time about as long after. So it is
looked at first a little before the time that was learned, then again and again, each pause twice
the one before, until the candle is there. One that is there at the first look may have come long
before: the next time the first look comes half as long after the close. Where none is seen, it
comes as late as the last one did. A candle that is never seen, or a venue that cannot be asked, is
taken to be there FALLBACK after the close.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError
from divbot.domain.market import Interval
from divbot.recordings.grid import Grid

FALLBACK = 2_000
"""ms after a close at which a venue shows the new candle, as a rule."""
AHEAD = 1_000
"""ms before a close at which one begins to wait for it, as there is something to do meanwhile."""
_EARLY = 100
"""ms by which the first look comes before that time: it may have become less."""


class Publication:
    """Wait for candles of `intervals` to be shown; belongs to one thread.

    `newest_close` tells when the newest final candle that the venue shows closed, ms UTC. It is
    asked `looks` times after a close at most. `meanwhile` is done first, AHEAD of each close if one
    waits for it by then: there is time for it.
    """

    def __init__(
        self,
        intervals: Sequence[Interval],
        newest_close: Callable[[Interval], int],
        clock: Clock,
        *,
        looks: int,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self._intervals = sorted(intervals, key=lambda x: x.milliseconds)
        self._newest_close = newest_close
        self._clock = clock
        self._looks = looks
        self._meanwhile = meanwhile
        self._lag = 0
        """ms after its close at which a candle is expected to be seen first."""

    def closing_at(self, time: int) -> Interval | None:
        """Return the shortest interval of which a candle closes at `time`, ms UTC."""
        return next((x for x in self._intervals if Grid(x).open_at(time) == time), None)

    def wait(self, close: int, stop: threading.Event) -> None:
        """Return as soon as the candle is shown that ends at `close`, or ought to be."""
        interval = self.closing_at(close)
        # A clock that was set back leaves nothing to wait for.
        if interval is not None and close - self._clock.now() < FALLBACK:
            self._look(interval, close, stop)

    def _look(self, interval: Interval, close: int, stop: threading.Event) -> None:
        ends = close + FALLBACK
        if self._wait_until(close - AHEAD, stop) or self._clock.now() >= ends:
            return
        with suppress(DivbotError):  # the scan will say so, if it still is
            self._meanwhile()
        at = close + max(self._lag - _EARLY, 0)
        for left in range(self._looks, 0, -1):
            if self._wait_until(at, stop) or self._clock.now() >= ends:
                return
            try:
                is_shown = self._newest_close(interval) >= close
            except DivbotError:
                break  # the scan will say what is the matter, if it still is
            self._lag = at - close
            if is_shown and left == self._looks:
                self._lag = self._lag // 2 + _EARLY
            if is_shown:
                return
            now = self._clock.now()
            at = now + ((ends - now) >> max(left - 1, 1))
        self._wait_until(ends, stop)

    def _wait_until(self, time: int, stop: threading.Event) -> bool:
        # No longer than any of its waits is, even if the clock was set back meanwhile.
        wait = min(max(time - self._clock.now(), 0), AHEAD + FALLBACK)
        return self._clock.wait(wait / 1000, stop)
