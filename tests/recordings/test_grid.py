import pytest

from divbot.domain.clock import parse_time, utc_text
from divbot.domain.market import Interval
from divbot.recordings.grid import Grid, serves

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("interval", "shift", "time", "opens", "following"),
    [
        pytest.param("5m", 0, "2024-07-30T12:04:59", "2024-07-30 12:00", "2024-07-30 12:05"),
        pytest.param("1d", 0, "2024-07-30T12:00", "2024-07-30 00:00", "2024-07-31 00:00"),
        pytest.param("3d", 0, "1970-01-05T00:00", "1970-01-04 00:00", "1970-01-07 00:00"),
        pytest.param("1w", 0, "2024-07-28T23:59", "2024-07-22 00:00", "2024-07-29 00:00"),
        pytest.param("1w", 0, "2024-07-29T00:00", "2024-07-29 00:00", "2024-08-05 00:00"),
        pytest.param("1M", 0, "2024-02-29T23:59", "2024-02-01 00:00", "2024-03-01 00:00"),
        pytest.param("1M", 0, "2024-12-31T12:00", "2024-12-01 00:00", "2025-01-01 00:00"),
        pytest.param("1d", 8, "2024-07-30T17:00", "2024-07-30 16:00", "2024-07-31 16:00"),
        pytest.param("1d", -5, "2024-07-30T04:00", "2024-07-29 05:00", "2024-07-30 05:00"),
        pytest.param("1M", 8, "2024-07-31T17:00", "2024-07-31 16:00", "2024-08-31 16:00"),
        pytest.param("1w", 8, "2024-07-28T17:00", "2024-07-28 16:00", "2024-08-04 16:00"),
    ],
)
def test_a_candle_opens_where_the_venue_says(interval, shift, time, opens, following):
    grid = Grid(Interval(interval), shift * HOUR)
    moment = parse_time(time)

    opened, closed = grid.open_at(moment), grid.next_open(moment)

    assert (utc_text(opened), utc_text(closed)) == (opens, following)
    assert grid.open_at(opened) == opened
    assert grid.open_from(opened) == opened
    assert grid.open_from(opened + 1) == closed


@pytest.mark.parametrize("interval", list(Interval))
@pytest.mark.parametrize("shift", [0, 8 * HOUR, -HOUR // 2])
def test_a_page_is_a_stretch_of_whole_candles(interval, shift):
    grid = Grid(interval, shift)
    moment = parse_time("2024-07-30T12:00:20")

    start, end = grid.page_at(moment)

    assert start <= moment < end
    assert grid.open_at(start) == start
    assert grid.open_at(end) == end
    assert grid.page_at(start) == grid.page_at(end - 1) == (start, end)


def test_opens_and_closes_leave_no_time_between_them():
    grid = Grid(Interval.MONTH)

    opens = grid.opens(parse_time("2024-01-01"), parse_time("2025-01-01"))

    assert len(opens) == 12
    assert (grid.close_times(opens)[:-1] + 1).tolist() == opens[1:].tolist()


@pytest.mark.parametrize(
    ("base", "target", "possible"),
    [
        ("1m", "1m", True),
        ("5m", "15m", True),
        ("5m", "1M", True),
        ("1h", "1w", True),
        ("5m", "1m", False),
        ("3m", "5m", False),
        ("15m", "3m", False),
    ],
)
def test_longer_intervals_are_whole_multiples(base, target, possible):
    assert serves(Interval(base), Interval(target)) is possible
