"""Spot statistics of other stretches than 24 hours: a rolling window, and the trading day."""

import json
from decimal import Decimal

import pytest

from divbot.domain.market import Market

from .markets import NOON, ask, get, synthetic_desk

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = NOON // DAY * DAY
TIMES_AND_IDS = ["openTime", "closeTime", "firstId", "lastId", "count"]
PRICES = ["openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume"]
MINI = ["symbol", *PRICES, *TIMES_AND_IDS]
FULL = ["symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", *PRICES, *TIMES_AND_IDS]
ENDPOINTS = ("ticker", "ticker/tradingDay")


@pytest.fixture(scope="module")
def desk():
    return synthetic_desk(symbols=60, awkward=True)


def candles(desk, start):
    rows = get(desk, "klines", symbol="BTCUSDT", interval="1m", startTime=start, limit=1000)
    while more := get(desk, "klines", symbol="BTCUSDT", interval="1m", startTime=rows[-1][6] + 1):
        rows += more
    return rows


@pytest.mark.parametrize(
    ("endpoint", "asked", "start", "end"),
    [
        ("ticker", {}, NOON - DAY, NOON),
        ("ticker", {"windowSize": "1m"}, NOON - MINUTE, NOON),
        ("ticker", {"windowSize": "59m"}, NOON - 59 * MINUTE, NOON),
        ("ticker", {"windowSize": "23h"}, NOON - 23 * HOUR, NOON),
        ("ticker", {"windowSize": "7d"}, NOON - 7 * DAY, NOON),
        ("ticker/tradingDay", {}, MIDNIGHT, MIDNIGHT + DAY - 1),
        ("ticker/tradingDay", {"timeZone": "8"}, MIDNIGHT - 8 * HOUR, MIDNIGHT + 16 * HOUR - 1),
        ("ticker/tradingDay", {"timeZone": "-5:00"}, MIDNIGHT + 5 * HOUR, MIDNIGHT + 29 * HOUR - 1),
    ],
)
def test_a_window_is_what_its_candles_make(desk, endpoint, asked, start, end):
    ticker = get(desk, endpoint, symbol="BTCUSDT", **asked)

    start -= start % MINUTE
    rows = candles(desk, start)
    assert list(ticker) == FULL
    assert (ticker["openTime"], ticker["closeTime"]) == (start, end)
    assert (ticker["openPrice"], ticker["lastPrice"]) == (rows[0][1], rows[-1][4])
    assert Decimal(ticker["highPrice"]) == max(Decimal(row[2]) for row in rows)
    assert Decimal(ticker["volume"]) == sum(Decimal(row[5]) for row in rows)
    assert ticker["count"] == sum(row[8] for row in rows)
    assert ticker["lastId"] - ticker["firstId"] + 1 == ticker["count"]
    assert ticker["lastId"] == get(desk, "ticker/24hr", symbol="BTCUSDT")["lastId"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_list_is_a_list_and_mini_is_short(desk, endpoint):
    full, mini = (
        get(desk, endpoint, symbols='["BTCUSDT","ETHUSDT"]', type=kind) for kind in ("FULL", "MINI")
    )

    assert [each["symbol"] for each in full] == ["BTCUSDT", "ETHUSDT"]
    assert [list(each) for each in mini] == [MINI] * 2
    assert mini == [{name: each[name] for name in MINI} for each in full]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_list_drops_what_is_in_another_status(desk, endpoint):
    asked = {"symbols": '["BTCUSDT","MATICUSDT"]', "symbolStatus": "TRADING"}

    assert [each["symbol"] for each in get(desk, endpoint, **asked)] == ["BTCUSDT"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_is_traded_no_more_has_an_empty_window(desk, endpoint):
    ticker = get(desk, endpoint, symbol="MATICUSDT")

    assert (ticker["count"], ticker["firstId"], ticker["lastId"]) == (0, -1, -1)
    assert float(ticker["volume"]) == 0


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(("symbols", "weight"), [(0, 4), (1, 4), (2, 8), (50, 200), (60, 200)])
def test_each_symbol_costs_four_up_to_two_hundred(desk, endpoint, symbols, weight):
    names = [each["symbol"] for each in get(desk, "ticker/price")][:symbols]
    asked = {"symbols": json.dumps(names, separators=(",", ":"))} if symbols else {"symbol": "NO"}
    before = int(ask(desk, "ping").headers["x-mbx-used-weight-1m"])

    response = ask(desk, endpoint, **asked)

    assert int(response.headers["x-mbx-used-weight-1m"]) - before == weight


@pytest.mark.parametrize(
    ("endpoint", "asked", "code"),
    [
        ("ticker", {}, -1102),
        ("ticker/tradingDay", {}, -1102),
        ("ticker", {"symbol": "BTCUSDT", "windowSize": "60m"}, -1130),
        ("ticker", {"symbol": "BTCUSDT", "windowSize": "8d"}, -1130),
        ("ticker", {"symbol": "BTCUSDT", "windowSize": "1d2h"}, -1130),
        ("ticker", {"symbol": "BTCUSDT", "type": "SHORT"}, -1139),
        ("ticker", {"symbol": "BTCUSDT", "timeZone": "8"}, -1104),
        ("ticker", {"symbol": "MATICUSDT", "symbolStatus": "TRADING"}, -1220),
        ("ticker/tradingDay", {"symbol": "BTCUSDT", "windowSize": "1d"}, -1104),
        ("ticker/tradingDay", {"symbol": "BTCUSDT", "timeZone": "15"}, -1130),
        (
            "ticker",
            {"symbols": json.dumps([f"A{n}" for n in range(101)], separators=(",", ":"))},
            -1130,
        ),
    ],
)
def test_a_wrong_window_is_refused(desk, endpoint, asked, code):
    response = ask(desk, endpoint, **asked)

    assert (response.status, json.loads(response.body)["code"]) == (400, code)


DATA_ONLY = {
    "ping": {},
    "time": {},
    "exchangeInfo": {},
    "klines": {"symbol": "BTCUSDT", "interval": "1m"},
    "uiKlines": {"symbol": "BTCUSDT", "interval": "1m"},
    "ticker": {"symbol": "BTCUSDT"},
    "ticker/24hr": {},
    "ticker/price": {},
    "ticker/bookTicker": {},
    "avgPrice": {"symbol": "BTCUSDT"},
    "depth": {"symbol": "BTCUSDT"},
    "trades": {"symbol": "BTCUSDT"},
    "aggTrades": {"symbol": "BTCUSDT"},
}


def test_everything_of_the_host_for_market_data_only_is_there():
    desk = synthetic_desk(Market.SPOT, weight_limit=1_000_000)

    assert {ask(desk, name, **asked).status for name, asked in DATA_ONLY.items()} == {200}
