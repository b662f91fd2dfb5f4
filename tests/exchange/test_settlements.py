"""Funding whose interval changes in mid-run, as listings, premium index and records tell it."""

from decimal import Decimal

import numpy as np
import pytest

from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.market import Market
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks

from .markets import due, get

HOUR = 3_600_000
START = parse_time("2024-07-30T12:30")
CAP, CALM = Decimal("0.02"), Decimal("0.00025")

# When its settlement is at the cap, its hours before, and how long it is settled every hour.
PEAKS = [
    pytest.param("MYXUSDT", parse_time("2024-07-30T16:00"), 8, id="8 hours"),
    pytest.param("TRBUSDT", parse_time("2024-07-29T16:00"), 4, id="4 hours"),
]
STORM = 22 * HOUR
MOST_LATE = 20


@pytest.fixture
def market():
    """The desk of a market that starts at START, and what sets its time."""
    clock = ManualClock(START)
    options = ExchangeOptions(markets=(Market.USDM,), symbols=1, awkward=True, at=START)
    (desk,) = open_desks(options, clock)
    return desk, lambda time: clock.advance((time - clock.now()) / 1000)


def hours_told(desk, symbol):
    told = {each["symbol"]: each["fundingIntervalHours"] for each in get(desk, "fundingInfo")}
    return told.get(symbol, 8)


def test_the_hours_change_in_mid_run_and_everything_tells_so(market):
    desk, go = market
    peak = PEAKS[0].values[1]
    seen = []
    for time in (peak - 1, peak, peak + STORM - 1, peak + STORM):
        go(time)
        premium = get(desk, "premiumIndex", symbol="MYXUSDT")
        seen.append((hours_told(desk, "MYXUSDT"), premium["nextFundingTime"] - time))

    assert seen == [(8, 1), (1, HOUR), (1, 1), (4, 2 * HOUR)]


def test_the_hours_of_another_return_in_mid_run(market):
    desk, go = market

    before = hours_told(desk, "TRBUSDT")
    go(START + 3 * HOUR)

    assert (before, hours_told(desk, "TRBUSDT")) == (1, 4)


@pytest.mark.parametrize(("symbol", "peak", "hours"), PEAKS)
def test_records_follow_the_hours(market, symbol, peak, hours):
    desk, go = market
    go(peak + STORM + 12 * HOUR)

    end = peak + STORM + 10 * HOUR + MOST_LATE
    asked = {"startTime": peak - 24 * HOUR, "endTime": end, "limit": 1000}
    times = [due(each) for each in get(desk, "fundingRate", symbol=symbol, **asked)]

    assert peak in times
    steps = (np.diff(times) // HOUR).tolist()
    place = times.index(peak)
    assert set(steps[:place]) == {hours}
    assert steps[place : place + 22] == [1] * 22
    assert steps[place + 22 :] == [2, 4, 4]


@pytest.mark.parametrize(("symbol", "peak", "hours"), PEAKS)
def test_sixteen_calm_settlements_end_the_storm(market, symbol, peak, hours):
    desk, go = market
    go(peak + STORM + MOST_LATE)

    records = get(desk, "fundingRate", symbol=symbol, startTime=peak, limit=1000)

    rates = [Decimal(each["fundingRate"]) for each in records]
    assert rates[0] == CAP
    assert rates == sorted(rates, reverse=True)
    assert [abs(rate) <= CALM for rate in rates] == [False] * 7 + [True] * 16


def test_the_estimate_before_the_peak_is_the_cap(market):
    desk, _ = market

    premium = get(desk, "premiumIndex", symbol="MYXUSDT")

    assert premium["nextFundingTime"] == PEAKS[0].values[1]
    assert Decimal(premium["lastFundingRate"]) == CAP


@pytest.mark.parametrize(("symbol", "peak", "hours"), PEAKS)
def test_every_estimate_becomes_a_record(market, symbol, peak, hours):
    desk, go = market
    start = max(peak - 9 * HOUR, START)
    for time in range(start, peak + STORM + 9 * HOUR, HOUR):
        go(time)
        premium = get(desk, "premiumIndex", symbol=symbol)
        go(premium["nextFundingTime"] + MOST_LATE)
        (record,) = get(desk, "fundingRate", symbol=symbol, limit=1)

        assert due(record) == premium["nextFundingTime"]
        assert record["fundingRate"] == premium["lastFundingRate"]


def test_settlements_are_dated_up_to_20_ms_after_they_were_due(market):
    desk, go = market
    go(START + 24 * HOUR)

    records = get(desk, "fundingRate", symbol="BTCUSDT", limit=1000)

    late = {record["fundingTime"] - due(record) for record in records}
    assert late == set(range(MOST_LATE + 1))
    assert all(due(record) % HOUR == 0 for record in records)


def test_a_settlement_is_told_from_the_time_on_that_it_is_dated(market):
    desk, go = market
    go(START + 24 * HOUR)
    record = next(
        x for x in get(desk, "fundingRate", limit=1000) if x["fundingTime"] - due(x) == MOST_LATE
    )
    dated = record["fundingTime"]

    def told(**asked):
        return get(desk, "fundingRate", symbol=record["symbol"], **asked)

    assert told(startTime=dated, endTime=dated) == [record]
    assert told(startTime=dated - MOST_LATE, endTime=dated - 1) == []
    assert record not in told(startTime=dated + 1)


def test_pages_of_settlements_lose_and_repeat_none(market):
    desk, go = market
    go(START + 24 * HOUR)
    start, paged = START - 30 * 24 * HOUR, []
    while page := get(desk, "fundingRate", symbol="BTCUSDT", startTime=start, limit=7):
        paged += page
        start = page[-1]["fundingTime"] + 1

    assert paged == get(desk, "fundingRate", symbol="BTCUSDT", limit=len(paged))
    assert len(paged) > 90
