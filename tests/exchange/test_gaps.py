"""Rows that are missing: venue outages in history, and candles that are published late."""

import numpy as np
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.exchange.market.outages import InterruptedTape, Outages
from divbot.exchange.market.tape import OPEN_TIME

from .markets import NOON, RowsTape, get, open_times, random_rows, synthetic_desk

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = parse_time("2024-07-30")
BOUNDARY = parse_time("2024-07-30T12:00")


def test_outages_are_few_and_short_and_the_same_every_time():
    found = Outages(1).between(MIDNIGHT - 365 * DAY, MIDNIGHT)

    minutes = np.array([(end - start) / MINUTE for start, end in found])
    assert found == Outages(1).between(MIDNIGHT - 365 * DAY, MIDNIGHT)
    assert found != Outages(2).between(MIDNIGHT - 365 * DAY, MIDNIGHT)
    assert 80 < len(found) < 160
    assert minutes.min() >= 5
    assert 5 < np.median(minutes) < 40
    assert 60 < minutes.max() < 400


def test_an_outage_over_midnight_is_found_from_either_side():
    outages = Outages(1)
    over = next(
        (start, end)
        for start, end in outages.between(MIDNIGHT - 2000 * DAY, MIDNIGHT)
        if start // DAY < (end - 1) // DAY
    )
    midnight = over[1] // DAY * DAY

    assert over in outages.between(midnight, midnight + 1)
    assert over in outages.between(midnight - 1, midnight)
    assert over not in outages.between(over[1], over[1] + 1)
    assert over not in outages.between(over[0] - 1, over[0])


@pytest.mark.parametrize("market", list(Market))
def test_rows_of_every_symbol_are_missing_at_the_same_time(market):
    desk = synthetic_desk(market, outages=True)
    start, end = Outages(1).between(NOON - 20 * DAY, NOON - DAY)[-1]
    expected = list(range(start - 3 * MINUTE, start, MINUTE))
    expected += list(range(end, end + 3 * MINUTE, MINUTE))

    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        rows = get(
            desk,
            "klines",
            symbol=symbol,
            interval="1m",
            startTime=start - 3 * MINUTE,
            endTime=end + 2 * MINUTE,
        )
        assert open_times(rows) == expected


def test_what_is_there_is_as_it_would_be_without_outages():
    whole = {row[0]: row for row in day_of(synthetic_desk())}

    rows = day_of(synthetic_desk(outages=True))

    assert all(whole[row[0]] == row for row in rows)


def day_of(desk):
    return get(desk, "klines", symbol="ETHUSDT", interval="1m", limit=1000)


def test_longer_candles_are_made_of_what_is_left():
    outages = Outages(3)
    start, _ = next(
        each for each in outages.between(MIDNIGHT - 300 * DAY, MIDNIGHT) if each[0] % HOUR
    )
    opened = start // HOUR * HOUR
    tape = RowsTape({"AAAUSDT": random_rows(120, start=opened)})

    rows = InterruptedTape(tape, outages).candles(0, opened, opened + HOUR)

    assert rows[:, OPEN_TIME].tolist() == [
        time for time in range(opened, opened + HOUR, MINUTE) if not outages.between(time, time + 1)
    ]


def test_a_tape_without_rows_stays_without():
    tape = RowsTape({"AAAUSDT": random_rows(3, start=MIDNIGHT)}, Interval.M1)

    assert len(InterruptedTape(tape, Outages(1)).candles(0, 0, DAY)) == 0


def last_two(after, *, lag=3000, interval="5m", market=Market.SPOT):
    desk = synthetic_desk(market, now=BOUNDARY + after, publish_lag=lag)
    return get(desk, "klines", symbol="BTCUSDT", interval=interval, limit=2)


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
@pytest.mark.parametrize(("after", "shown"), [(0, False), (2999, False), (3000, True), (-1, True)])
def test_a_candle_that_has_just_opened_is_shown_late(market, interval, after, shown):
    rows = last_two(after, interval=interval, market=market)

    now = BOUNDARY + after
    assert (rows[-1][0] <= now <= rows[-1][6]) is shown


def test_until_then_the_last_candle_is_not_final():
    final = last_two(3000)[0]

    early, late = last_two(0)[-1], last_two(2999)[-1]

    assert early[0] == late[0] == final[0]
    assert float(early[5]) < float(late[5]) < float(final[5])
    assert early != final


def test_after_the_lag_nothing_of_it_is_left():
    assert last_two(3000) == last_two(3000, lag=0)


def test_without_a_lag_the_candle_is_there_at_once():
    rows = last_two(0, lag=0)

    assert rows[-1][0] == BOUNDARY


def test_only_candles_lag():
    behind, now = (
        get(synthetic_desk(now=BOUNDARY, publish_lag=lag), "ticker/24hr", symbol="BTCUSDT")
        for lag in (3000, 0)
    )

    assert behind == now
