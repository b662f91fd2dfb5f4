"""The trader's rhythm: a step on every multiple of the interval, and how late each one was."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from divbot.domain.clock import Clock
from divbot.domain.notices import Tell

_KEPT = 20_000


def stop_after(seconds: float, clock: Clock, stop: threading.Event) -> threading.Thread:
    """Set `stop` after `seconds`, whatever is waited for then; return what does so."""

    def count_down() -> None:
        if not clock.wait(seconds, stop):
            stop.set()

    thread = threading.Thread(target=count_down, name="duration", daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True, slots=True)
class Lateness:
    """By how many wall ms steps began later than they should have."""

    steps: int
    waited: int
    """How many of them were waited for; the others came too late for that."""
    median: float
    p99: float
    worst: float
    missed: int = 0
    """How many steps were due, but left out: an earlier one was not over by then."""


class Loop:
    """Call a step every `every` ms of the market's time until told to stop.

    A step that ends after the next should have begun is followed by that one at once, and those
    that were missed are left out; `tell` hears of that once.
    """

    def __init__(
        self,
        clock: Clock,
        every: int,
        stop: threading.Event,
        tell: Tell,
        *,
        speed: float = 1.0,
    ) -> None:
        self._clock = clock
        self._every = every
        self._stop = stop
        self._tell = tell
        self._speed = speed
        self._late: deque[float] = deque(maxlen=_KEPT)
        self._steps = 0
        self._missed = 0
        self._is_behind = False

    def run(self, step: Callable[[], bool]) -> None:
        """Run until stopped; `step` returns whether the venue answered it."""
        due = self._clock.now()
        while not self._stop.is_set():
            was_answered = step()
            self._steps += 1
            due = self._next(due, was_answered=was_answered)
            wait = (due - self._clock.now()) / 1000
            if wait > 0:
                self._clock.wait(wait, self._stop)
                if not self._stop.is_set():
                    self._late.append(max(self._clock.now() - due, 0) / self._speed)

    def lateness(self) -> Lateness:
        """Return how late steps began that were waited for."""
        late = sorted(self._late) or [0.0]
        return Lateness(
            steps=self._steps,
            waited=len(self._late),
            median=late[len(late) // 2],
            p99=late[min(int(len(late) * 0.99), len(late) - 1)],
            worst=late[-1],
            missed=self._missed,
        )

    def _next(self, due: int, *, was_answered: bool) -> int:
        """Return when the next step is due: now, where that is already past."""
        now = self._clock.now()
        following = (due // self._every + 1) * self._every
        if now < following - self._every:  # the clock was set back
            return (now // self._every + 1) * self._every
        if now <= following:
            return following
        self._missed += (now - following) // self._every
        # A step that waited in vain for the venue is not slow: that is told as what it is.
        if was_answered and not self._is_behind:
            self._is_behind = True
            self._tell(
                f"a price check takes longer than {self._every / 1000:g} s of market time: price "
                "checks run back to back",
                is_warning=True,
            )
        return now
