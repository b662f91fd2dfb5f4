"""What futures derive from their prices: index, premium, continuous contracts, and the like."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Market

from .markets import NOON, ask, get, open_times, synthetic_desk

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BTC = {"interval": "1h", "limit": 50}


@pytest.fixture(scope="module")
def desk():
    return synthetic_desk(Market.USDM, symbols=5, awkward=True)


def numbers(rows, column):
    return [Decimal(row[column]) for row in rows]


@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_candles_of_the_index_end_at_the_index(desk, interval):
    asked = {"interval": interval, "limit": 50}

    rows = get(desk, "indexPriceKlines", pair="BTCUSDT", **asked)

    assert rows[-1][4] == get(desk, "premiumIndex", symbol="BTCUSDT")["indexPrice"]
    assert open_times(rows) == open_times(get(desk, "klines", symbol="BTCUSDT", **asked))
    assert {(row[5], row[7], row[9], row[10], row[11]) for row in rows} == {("0",) * 5}


def test_the_premium_is_how_far_the_mark_is_above_the_index(desk):
    rows = get(desk, "premiumIndexKlines", symbol="BTCUSDT", **BTC)
    marks = get(desk, "markPriceKlines", symbol="BTCUSDT", **BTC)
    indexes = get(desk, "indexPriceKlines", pair="BTCUSDT", **BTC)

    for column in (1, 4):
        ratios = [
            float(mark / index - 1)
            for mark, index in zip(numbers(marks, column), numbers(indexes, column), strict=True)
        ]
        assert [float(row[column]) for row in rows] == pytest.approx(ratios, abs=2e-8)
    assert any(float(row[4]) < 0 for row in rows) is True
    assert all(len(row[4].partition(".")[2]) == 8 for row in rows)


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [("markPriceKlines", "symbol"), ("indexPriceKlines", "pair"), ("premiumIndexKlines", "symbol")],
)
def test_a_long_candle_reaches_as_far_as_the_short_ones_within_it(desk, endpoint, name):
    asked = {name: "BTCUSDT", "startTime": NOON // DAY * DAY - 9 * DAY}
    days = get(desk, endpoint, interval="1d", limit=9, **asked)
    hours = get(desk, endpoint, interval="1h", limit=9 * 24, **asked)

    for day, row in enumerate(days):
        within = hours[24 * day : 24 * day + 24]
        assert max(numbers(within, 2)) <= Decimal(row[2])
        assert min(numbers(within, 3)) >= Decimal(row[3])
        assert (row[1], row[4]) == (within[0][1], within[-1][4])


@pytest.mark.parametrize(
    ("contract", "symbol"), [("PERPETUAL", "BTCUSDT"), ("CURRENT_QUARTER", "BTCUSDT_240927")]
)
def test_a_continuous_contract_is_the_one_of_its_kind(desk, contract, symbol):
    rows = get(desk, "continuousKlines", pair="BTCUSDT", contractType=contract, **BTC)

    assert rows == get(desk, "klines", symbol=symbol, **BTC)


def test_a_traditional_contract_is_a_continuous_one_too(desk):
    asked = {"pair": "TSLAUSDT", "contractType": "TRADIFI_PERPETUAL"}

    assert get(desk, "continuousKlines", **asked, **BTC) == get(
        desk, "klines", symbol="TSLAUSDT", **BTC
    )


@pytest.mark.parametrize(
    ("endpoint", "asked", "code"),
    [
        ("continuousKlines", {"pair": "BTCUSDT", "interval": "1h"}, -1102),
        ("continuousKlines", {"contractType": "PERPETUAL", "interval": "1h"}, -1102),
        (
            "continuousKlines",
            {"pair": "BTCUSDT", "contractType": "FOREVER", "interval": "1h"},
            -1130,
        ),
        (
            "continuousKlines",
            {"pair": "ETHUSDT", "contractType": "CURRENT_QUARTER", "interval": "1h"},
            -1121,
        ),
        ("indexPriceKlines", {"symbol": "BTCUSDT", "interval": "1h"}, -1102),
        ("indexPriceKlines", {"pair": "BTCUSDT"}, -1102),
        ("premiumIndexKlines", {"symbol": "BTCUSDT", "interval": "1h", "limit": 1501}, -1130),
        ("openInterest", {}, -1102),
        ("openInterest", {"symbol": "NONE"}, -1121),
        ("openInterest", {"symbol": "SOONXUSDT"}, -1122),
    ],
)
def test_a_wrong_request_is_refused(desk, endpoint, asked, code):
    response = ask(desk, endpoint, **asked)

    assert (response.status, json.loads(response.body)["code"]) == (400, code)


@pytest.mark.parametrize("limit", [99, 100, 500, 1001])
@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("indexPriceKlines", {"pair": "BTCUSDT"}),
        ("premiumIndexKlines", {"symbol": "BTCUSDT"}),
        ("continuousKlines", {"pair": "BTCUSDT", "contractType": "PERPETUAL"}),
    ],
)
def test_derived_candles_cost_what_candles_do(endpoint, asked, limit):
    desk = synthetic_desk(Market.USDM, symbols=1)

    used = int(
        ask(desk, endpoint, interval="1h", limit=limit, **asked).headers["x-mbx-used-weight-1m"]
    )

    assert used == {99: 1, 100: 2, 500: 5, 1001: 10}[limit]


def test_the_open_interest_is_told_with_its_time(desk):
    interest = get(desk, "openInterest", symbol="BTCUSDT")

    volume = Decimal(get(desk, "ticker/24hr", symbol="BTCUSDT")["volume"])
    assert list(interest) == ["openInterest", "symbol", "time"]
    assert interest["time"] == NOON
    assert volume / 20 < Decimal(interest["openInterest"]) < volume / 4


@pytest.mark.parametrize(("endpoint", "weight"), [("openInterest", 1), ("tradingSchedule", 5)])
def test_the_rest_costs_what_the_venue_charges(endpoint, weight):
    desk = synthetic_desk(Market.USDM, symbols=1)

    response = ask(desk, endpoint, symbol="BTCUSDT")

    assert (response.status, response.headers["x-mbx-used-weight-1m"]) == (200, str(weight))


def sessions(now, name):
    schedule = get(synthetic_desk(Market.USDM, now=parse_time(now), symbols=1), "tradingSchedule")
    assert schedule["updateTime"] == parse_time(now)
    return schedule["marketSchedules"][name]["sessions"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [("2025-10-23T10:00", "13:30"), ("2025-12-04T10:00", "14:30")],
    ids=["summer time", "winter time"],
)
def test_the_day_of_new_york_has_its_sessions(now, opens):
    regular = [each for each in sessions(now, "EQUITY") if each["type"] == "REGULAR"]

    day = now[:10]
    assert parse_time(f"{day}T{opens}") in [each["startTime"] for each in regular]
    assert {each["endTime"] - each["startTime"] for each in regular} == {13 * HOUR // 2}


def test_the_documented_session_is_where_it_was():
    found = sessions("2025-10-24T06:17", "EQUITY")

    assert found[:2] == [
        {"startTime": 1761177600000, "endTime": 1761206400000, "type": "OVERNIGHT"},
        {"startTime": 1761206400000, "endTime": 1761226200000, "type": "PRE_MARKET"},
    ]


@pytest.mark.parametrize("name", ["EQUITY", "COMMODITY"])
@pytest.mark.parametrize("now", ["2025-10-24", "2025-10-30", "2026-03-06", "2024-07-30"])
def test_sessions_follow_each_other_without_a_hole(name, now):
    found = sessions(now, name)

    assert all(a["endTime"] == b["startTime"] for a, b in pairwise(found))
    kinds = {each["type"] for each in found}
    assert kinds == {"REGULAR", "NO_TRADING"} | (
        {"PRE_MARKET", "AFTER_MARKET", "OVERNIGHT"} if name == "EQUITY" else set()
    )
    longest = max(found, key=lambda each: each["endTime"] - each["startTime"])
    assert longest["type"] == "NO_TRADING"
    assert longest["endTime"] - longest["startTime"] >= 2 * DAY - HOUR
