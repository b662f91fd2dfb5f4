from __future__ import annotations

import threading

from divbot.domain.clock import ManualClock
from divbot.trading.loop import Loop
from tests.trading.fakes import Told

NOON = 1_722_340_800_000


class Rhythm:
    """A loop of 5 s whose steps take as long as a test says."""

    def __init__(self, *durations: float, late: float = 0.0) -> None:
        self.clock = ManualClock(NOON + 1200)
        self.stop = threading.Event()
        self.durations = list(durations)
        self.began: list[int] = []
        self.told = Told()
        self.late = late
        self.loop = Loop(self, 5000, self.stop, self.told)

    def now(self) -> int:
        return self.clock.now()

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        return self.clock.wait(seconds + self.late, stop)

    def step(self) -> None:
        self.began.append(self.clock.now() - NOON)
        self.clock.advance(self.durations.pop(0))
        if not self.durations:
            self.stop.set()


def test_steps_begin_on_multiples_of_the_interval() -> None:
    rhythm = Rhythm(0.3, 0.3, 0.3)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 5000, 10_000]
    assert rhythm.told == []


def test_a_step_that_takes_too_long_is_followed_at_once_and_told_of_once() -> None:
    rhythm = Rhythm(12.0, 7.0, 0.1, 0.1)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 13_200, 20_200, 25_000]
    assert rhythm.told == ["! a look takes longer than 5 s of market time: looks run back to back"]


def test_a_duration_ends_it_in_time() -> None:
    rhythm = Rhythm(*[0.1] * 100)

    rhythm.loop.run(rhythm.step, seconds=12.0)

    assert rhythm.clock.monotonic() == 12.0
    assert rhythm.began == [1200, 5000, 10_000]


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    rhythm = Rhythm(0.1, -3600.0, 0.1, 0.1)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 5000, -3_590_000, -3_585_000]
    assert rhythm.told == []


def test_lateness_is_measured_where_it_was_waited() -> None:
    rhythm = Rhythm(0.1, 0.1, 0.1, 0.1, late=0.015)

    rhythm.loop.run(rhythm.step)

    lateness = rhythm.loop.lateness()
    assert lateness.steps == 4
    assert (lateness.median, lateness.worst) == (15.0, 15.0)
