"""A scan begins when the venue shows the new candle: as soon, and at little cost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.errors import VenueUnreachable
from divbot.domain.market import Interval
from divbot.scanner.publication import FALLBACK, Publication

NOON = 1_722_340_800_000
M5, H1 = Interval.M5, Interval.H1
CLOSE = M5.milliseconds


@dataclass
class Venue:
    """Shows each candle `lag` ms after its close; an answer takes its time."""

    clock: ManualClock
    lag: int = 0
    seconds: float = 0.05
    is_down: bool = False
    looks: list[tuple[Interval, int]] = field(default_factory=list)

    def newest_close(self, interval: Interval) -> int:
        now = self.clock.now()
        self.looks.append((interval, now))
        self.clock.advance(self.seconds)
        if self.is_down:
            raise VenueUnreachable("no route")
        return (now - self.lag) // interval.milliseconds * interval.milliseconds


class Closes:
    """Close after close of 5m candles."""

    def __init__(self, looks: int = 10) -> None:
        self.clock = ManualClock(NOON)
        self.venue = Venue(self.clock)
        self.done: list[int] = []
        self.publication = Publication(
            (H1, M5),
            self.venue.newest_close,
            self.clock,
            looks=looks,
            meanwhile=self.do,
        )
        self.close = NOON

    def do(self) -> None:
        self.done.append(self.clock.now() - self.close)
        if self.venue.is_down:
            raise VenueUnreachable("no route")

    def wait(self, *, early: float = 0.0) -> int:
        """Wait for the next close; return how many ms after it that ended."""
        self.close += CLOSE
        self.clock.advance((self.close - self.clock.now()) / 1000 - early)
        self.venue.looks.clear()
        self.publication.wait(self.close, threading.Event())
        return self.clock.now() - self.close


@pytest.mark.parametrize("looks", [4, 10], ids=["spot", "futures"])
@pytest.mark.parametrize("lag", [0, 130, 700, 1500])
def test_the_lag_of_a_venue_is_learned(lag: int, looks: int) -> None:
    closes = Closes(looks)
    closes.venue.lag = lag

    found = [closes.wait() for _ in range(40)][10:]

    late = [x - lag for x in found]
    assert min(late) >= 0
    assert max(late) <= (110 if looks == 10 else 450)
    assert sum(late) / len(late) <= (85 if looks == 10 else 300)


def test_no_close_costs_more_looks_than_allowed_whatever_the_lag() -> None:
    closes = Closes()

    for lag in (0, 5000, 300, 1999, 900, 0, 100_000, 20):
        closes.venue.lag = lag
        closes.wait()
        assert len(closes.venue.looks) <= 10


def test_a_lag_that_became_less_is_found_again() -> None:
    closes = Closes()
    closes.venue.lag = 1500
    for _ in range(5):
        closes.wait()

    closes.venue.lag = 100

    assert [closes.wait() for _ in range(20)][-1] < 350


def test_there_is_time_for_something_else_before_each_close() -> None:
    closes = Closes()
    closes.venue.lag = 700

    for early in (1.9, 1.0, 0.4):
        closes.wait(early=early)

    assert closes.done == [-1000, -1000, -400]


def test_a_venue_that_shows_no_candle_is_taken_to_after_two_seconds() -> None:
    closes = Closes()
    closes.venue.lag = 60_000

    assert FALLBACK <= closes.wait() <= FALLBACK + 50


def test_a_venue_that_cannot_be_asked_is_asked_once_a_close() -> None:
    closes = Closes()
    closes.venue.is_down = True

    assert closes.wait() == FALLBACK
    assert len(closes.venue.looks) == 1


def test_the_shortest_candles_that_close_are_looked_at() -> None:
    closes = Closes()
    closes.close = NOON + H1.milliseconds - CLOSE

    closes.wait()

    assert {x for x, _ in closes.venue.looks} == {M5}
    assert closes.publication.closing_at(NOON + H1.milliseconds) is M5
    assert closes.publication.closing_at(NOON + 60_000) is None


def test_where_no_candle_closes_nothing_is_waited_for() -> None:
    closes = Closes()

    closes.publication.wait(NOON + 60_000, threading.Event())

    assert closes.clock.now() == NOON
    assert closes.venue.looks == []


def test_a_clock_that_was_set_back_is_not_waited_for() -> None:
    closes = Closes()

    closes.wait(early=3600.0)

    assert closes.venue.looks == []


def test_who_comes_late_waits_for_nothing_and_learns_nothing_wrong() -> None:
    closes = Closes()
    closes.venue.lag = 200
    before = [closes.wait() for _ in range(5)][-1]

    late = closes.wait(early=-1.5), closes.wait(early=-60.0)
    after = closes.wait()

    assert late == (1550, 60_000)
    assert after <= before + 50


def test_a_stop_ends_the_wait() -> None:
    closes = Closes()
    stop = threading.Event()
    stop.set()

    closes.publication.wait(NOON, stop)

    assert closes.clock.now() == NOON


class SetBack(ManualClock):
    """A clock that somebody sets back by an hour."""

    back = 0

    def now(self) -> int:
        return super().now() - self.back


@pytest.mark.parametrize("is_down", [False, True])
def test_a_clock_that_is_set_back_between_two_looks_is_not_waited_for(is_down: bool) -> None:
    clock = SetBack(NOON + CLOSE - 500)

    def newest_close(_: Interval) -> int:
        clock.back = H1.milliseconds
        if is_down:
            raise VenueUnreachable("no route")
        return 0

    publication = Publication([M5], newest_close, clock, looks=3)
    publication.wait(NOON + CLOSE, threading.Event())

    assert clock.monotonic() < 30
