from __future__ import annotations

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market


@pytest.mark.parametrize(
    ("interval", "opened", "closed"),
    [
        pytest.param(Interval.M5, "2024-07-30T09:55", "2024-07-30T10:00", id="5m"),
        pytest.param(Interval.D1, "2024-02-28", "2024-02-29", id="1d before a leap day"),
        pytest.param(Interval.W1, "2024-07-29", "2024-08-05", id="1w"),
        pytest.param(Interval.MONTH, "2024-02-01", "2024-03-01", id="a short month"),
        pytest.param(Interval.MONTH, "2024-12-01", "2025-01-01", id="the last month of a year"),
    ],
)
def test_a_candle_closes_where_the_next_one_opens(
    interval: Interval, opened: str, closed: str
) -> None:
    assert interval.close_of(parse_time(opened)) == parse_time(closed)
    assert interval.steps_between(parse_time(opened), parse_time(closed)) == 1


UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


@pytest.mark.parametrize("interval", [x for x in Interval if x is not Interval.MONTH])
def test_a_length_is_what_its_name_says(interval: Interval) -> None:
    count, unit = int(interval.value[:-1]), interval.value[-1]

    assert interval.milliseconds == count * UNITS[unit]


def test_months_are_counted_by_the_calendar() -> None:
    steps = Interval.MONTH.steps_between(parse_time("2023-11-01"), parse_time("2025-02-01"))

    assert steps == 15


def test_seconds_are_for_spot_only() -> None:
    offered = {(x, m) for x in Interval for m in Market if x.offered_by(m)}

    assert {(x, m) for x in Interval for m in Market} - offered == {(Interval.S1, Market.USDM)}
