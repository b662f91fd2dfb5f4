from __future__ import annotations

import threading

from divbot.domain.clock import ManualClock, SystemClock
from divbot.trading.engine.loop import Loop, stop_after
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
        self.is_answered = True
        self.loop = Loop(self, 5000, self.stop, self.told)

    def now(self) -> int:
        return self.clock.now()

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        return self.clock.wait(seconds + self.late, stop)

    def step(self) -> bool:
        self.began.append(self.clock.now() - NOON)
        self.clock.advance(self.durations.pop(0))
        if not self.durations:
            self.stop.set()
        return self.is_answered


def test_steps_begin_on_multiples_of_the_interval() -> None:
    rhythm = Rhythm(0.3, 0.3, 0.3)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 5000, 10_000]
    assert rhythm.told == []


def test_a_step_that_takes_too_long_is_followed_at_once_and_told_of_once() -> None:
    rhythm = Rhythm(12.0, 7.0, 0.1, 0.1)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 13_200, 20_200, 25_000]
    assert rhythm.loop.lateness().missed == 2  # of 5 and 10 s one, of 15 and 20 s one
    assert rhythm.told == [
        "! a price check takes longer than 5 s of market time: price checks run back to back"
    ]


def test_a_step_that_waited_in_vain_for_the_venue_is_not_called_slow() -> None:
    rhythm = Rhythm(12.0, 12.0, 0.1)
    rhythm.is_answered = False

    rhythm.loop.run(rhythm.step)

    assert rhythm.told == []


def test_a_duration_ends_whatever_is_waited_for() -> None:
    clock, stop = ManualClock(NOON), threading.Event()

    stop_after(12.0, clock, stop).join()

    assert stop.is_set()
    assert clock.monotonic() == 12.0


def test_a_run_that_ended_earlier_waits_for_no_duration() -> None:
    stop = threading.Event()
    stop.set()

    stop_after(1e6, SystemClock(), stop).join(10)


def test_the_stop_that_ends_a_wait_makes_no_step_late() -> None:
    rhythm = Rhythm(0.1, 0.1, late=0.015)

    rhythm.loop.run(rhythm.step)

    assert rhythm.loop.lateness().waited == 1


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    rhythm = Rhythm(0.1, -3600.0, 0.1, 0.1)

    rhythm.loop.run(rhythm.step)

    assert rhythm.began == [1200, 5000, -3_590_000, -3_585_000]
    assert rhythm.told == []


def test_lateness_is_measured_where_it_was_waited() -> None:
    rhythm = Rhythm(0.1, 0.1, 0.1, 0.1, late=0.015)

    rhythm.loop.run(rhythm.step)

    lateness = rhythm.loop.lateness()
    assert (lateness.steps, lateness.missed) == (4, 0)
    assert (lateness.median, lateness.worst) == (15.0, 15.0)
