from __future__ import annotations

import threading

import pytest

from divbot.domain.clock import (
    ManualClock,
    date_text,
    day_text,
    parse_time,
    plausible_ms,
    time_text,
    utc_text,
)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        pytest.param("1722330000000", 1722330000000, id="ms"),
        pytest.param("2024-07-30T09:00", 1722330000000, id="without a zone it is UTC"),
        pytest.param("2024-07-30 09:00", 1722330000000, id="with a space"),
        pytest.param("2024-07-30T11:00:00+02:00", 1722330000000, id="with a zone"),
        pytest.param("2024-07-30", 1722297600000, id="a date is its midnight"),
        pytest.param("2024-07-30T09:00:00.250Z", 1722330000250, id="with ms"),
    ],
)
def test_times_are_read_as_people_write_them(text: str, ms: int) -> None:
    assert parse_time(text) == ms


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1722330000", "1722330000000000", "²", "-1", "9" * 5000]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        parse_time(text)


def test_a_time_in_ms_has_thirteen_digits() -> None:
    first, last = 1_000_000_000_000, 9_999_999_999_999

    assert [plausible_ms(first), plausible_ms(last)] == [first, last]
    for beyond in (first - 1, last + 1):
        with pytest.raises(ValueError, match="13 digits"):
            plausible_ms(beyond)


def test_a_manual_clock_waits_without_waiting() -> None:
    clock = ManualClock(1_000)

    was_stopped = clock.wait(1.5)

    assert (was_stopped, clock.now(), clock.monotonic()) == (False, 2_500, 1.5)


def test_a_manual_clock_does_not_wait_once_stopped() -> None:
    clock, stop = ManualClock(), threading.Event()
    stop.set()

    assert clock.wait(5.0, stop)
    assert clock.monotonic() == 0.0


def test_times_are_printed_in_utc() -> None:
    assert utc_text(1722330000000) == "2024-07-30 09:00"


def test_each_part_of_a_time_is_that_of_the_whole() -> None:
    at = 1_722_330_007_000

    assert utc_text(at, seconds=True) == "2024-07-30 09:00:07"
    assert f"{date_text(at)} {time_text(at)}" == utc_text(at) == f"2024-{day_text(at)}"
    assert day_text(at, seconds=True) == "07-30 09:00:07"
