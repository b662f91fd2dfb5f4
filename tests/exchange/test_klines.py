import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.exchange.market.candles import form
from divbot.exchange.market.tape import COLUMNS, OPEN_TIME
from divbot.recordings.grid import Grid

from .markets import RowsTape, ask, get, open_times, random_rows, synthetic_desk, tape_desk

MINUTE, HOUR = 60_000, 3_600_000
LISTED = parse_time("2024-07-28T09:00")
ROWS = random_rows(3 * 1440, start=LISTED)
NOW = LISTED + 2000 * MINUTE + 20_000
FORMING = LISTED + 2000 * MINUTE


@pytest.fixture(scope="module")
def desk():
    return tape_desk(RowsTape({"AAAUSDT": ROWS}), now=NOW)


def klines(desk, interval="1m", **parameters):
    return get(desk, "klines", symbol="AAAUSDT", interval=interval, **parameters)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        pytest.param({}, 1501, 2000, id="nothing: the latest 500, the last one forming"),
        pytest.param({"limit": 3}, 1998, 2000, id="limit: the latest"),
        pytest.param({"limit": 5000}, 1001, 2000, id="limit above the most: the most"),
        pytest.param({"startTime": LISTED, "limit": 3}, 0, 2, id="start: the oldest"),
        pytest.param({"startTime": 0, "limit": 1}, 0, 0, id="start before listing: first rows"),
        pytest.param({"startTime": LISTED + 1, "limit": 1}, 1, 1, id="start rounds up"),
        pytest.param({"startTime": FORMING}, 2000, 2000, id="start at the forming one"),
        pytest.param({"startTime": NOW - 90_000}, 1999, 2000, id="start near the end"),
        pytest.param({"endTime": LISTED + 5 * MINUTE, "limit": 2}, 4, 5, id="end: included"),
        pytest.param({"endTime": LISTED + 6 * MINUTE - 1, "limit": 2}, 4, 5, id="end rounds down"),
        pytest.param({"endTime": FORMING - 1, "limit": 2}, 1998, 1999, id="end: only final ones"),
        pytest.param({"endTime": NOW + HOUR, "limit": 2}, 1999, 2000, id="end in the future"),
        pytest.param({"endTime": LISTED + MINUTE}, 0, 1, id="end near the listing"),
        pytest.param(
            {"startTime": LISTED + MINUTE, "endTime": LISTED + 3 * MINUTE}, 1, 3, id="both"
        ),
        pytest.param(
            {"startTime": LISTED, "endTime": LISTED + HOUR, "limit": 2}, 0, 1, id="both, limited"
        ),
    ],
)
def test_a_range_is_selected_by_open_time(desk, asked, first, last):
    expected = [LISTED + number * MINUTE for number in range(first, last + 1)]

    assert open_times(klines(desk, **asked)) == expected


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"endTime": LISTED - 1}, id="wholly before the listing"),
        pytest.param({"startTime": NOW + MINUTE}, id="wholly in the future"),
        pytest.param({"startTime": FORMING + 1}, id="after the forming one's open"),
        pytest.param({"startTime": 1_722_160_000, "endTime": 1_722_170_000}, id="in seconds"),
        pytest.param({"startTime": FORMING, "endTime": LISTED}, id="backwards, on spot"),
        pytest.param({"startTime": 10**19, "endTime": 10**20 - 1}, id="beyond all dates"),
    ],
)
def test_an_empty_range_is_an_empty_list(desk, asked):
    assert klines(desk, **asked) == []


def test_spot_takes_microseconds(desk):
    asked = {"startTime": (LISTED + MINUTE) * 1000 + 1, "endTime": (LISTED + 2 * MINUTE) * 1000}

    assert open_times(klines(desk, **asked)) == [LISTED + 2 * MINUTE]


@pytest.mark.parametrize("interval", [each.value for each in Interval if each != "1s"])
@pytest.mark.parametrize("zone", ["0", "8", "-3:30"])
def test_every_interval_is_made_of_the_base_candles(desk, interval, zone):
    sign, _, rest = ("-", 0, zone[1:]) if zone[0] == "-" else ("", 0, zone)
    hours, _, minutes = rest.partition(":")
    shift = (int(hours) * HOUR + int(minutes or 0) * MINUTE) * (-1 if sign else 1)

    rows = klines(desk, interval, timeZone=zone, limit=1000)

    assert [_numbers(row) for row in rows] == _naive(Grid(Interval(interval), shift))[-1000:]


@pytest.mark.parametrize("interval", ["1m", "1h", "1d", "1w", "1M"])
def test_a_candle_closes_one_millisecond_before_the_next_opens(desk, interval):
    rows = klines(desk, interval)

    assert [row[6] + 1 for row in rows[:-1]] == open_times(rows)[1:]
    assert rows[-1][0] <= NOW <= rows[-1][6]


def test_a_gap_stays_a_gap_and_the_limit_counts_rows():
    rows = np.concatenate([ROWS[:100], ROWS[1995:]])
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOW)

    latest, hours = klines(desk, limit=8), klines(desk, "1h")

    expected = [97, 98, 99, *range(1995, 2001)][-8:]
    assert open_times(latest) == [LISTED + number * MINUTE for number in expected]
    assert open_times(hours) == [LISTED + hour * HOUR for hour in (0, 1, 33)]


def test_nothing_is_forming_while_the_venue_is_down():
    rows = np.concatenate([ROWS[:1990], ROWS[2100:]])
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOW)

    assert open_times(klines(desk, limit=1)) == [LISTED + 1989 * MINUTE]


@pytest.mark.parametrize("interval", ["1m", "1d", "1w", "1M"])
def test_what_will_come_changes_nothing_of_what_is_final(interval):
    other = ROWS.copy()
    other[2001:, 1:5] += 500
    desks = [tape_desk(RowsTape({"AAAUSDT": rows}), now=NOW) for rows in (ROWS, other)]

    one, two = (klines(desk, interval) for desk in desks)

    assert one == two


@pytest.mark.parametrize("interval", ["1m", "3m", "1s"])
def test_an_interval_that_the_base_cannot_make_is_refused_with_the_reason(interval):
    tape = RowsTape({"AAAUSDT": random_rows(9, start=LISTED, step=5 * MINUTE)}, Interval.M5)
    desk = tape_desk(tape, now=LISTED + HOUR // 2)

    response = ask(desk, "klines", symbol="AAAUSDT", interval=interval)

    assert response.status == 400
    assert b'"code":-1120' in response.body
    assert b"made of 5m candles" in response.body


def test_a_symbol_listed_later_is_unknown_until_then():
    rows = {"AAAUSDT": ROWS, "NEWUSDT": random_rows(99, start=NOW + 1)}
    desk = tape_desk(RowsTape(rows), now=NOW)

    response = ask(desk, "klines", symbol="NEWUSDT", interval="1m")

    assert b'"code":-1121' in response.body
    assert [each["symbol"] for each in get(desk, "ticker/price")] == ["AAAUSDT"]


@pytest.mark.parametrize("market", list(Market))
def test_a_thousand_months_are_answered_with_what_there_is(market):
    rows = get(synthetic_desk(market), "klines", symbol="BTCUSDT", interval="1M", limit=1000)

    assert len(rows) == 4 * 12 + 7
    assert rows[0][0] == parse_time("2020-01-01")


def _numbers(row):
    """Undo the text: 2, 1 and 3 decimals, as RowsTape has them."""
    price, volume, quote = (10**2, 10**1, 10**3)
    factors = (1, *[price] * 4, volume, 0, quote, 1, volume, quote)
    return [round(float(each) * by) for each, by in zip(row, factors, strict=False) if by]


def _naive(grid):
    """The specification: all rows so far, the forming one included, gathered by open."""
    known = [*ROWS[:2000].tolist(), form(ROWS[2000], 20_000, MINUTE).tolist()]
    buckets = {}
    for row in known:
        buckets.setdefault(grid.open_at(row[OPEN_TIME]), []).append(row)
    return [
        [
            opened,
            group[0][1],
            max(row[2] for row in group),
            min(row[3] for row in group),
            group[-1][4],
            *(sum(row[column] for row in group) for column in range(5, COLUMNS)),
        ]
        for opened, group in buckets.items()
    ]
