from __future__ import annotations

import pytest

from divbot.binance.server_clock import ServerClock
from divbot.domain.clock import ManualClock

NOW = 1_722_330_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_knows_nothing_at_first(clock: ManualClock) -> None:
    server = ServerClock(clock)

    assert (server.now(), server.offset, server.is_due) == (NOW, 0.0, True)


def test_takes_the_middle_between_question_and_answer(clock: ManualClock) -> None:
    server = ServerClock(clock)

    # Asked 400 ms ago: the venue said 5000 ms ahead of what it was here 200 ms ago.
    server.saw(NOW - 200 + 5000, 0.4)

    assert (server.now(), server.offset, server.is_due) == (NOW + 5000, 5000.0, False)


@pytest.mark.parametrize(
    ("offset", "round_trip", "expected"),
    [
        pytest.param(5010, 0.05, 5010, id="a surer one counts"),
        pytest.param(5010, 0.3, 5000, id="a less sure one does not"),
        pytest.param(9000, 0.3, 9000, id="unless it contradicts"),
    ],
)
def test_the_surest_answer_counts(
    clock: ManualClock, offset: int, round_trip: float, expected: int
) -> None:
    server = ServerClock(clock)
    server.saw(NOW - 50 + 5000, 0.1)

    server.saw(NOW - round(500 * round_trip) + offset, round_trip)

    assert server.offset == expected


def test_after_an_hour_any_answer_counts(clock: ManualClock) -> None:
    server = ServerClock(clock)
    server.saw(NOW - 5 + 5000, 0.01)
    clock.advance(3601)
    was_due = server.is_due

    server.saw(clock.now() - 100 + 5050, 0.2)

    assert (was_due, server.is_due, server.offset) == (True, False, 5050)
