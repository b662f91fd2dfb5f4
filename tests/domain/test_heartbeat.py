"""A thread that should have moved long ago hangs; one that said when it will does not."""

from __future__ import annotations

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.heartbeat import HANGS_AFTER, Heartbeat

CASES = {
    "it has just moved": (0.0, HANGS_AFTER, False),
    "it moved long ago": (0.0, HANGS_AFTER + 1, True),
    "it said that it would pause": (3600.0, 3600 + HANGS_AFTER, False),
    "its pause was over long ago": (3600.0, 3600 + HANGS_AFTER + 1, True),
}


@pytest.mark.parametrize(("pause", "passed", "hangs"), CASES.values(), ids=CASES)
def test_what_hangs_should_have_moved_long_ago(pause: float, passed: float, *, hangs: bool) -> None:
    clock = ManualClock()
    heartbeat = Heartbeat(clock.monotonic)

    heartbeat.beat(pause)
    clock.advance(passed)

    assert heartbeat.hangs is hangs


@pytest.mark.parametrize("pause", [0.0, 10 * HANGS_AFTER])
def test_an_excuse_gives_a_thread_time_and_takes_none(pause: float) -> None:
    clock = ManualClock()
    heartbeat = Heartbeat(clock.monotonic)
    heartbeat.beat(pause)

    for _ in range(5):
        clock.advance(HANGS_AFTER)
        heartbeat.excuse()
    clock.advance(HANGS_AFTER)

    assert not heartbeat.hangs
