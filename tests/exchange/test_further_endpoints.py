"""Depth, funding, mark price, averages, and replies in microseconds: what other clients ask for."""

import json
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval, Market
from divbot.exchange.rest.rate_limiter import RateLimiter

from .markets import (
    NOON,
    RowsTape,
    ask,
    due,
    get,
    open_times,
    random_rows,
    synthetic_desk,
    tape_desk,
)

SPOT, USDM = Market.SPOT, Market.USDM
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.fixture(scope="module")
def desks():
    return {market: synthetic_desk(market) for market in Market}


@pytest.fixture(scope="module")
def futures():
    """A market with symbols of all funding intervals."""
    return synthetic_desk(USDM, symbols=30, awkward=True)


def decimals(levels):
    return [(Decimal(price), Decimal(size)) for price, size in levels]


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_book_begins_at_the_book_ticker(desks, market, symbol):
    ticker = get(desks[market], "ticker/bookTicker", symbol=symbol)

    book = get(desks[market], "depth", symbol=symbol, limit=5)

    assert book["bids"][0] == [ticker["bidPrice"], ticker["bidQty"]]
    assert book["asks"][0] == [ticker["askPrice"], ticker["askQty"]]


@pytest.mark.parametrize("market", list(Market))
def test_the_book_gets_worse_level_by_level(desks, market):
    book = get(desks[market], "depth", symbol="SOLUSDT", limit=1000)
    bids, asks = decimals(book["bids"]), decimals(book["asks"])

    assert len(bids) == len(asks) == 1000
    assert all(a[0] > b[0] > 0 for a, b in pairwise(bids))
    assert all(a[0] < b[0] for a, b in pairwise(asks))
    assert min(size for _, size in bids + asks) > 0
    assert asks[99][0] / bids[99][0] < Decimal("1.02")


@pytest.mark.parametrize(
    ("market", "limit", "levels", "weight"),
    [
        pytest.param(SPOT, None, 100, 5, id="spot, default"),
        pytest.param(SPOT, 1, 1, 5, id="spot, one"),
        pytest.param(SPOT, 101, 101, 25, id="spot, 101"),
        pytest.param(SPOT, 501, 501, 50, id="spot, 501"),
        pytest.param(SPOT, 1001, 1001, 250, id="spot, 1001"),
        pytest.param(SPOT, 9999, 5000, 250, id="spot, more than there is"),
        pytest.param(USDM, None, 500, 10, id="usdm, default"),
        pytest.param(USDM, 50, 50, 2, id="usdm, 50"),
        pytest.param(USDM, 100, 100, 5, id="usdm, 100"),
        pytest.param(USDM, 1000, 1000, 20, id="usdm, 1000"),
    ],
)
def test_depth_is_limited_and_charged_by_levels(desks, market, limit, levels, weight):
    desk = desks[market]
    asked = {"symbol": "BTCUSDT"} | ({} if limit is None else {"limit": limit})
    before = int(ask(desk, "ping").headers["x-mbx-used-weight-1m"])

    response = ask(desk, "depth", **asked)

    assert len(json.loads(response.body)["asks"]) == levels
    assert int(response.headers["x-mbx-used-weight-1m"]) - before == weight


@pytest.mark.parametrize(
    ("market", "asked", "code"),
    [
        (SPOT, {"symbol": "BTCUSDT", "limit": 0}, -1130),
        (SPOT, {"symbol": "BTCUSDT", "depth": 5}, -1104),
        (SPOT, {"symbol": "NONE"}, -1121),
        (SPOT, {}, -1102),
        (USDM, {"symbol": "BTCUSDT", "limit": 7}, -4021),
        (USDM, {"symbol": "BTCUSDT", "limit": "x"}, -4021),
    ],
)
def test_a_wrong_depth_is_refused(desks, market, asked, code):
    response = ask(desks[market], "depth", **asked)

    assert (response.status, json.loads(response.body)["code"]) == (400, code)


def test_books_have_the_documented_fields(desks):
    spot, usdm = (list(get(desk, "depth", symbol="BTCUSDT", limit=5)) for desk in desks.values())

    assert spot == ["lastUpdateId", "bids", "asks"]
    assert usdm == ["lastUpdateId", "E", "T", "bids", "asks"]


def test_a_book_ends_where_there_is_no_price_any_more():
    rows = random_rows(10, start=NOON - 5 * MINUTE)
    rows[:, 1:5] = 4
    desk = tape_desk(RowsTape({"AAAUSDT": rows}), now=NOON)

    book = get(desk, "depth", symbol="AAAUSDT", limit=100)

    assert 1 <= len(book["bids"]) <= 4
    assert Decimal(book["bids"][-1][0]) > 0
    assert len(book["asks"]) == 100


def test_what_has_no_price_has_no_book():
    desk = synthetic_desk(awkward=True)

    book = get(desk, "depth", symbol="MATICUSDT")

    assert (book["bids"], book["asks"]) == ([], [])


@pytest.mark.parametrize("hours", [8, 4, 1])
def test_funding_is_paid_on_the_grid_of_each_symbol(futures, hours):
    told = {each["symbol"]: each["fundingIntervalHours"] for each in get(futures, "fundingInfo")}
    symbol = next(
        each["symbol"]
        for each in get(futures, "premiumIndex")
        if told.get(each["symbol"], 8) == hours and each["nextFundingTime"]
    )

    records = get(futures, "fundingRate", symbol=symbol, limit=10)
    premium = get(futures, "premiumIndex", symbol=symbol)

    times = [due(record) for record in records]
    assert set(np.diff(times)) == {hours * HOUR}
    assert times[-1] <= NOON < times[-1] + hours * HOUR == premium["nextFundingTime"]
    assert list(records[0]) == ["symbol", "fundingRate", "fundingTime", "markPrice", "rateType"]
    assert all(abs(Decimal(record["fundingRate"])) < Decimal("0.001") for record in records)


def test_the_running_estimate_becomes_the_record():
    premium = get(synthetic_desk(USDM), "premiumIndex", symbol="ETHUSDT")
    settles = premium["nextFundingTime"]

    at_once = synthetic_desk(USDM, now=settles)
    (record,) = get(
        synthetic_desk(USDM, now=settles + 20), "fundingRate", symbol="ETHUSDT", limit=1
    )
    (remembered,) = get(
        synthetic_desk(USDM, now=settles + 5 * HOUR), "fundingRate", symbol="ETHUSDT", limit=1
    )

    assert record == remembered
    assert due(record) == settles
    assert record["fundingRate"] == premium["lastFundingRate"]
    assert record["markPrice"] == get(at_once, "premiumIndex", symbol="ETHUSDT")["markPrice"]


def rates(desk, **asked):
    return [each["fundingTime"] for each in get(desk, "fundingRate", symbol="BTCUSDT", **asked)]


def test_a_range_of_funding_includes_both_ends(desks):
    times = rates(desks[USDM], limit=5)

    assert rates(desks[USDM], startTime=times[1], endTime=times[3]) == times[1:4]
    assert rates(desks[USDM], startTime=times[1] + 1, endTime=times[3] - 1) == times[2:3]
    assert rates(desks[USDM], startTime=times[1]) == times[1:]
    assert rates(desks[USDM], startTime=times[1], limit=2) == times[1:3]
    assert rates(desks[USDM], endTime=times[3], limit=2) == times[2:4]
    assert rates(desks[USDM], startTime=NOON + 1) == []


@pytest.mark.parametrize(("limit", "count"), [(None, 100), (7, 7), (1000, 1000)])
def test_funding_is_limited(desks, limit, count):
    assert len(rates(desks[USDM], **({} if limit is None else {"limit": limit}))) == count


@pytest.mark.parametrize("limit", [0, 1001, "x"])
def test_a_wrong_limit_of_funding_is_refused(desks, limit):
    response = ask(desks[USDM], "fundingRate", symbol="BTCUSDT", limit=limit)

    assert (response.status, json.loads(response.body)["code"]) == (400, -1130)


def test_funding_of_all_symbols_ends_with_the_newest(futures):
    records = get(futures, "fundingRate", limit=50)

    times = [record["fundingTime"] for record in records]
    assert len(records) == 50
    assert times == sorted(times)
    assert len({record["symbol"] for record in records}) > 5
    assert not any("_" in record["symbol"] for record in records)


def test_only_adjusted_symbols_stand_in_the_funding_info(futures):
    info = get(futures, "fundingInfo")

    assert {each["fundingIntervalHours"] for each in info} == {4, 1}
    assert list(info[0]) == [
        "symbol",
        "adjustedFundingRateCap",
        "adjustedFundingRateFloor",
        "fundingIntervalHours",
        "disclaimer",
    ]


def test_funding_costs_no_weight_but_has_a_limit_of_its_own(desks):
    before = ask(desks[USDM], "ping").headers["x-mbx-used-weight-1m"]

    response = ask(desks[USDM], "fundingRate", symbol="BTCUSDT", limit=1)

    assert response.headers["x-mbx-used-weight-1m"] == before
    clock = ManualClock(NOON // (5 * MINUTE) * 5 * MINUTE)
    limiter = RateLimiter(clock)
    asked = [limiter.admit(USDM, 0, funding=1).rejection for _ in range(501)]
    assert asked[:500] == [None] * 500
    assert asked[500].status == 429
    assert limiter.admit(USDM, 1).rejection is None
    assert limiter.admit(USDM, 0, funding=1).retry_after == 300
    clock.advance(300)
    assert limiter.admit(USDM, 0, funding=1).rejection is None


def test_funding_of_a_market_of_long_candles():
    rows = random_rows(100, start=NOON // DAY * DAY - 90 * DAY, step=DAY)
    tape = RowsTape({"BTCUSDT": rows}, Interval.D1)
    desk = tape_desk(tape, now=NOON, market=USDM)

    records = get(desk, "fundingRate", symbol="BTCUSDT", limit=3)

    assert len(records) == 3
    assert float(records[-1]["markPrice"]) == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_candles_of_the_mark_price_end_at_the_mark_price(desks, interval):
    premium = get(desks[USDM], "premiumIndex", symbol="BTCUSDT")
    asked = {"symbol": "BTCUSDT", "interval": interval, "limit": 50}

    rows = get(desks[USDM], "markPriceKlines", **asked)

    assert rows[-1][4] == premium["markPrice"]
    assert open_times(rows) == open_times(get(desks[USDM], "klines", **asked))
    assert all(Decimal(r[3]) <= min(Decimal(r[1]), Decimal(r[4])) for r in rows)
    assert all(Decimal(r[2]) >= max(Decimal(r[1]), Decimal(r[4])) for r in rows)
    assert {(row[5], row[7], row[9], row[10], row[11]) for row in rows} == {("0",) * 5}


def test_a_final_candle_of_the_mark_price_stays_as_it_is():
    early, late = (
        get(
            synthetic_desk(USDM, now=now),
            "markPriceKlines",
            symbol="ETHUSDT",
            interval="1m",
            startTime=NOON - 10 * MINUTE,
            limit=5,
        )
        for now in (NOON, NOON + HOUR)
    )

    assert early == late


def test_prices_are_the_same_by_their_second_address(desks):
    path = "/fapi/v2/ticker/price"
    one, many = (desks[USDM].answer(path, query).body for query in ("symbol=BTCUSDT", ""))

    assert json.loads(one) == get(desks[USDM], "ticker/price", symbol="BTCUSDT")
    assert json.loads(many) == get(desks[USDM], "ticker/price")


def test_the_average_price_is_that_of_the_last_five_minutes(desks):
    average = get(desks[SPOT], "avgPrice", symbol="BTCUSDT")

    rows = get(desks[SPOT], "klines", symbol="BTCUSDT", interval="1m", startTime=NOON - 5 * MINUTE)
    quoted, volume = (sum(Decimal(row[column]) for row in rows) for column in (7, 5))
    assert list(average) == ["mins", "price", "closeTime"]
    assert (average["mins"], average["closeTime"]) == (5, NOON)
    assert abs(Decimal(average["price"]) - quoted / volume) < Decimal("0.00000002")


def test_without_trades_the_average_is_the_last_price():
    rows = random_rows(60, start=NOON - 3 * HOUR)
    desk = tape_desk(
        RowsTape({"AAAUSDT": rows, "BBBUSDT": random_rows(999, start=NOON - DAY)}), now=NOON
    )

    assert get(desk, "avgPrice", symbol="AAAUSDT")["price"] == f"{rows[-1, 4] / 100:.8f}"


def test_ui_klines_are_klines(desks):
    asked = {"symbol": "BTCUSDT", "interval": "1h", "limit": 5}

    assert get(desks[SPOT], "uiKlines", **asked) == get(desks[SPOT], "klines", **asked)


@pytest.mark.parametrize(
    ("market", "endpoint"),
    [(SPOT, "fundingRate"), (SPOT, "markPriceKlines"), (USDM, "avgPrice"), (USDM, "uiKlines")],
)
def test_a_market_has_its_own_endpoints_only(desks, market, endpoint):
    assert ask(desks[market], endpoint).status == 404


def in_microseconds(desk, endpoint, query=""):
    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    return json.loads(desk.answer(f"{desk.prefix}{endpoint}", query, headers=headers).body)


def test_spot_tells_times_in_microseconds_when_asked(desks):
    desk, one = desks[SPOT], "symbol=BTCUSDT"

    (row,) = in_microseconds(desk, "klines", f"{one}&interval=1h&limit=1")
    ticker = in_microseconds(desk, "ticker/24hr", one)

    assert in_microseconds(desk, "time") == {"serverTime": NOON * 1000}
    assert in_microseconds(desk, "exchangeInfo", one)["serverTime"] == NOON * 1000
    assert in_microseconds(desk, "avgPrice", one)["closeTime"] == NOON * 1000
    assert row[0] == NOON // HOUR * HOUR * 1000
    assert row[6] == row[0] + HOUR * 1000 - 1
    assert (ticker["openTime"], ticker["closeTime"]) == ((NOON - DAY) * 1000, NOON * 1000)
    assert [each["closeTime"] for each in in_microseconds(desk, "ticker/24hr")] == [NOON * 1000] * 3
    (again,) = get(desk, "klines", symbol="BTCUSDT", interval="1h", limit=1)
    assert again[0] * 1000 == row[0]


def test_futures_know_milliseconds_only(desks):
    assert in_microseconds(desks[USDM], "time") == {"serverTime": NOON}


@pytest.mark.parametrize(
    ("accept", "content_type", "starts"),
    [
        ("text/html,application/xml", "text/html", b"<html>"),
        ("*/*", "application/json;charset=UTF-8", b'{"code":-5000'),
    ],
)
def test_a_browser_is_told_in_html_that_there_is_nothing(desks, accept, content_type, starts):
    response = desks[SPOT].answer("/api/v3/nowhere", "", headers={"Accept": accept})

    assert (response.status, response.headers["Content-Type"]) == (404, content_type)
    assert response.body.startswith(starts)
