"""Times are written with their unit, and read alike wherever they stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.durations import Duration, duration_text, milliseconds

AGE = Duration("0", "10000d", "d")
PAUSE = Duration("100ms", "1h", "s")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("10d", timedelta(days=10)),
        ("60m", timedelta(hours=1)),
        ("2h", timedelta(hours=2)),
        ("1.5s", timedelta(milliseconds=1500)),
        (" 250 ms ", timedelta(milliseconds=250)),
        ("0", timedelta()),
        (0, timedelta()),
        (0.0, timedelta()),
        ("0h", timedelta()),
        (timedelta(minutes=5), timedelta(minutes=5)),
        ("1e-999999999s", timedelta(microseconds=1)),
    ],
)
def test_a_time_is_read_with_its_unit(value: object, found: timedelta) -> None:
    assert AGE.read(value) == found


@pytest.mark.parametrize(
    ("duration", "value", "says"),
    [
        (AGE, 10, "expected a time from 0 to 10000d, found 10; add the unit: 10d"),
        (AGE, "2.5", "expected a time from 0 to 10000d, found 2.5; add the unit: 2.5d"),
        (PAUSE, 5.0, "expected a time from 100ms to 1h, found 5.0; add the unit: 5.0s"),
        (PAUSE, 3601, "expected a time from 100ms to 1h, found 3601"),
        (PAUSE, "0", "expected a time from 100ms to 1h, found 0"),
        (PAUSE, "-1s", "expected a time from 100ms to 1h, found '-1s'"),
        (PAUSE, "1w", "expected a time from 100ms to 1h, found '1w'"),
        (PAUSE, "s", "expected a time from 100ms to 1h, found 's'"),
        (PAUSE, "nans", "expected a time from 100ms to 1h, found 'nans'"),
        (PAUSE, "1e999999999d", "expected a time from 100ms to 1h, found '1e999999999d'"),
        (PAUSE, "999999999d", "expected a time from 100ms to 1h, found '999999999d'"),
        (PAUSE, timedelta(days=2), "expected a time from 100ms to 1h, found 2d"),
        (PAUSE, True, "expected a time from 100ms to 1h, found true"),
        (PAUSE, b"1s", "expected a time from 100ms to 1h, found b'1s'"),
    ],
)
def test_all_else_is_refused_and_a_bare_number_with_the_unit_to_add(
    duration: Duration, value: object, says: str
) -> None:
    with pytest.raises(ValueError, match="expected a time") as refused:
        duration.read(value)

    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(days=10), "10d"),
        (timedelta(hours=25), "25h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=2.5), "2.5s"),
        (timedelta(), "0"),
    ],
)
def test_a_time_is_told_in_the_longest_unit_that_fits(time: timedelta, text: str) -> None:
    assert duration_text(time) == text


@given(st.timedeltas(timedelta(), timedelta(days=10_000)))
def test_what_is_told_of_a_time_is_read_as_that_time(time: timedelta) -> None:
    assert AGE.read(duration_text(time)) == time


def test_next_to_nothing_is_a_millisecond() -> None:
    assert [milliseconds(timedelta(microseconds=x)) for x in (0, 1, 1000, 1001)] == [0, 1, 1, 2]
