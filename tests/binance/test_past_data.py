"""Funding has an account of its own, and its pace is kept."""

from __future__ import annotations

import threading

from divbot.binance.past_data import Pace
from divbot.domain.clock import ManualClock


def test_so_many_pass_in_any_stretch_of_time_and_no_more() -> None:
    clock = ManualClock()
    pace = Pace(clock, 3, 10.0, threading.Event())

    passed = []
    for _ in range(7):
        pace.take()
        passed.append(clock.monotonic())
        clock.advance(1)

    assert passed == [0, 1, 2, 10, 11, 12, 20]


def test_nobody_waits_who_was_told_to_stop() -> None:
    clock, stop = ManualClock(), threading.Event()
    pace = Pace(clock, 1, 10.0, stop)
    stop.set()

    pace.take()
    pace.take()

    assert clock.monotonic() == 0
