"""Single trades agree with the candles that they are made of, and with the tickers."""

import json
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.market import Interval, Market
from divbot.exchange.market.candles import form
from divbot.exchange.market.tape import HIGH, LOW
from divbot.exchange.market.trades import trades_of
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks

from .markets import NOON, RowsTape, ask, get, random_rows, synthetic_desk, tape_desk

SPOT, USDM = Market.SPOT, Market.USDM
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LAST_MINUTE = NOON // MINUTE * MINUTE - MINUTE


@pytest.fixture(scope="module")
def desks():
    return {market: synthetic_desk(market) for market in Market}


def candle(count, *, volume=10_000, bought=4_000, prices=(500, 540, 480, 520)):
    return np.array([LAST_MINUTE, *prices, volume, 7, count, bought, 3], dtype=np.int64)


def whole(row):
    return list(trades_of(row, MINUTE, 100, range(int(row[7]))))


@pytest.mark.parametrize("prices", [(500, 540, 480, 520), (520, 540, 480, 500)], ids=["up", "down"])
@pytest.mark.parametrize("count", [4, 5, 6, 7, 8, 11, 12, 13, 997])
def test_trades_add_up_to_their_candle(count, prices):
    row = candle(count, prices=prices)
    trades = whole(row)

    assert [each.number for each in trades] == list(range(100, 100 + count))
    assert [trades[0].price, trades[-1].price] == [row[1], row[4]]
    assert {max(each.price for each in trades), min(each.price for each in trades)} == {540, 480}
    assert sum(each.size for each in trades) == 10_000
    bought = sum(each.size for each in trades if not each.is_buyer_maker)
    assert abs(bought - 4_000) <= 10_000 // count + 1
    assert all(a.time < b.time for a, b in pairwise(trades))
    assert trades[0].time >= LAST_MINUTE
    assert trades[-1].time == LAST_MINUTE + MINUTE - 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_of_few_trades_is_at_the_close(count):
    trades = whole(candle(count))

    assert trades[-1].price == 520
    assert all(480 <= each.price <= 540 for each in trades)


@pytest.mark.parametrize("count", range(4, 40))
def test_no_trade_is_outside_what_its_forming_candle_has_seen(count):
    row = candle(count)
    for trade in whole(row):
        formed = form(row, trade.time + 1 - LAST_MINUTE, MINUTE)

        assert formed[7] == trade.number - 100 + 1
        assert formed[LOW] <= trade.price <= formed[HIGH]


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_the_trades_of_a_minute_are_its_candle(desks, market, symbol):
    asked = {"symbol": symbol, "startTime": LAST_MINUTE, "endTime": LAST_MINUTE + MINUTE - 1}
    (row,) = get(desks[market], "klines", interval="1m", **asked)

    trades, since = [], {"startTime": LAST_MINUTE, "endTime": asked["endTime"]}
    while page := get(desks[market], "aggTrades", symbol=symbol, limit=1000, **since):
        trades += [each for each in page if each["T"] <= asked["endTime"]]
        since = {"fromId": page[-1]["a"] + 1}
        if page[-1]["T"] > asked["endTime"]:
            break

    prices = [Decimal(each["p"]) for each in trades]
    assert len(trades) == row[8] > 4
    assert [prices[0], max(prices), min(prices), prices[-1]] == list(map(Decimal, row[1:5]))
    assert sum(Decimal(each["q"]) for each in trades) == Decimal(row[5])
    assert all(b["a"] == a["a"] + 1 for a, b in pairwise(trades))
    assert all(each["f"] == each["l"] == each["a"] for each in trades)


@pytest.mark.parametrize("market", list(Market))
def test_the_newest_trade_is_the_last_of_the_ticker(desks, market):
    ticker = get(desks[market], "ticker/24hr", symbol="ETHUSDT")

    recent = get(desks[market], "trades", symbol="ETHUSDT")
    (newest,) = get(desks[market], "aggTrades", symbol="ETHUSDT", limit=1)

    assert len(recent) == 500
    assert recent[-1]["id"] == newest["a"] == ticker["lastId"]
    assert NOON - MINUTE < recent[-1]["time"] == newest["T"] < NOON
    assert float(recent[-1]["price"]) == pytest.approx(float(ticker["lastPrice"]), rel=1e-3)


def test_the_first_trade_of_a_ticker_is_found_by_its_number(desks):
    ticker = get(desks[SPOT], "ticker/24hr", symbol="ETHUSDT")

    (first,) = get(desks[SPOT], "aggTrades", symbol="ETHUSDT", fromId=ticker["firstId"], limit=1)

    assert first["a"] == ticker["firstId"]
    assert Decimal(first["p"]) == Decimal(ticker["openPrice"])
    assert 0 <= first["T"] - (NOON - DAY) < 2 * MINUTE


@pytest.mark.parametrize("market", list(Market))
def test_trades_have_the_documented_fields(desks, market):
    ours = [list(get(desks[market], name, symbol="BTCUSDT", limit=1)[0]) for name in NAMES]

    last = {SPOT: ("isBestMatch", ["M"]), USDM: ("isRPITrade", [])}[market]
    assert ours[0] == ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", last[0]]
    assert ours[1] == ["a", "p", "q", "f", "l", "T", "m", *last[1]]


NAMES = ("trades", "aggTrades")


@pytest.mark.parametrize("market", list(Market))
def test_the_quote_quantity_is_price_times_quantity(desks, market):
    for trade in get(desks[market], "trades", symbol="SOLUSDT", limit=50):
        assert Decimal(trade["quoteQty"]) == Decimal(trade["price"]) * Decimal(trade["qty"])
        assert Decimal(trade["qty"]) > 0


def numbers(desk, **asked):
    return [each["a"] for each in get(desk, "aggTrades", symbol="BTCUSDT", **asked)]


def test_aggregates_are_chosen_by_number_or_by_time(desks):
    desk = desks[SPOT]
    newest = numbers(desk, limit=1)[0]

    assert numbers(desk) == list(range(newest - 499, newest + 1))
    assert numbers(desk, fromId=newest - 2) == [newest - 2, newest - 1, newest]
    assert numbers(desk, fromId=newest - 9, limit=2) == [newest - 9, newest - 8]
    assert numbers(desk, fromId=newest + 1) == []
    assert numbers(desk, startTime=NOON) == []
    (one,) = get(desk, "aggTrades", symbol="BTCUSDT", fromId=newest - 5, limit=1)
    assert numbers(desk, startTime=one["T"], endTime=one["T"]) == [one["a"]]
    assert numbers(desk, startTime=one["T"] + 1, limit=1) == [one["a"] + 1]
    assert numbers(desk, endTime=one["T"], limit=3) == [one["a"] - 2, one["a"] - 1, one["a"]]
    assert numbers(desk, endTime=one["T"] - 1, limit=1) == [one["a"] - 1]


def test_the_first_trade_ever_is_the_listing_s():
    rows = random_rows(3000, start=NOON - 3000 * MINUTE)
    desk = tape_desk(RowsTape({"BTCUSDT": rows}), now=NOON)

    (first,) = get(desk, "aggTrades", symbol="BTCUSDT", fromId=0, limit=1)

    assert 0 <= first["T"] - (NOON - 3000 * MINUTE) < MINUTE
    assert numbers(desk, startTime=0, limit=1) == [first["a"]]
    assert sum(rows[:, 7]) >= numbers(desk, limit=1)[0] - first["a"] > sum(rows[:-2, 7])


def test_a_young_listing_has_only_the_trades_that_there_were():
    rows = random_rows(2, start=NOON // MINUTE * MINUTE - MINUTE)
    rows[:, 7] = 5
    desk = tape_desk(RowsTape({"BTCUSDT": rows}), now=NOON)

    assert len(get(desk, "trades", symbol="BTCUSDT")) == 5 + 5 * 20 // 60


def test_futures_keep_trades_for_a_day(desks):
    oldest = get(desks[USDM], "aggTrades", symbol="BTCUSDT", fromId=0, limit=1)
    asked = {"startTime": NOON - 2 * DAY, "limit": 1}

    assert NOON - DAY <= oldest[0]["T"] < NOON - DAY + MINUTE
    assert get(desks[USDM], "aggTrades", symbol="BTCUSDT", **asked) == oldest
    assert (
        get(desks[SPOT], "aggTrades", symbol="BTCUSDT", **asked)[0]["T"] < NOON - 2 * DAY + MINUTE
    )


def test_numbers_are_the_same_for_exchanges_of_one_day_and_stay_so():
    clock = ManualClock(NOON)
    options = ExchangeOptions(markets=(SPOT,), symbols=1, at=NOON)
    (desk,) = open_desks(options, clock)
    earlier = synthetic_desk(now=NOON - HOUR, symbols=1)
    asked = {"symbol": "BTCUSDT", "startTime": NOON - 2 * HOUR, "limit": 3}
    before = get(desk, "aggTrades", **asked)

    clock.advance(3 * 24 * 3600)

    assert before == get(desk, "aggTrades", **asked) == get(earlier, "aggTrades", **asked)


def test_what_has_ended_is_not_traded_any_more():
    desk = synthetic_desk(awkward=True)

    (last,) = get(desk, "trades", symbol="FTTUSDT", limit=1)

    assert NOON - 3 * HOUR - MINUTE < last["time"] < NOON - 3 * HOUR


def test_a_market_of_long_candles_has_trades_too():
    rows = random_rows(40, start=NOON // DAY * DAY - 39 * DAY, step=DAY)
    desk = tape_desk(RowsTape({"BTCUSDT": rows}, Interval.D1), now=NOON)

    trades = get(desk, "trades", symbol="BTCUSDT", limit=5)

    assert [b["id"] - a["id"] for a, b in pairwise(trades)] == [1] * 4
    assert trades[-1]["time"] < NOON


@pytest.mark.parametrize(
    ("market", "endpoint", "weight"),
    [(SPOT, "trades", 25), (SPOT, "aggTrades", 4), (USDM, "trades", 5), (USDM, "aggTrades", 20)],
)
def test_trades_cost_what_the_venue_charges(desks, market, endpoint, weight):
    desk = desks[market]
    before = int(ask(desk, "ping").headers["x-mbx-used-weight-1m"])

    response = ask(desk, endpoint, symbol="BTCUSDT", limit=1)

    assert int(response.headers["x-mbx-used-weight-1m"]) - before == weight


@pytest.mark.parametrize(
    ("market", "endpoint", "asked", "code"),
    [
        (SPOT, "trades", {}, -1102),
        (SPOT, "trades", {"symbol": "NONE"}, -1121),
        (SPOT, "trades", {"symbol": "BTCUSDT", "fromId": 1}, -1104),
        (SPOT, "aggTrades", {"symbol": "BTCUSDT", "fromId": "x"}, -1100),
        (USDM, "trades", {"symbol": "BTCUSDT", "limit": 1001}, -1130),
        (USDM, "aggTrades", {"symbol": "BTCUSDT", "startTime": 0, "endTime": HOUR + 1}, -1127),
    ],
)
def test_a_wrong_request_for_trades_is_refused(desks, market, endpoint, asked, code):
    response = ask(desks[market], endpoint, **asked)

    assert (response.status, json.loads(response.body)["code"]) == (400, code)


def test_times_of_trades_are_told_in_microseconds_when_asked(desks):
    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    for name, field in (("trades", "time"), ("aggTrades", "T")):
        (plain,) = get(desks[SPOT], name, symbol="BTCUSDT", limit=1)
        query = "symbol=BTCUSDT&limit=1"
        body = desks[SPOT].answer(f"/api/v3/{name}", query, headers=headers).body
        assert json.loads(body)[0][field] == 1000 * plain[field]
