import json

import pytest

from divbot.domain.market import Market

from .markets import ask, path_of, synthetic_desk

KLINES = "symbol=BTCUSDT&interval=1h"
SPOT, USDM = Market.SPOT, Market.USDM


@pytest.fixture(scope="module")
def desks():
    return {market: synthetic_desk(market) for market in Market}


REFUSED = [
    # market, endpoint, query, code, part of the message
    (SPOT, "klines", "interval=1h", -1102, "'symbol' was not sent"),
    (SPOT, "klines", "symbol=&interval=1h", -1102, "'symbol' was not sent"),
    (SPOT, "klines", "symbol=BTCUSDT", -1102, "'interval' was not sent"),
    (SPOT, "klines", "symbol=btcusdt&interval=1h", -1100, "in parameter 'symbol'"),
    (SPOT, "klines", "symbol=BTC%20USDT&interval=1h", -1100, "in parameter 'symbol'"),
    (SPOT, "klines", f"symbol={'A' * 51}&interval=1h", -1100, "in parameter 'symbol'"),
    (SPOT, "klines", "symbol=NOUSDT&interval=1h", -1121, "Invalid symbol."),
    (SPOT, "klines", "symbol=हिन्दीUSDT&interval=1h", -1121, "Invalid symbol."),
    (SPOT, "ticker/price", 'symbols=["ไทยน้ำUSDT"]', -1121, "Invalid symbol."),
    (SPOT, "klines", "symbol=BTCUSDT&interval=7m", -1120, "Invalid interval."),
    (SPOT, "klines", "symbol=BTCUSDT&interval=1H", -1120, "Invalid interval."),
    (SPOT, "klines", f"{KLINES}&limit=x", -1100, "in parameter 'limit'"),
    (SPOT, "klines", f"{KLINES}&limit=-1", -1100, "in parameter 'limit'"),
    (SPOT, "klines", f"{KLINES}&limit=", -1105, "'limit' was empty"),
    (SPOT, "klines", f"{KLINES}&limit=0", -1130, "'limit' is not valid"),
    (SPOT, "klines", f"{KLINES}&startTime=now", -1100, "in parameter 'startTime'"),
    (SPOT, "klines", f"{KLINES}&timeZone=15", -1130, "'timeZone' is not valid"),
    (SPOT, "klines", f"{KLINES}&timeZone=Rome", -1130, "'timeZone' is not valid"),
    (SPOT, "klines", f"{KLINES}&since=1", -1104, "read '2' parameter(s) but was sent '3'"),
    (SPOT, "klines", f"{KLINES}&interval=1h", -1101, "Duplicate values"),
    (SPOT, "ping", "x=1", -1101, "expected '0' and received '1'"),
    (SPOT, "time", "x=1", -1101, "expected '0' and received '1'"),
    (SPOT, "ticker/price", "symbol=BTCUSDT&symbols=[]", -1128, "Combination"),
    (SPOT, "ticker/price", 'symbols=["BTCUSDT", "ETHUSDT"]', -1100, "'symbols'"),
    (SPOT, "ticker/price", 'symbols=["btcusdt"]', -1100, "'symbols'"),
    (SPOT, "ticker/price", "symbols=BTCUSDT", -1100, "'symbols'"),
    (SPOT, "ticker/price", 'symbols=["BTCUSDT","NOUSDT"]', -1121, "Invalid symbol."),
    (SPOT, "ticker/price", 'symbols=["BTCUSDT","BTCUSDT"]', -1151, "multiple times"),
    (SPOT, "ticker/price", "symbolStatus=OPEN", -1122, "symbolStatus"),
    (SPOT, "ticker/price", "symbol=BTCUSDT&symbolStatus=BREAK", -1220, "BREAK"),
    (SPOT, "ticker/price", "type=MINI", -1104, "read '0' parameter(s) but was sent '1'"),
    (SPOT, "avgPrice", "symbol=BTCUSDT&symbolStatus=TRADING", -1104, "was sent '2'"),
    (SPOT, "depth", "symbol=BTCUSDT&symbolStatus=BREAK", -1220, "BREAK"),
    (SPOT, "depth", 'symbols=["BTCUSDT"]', -1102, "'symbol' was not sent"),
    (SPOT, "ticker", "", -1102, "Param 'symbol' or 'symbols' must be sent"),
    (SPOT, "ticker/24hr", "type=SHORT", -1139, "Invalid ticker type."),
    (SPOT, "exchangeInfo", "symbol=NOUSDT", -1121, "Invalid symbol."),
    (SPOT, "exchangeInfo", "symbol=BTCUSDT&permissions=SPOT", -1128, "Combination"),
    (SPOT, "exchangeInfo", "symbol=BTCUSDT&symbolStatus=TRADING", -1128, "Combination"),
    (SPOT, "exchangeInfo", "showPermissionSets=no", -1100, "'showPermissionSets'"),
    (SPOT, "exchangeInfo", "limit=5", -1104, "read '0' parameter(s) but was sent '1'"),
    (USDM, "klines", "interval=1h", -1102, "'symbol' was not sent"),
    (USDM, "klines", "symbol=btcusdt&interval=1h", -1100, "in parameter 'symbol'"),
    (USDM, "klines", "symbol=NOUSDT&interval=1h", -1121, "Invalid symbol."),
    (USDM, "klines", "symbol=BTCUSDT&interval=1s", -1120, "Invalid interval."),
    (USDM, "klines", f"{KLINES}&limit=1501", -1130, "'limit' is not valid"),
    (USDM, "klines", f"{KLINES}&limit=0", -1130, "'limit' is not valid"),
    (USDM, "klines", f"{KLINES}&limit=x", -1130, "'limit' is not valid"),
    (USDM, "klines", f"{KLINES}&startTime=x", -1102, "'startTime' was not sent"),
    (USDM, "klines", f"{KLINES}&startTime=2&endTime=1", -1023, "Start time is greater"),
    (USDM, "ticker/24hr", "symbol=NOUSDT", -1121, "Invalid symbol."),
    (USDM, "premiumIndex", "symbol=NOUSDT", -1121, "Invalid symbol."),
]


@pytest.mark.parametrize(
    ("market", "endpoint", "query", "code", "message"),
    REFUSED,
    ids=[f"{row[0]} {row[1]}?{row[2][:60]}" for row in REFUSED],
)
def test_a_wrong_request_is_refused_in_the_venues_words(
    desks, market, endpoint, query, code, message
):
    response = desks[market].answer(path_of(market, endpoint), query)

    error = json.loads(response.body)
    assert (response.status, list(error)) == (400, ["code", "msg"])
    assert error["code"] == code
    assert message in error["msg"]


@pytest.mark.parametrize(
    ("market", "endpoint", "query"),
    [
        (SPOT, "ticker/price", 'symbols=["BTCUSDT","ETHUSDT"]'),
        (SPOT, "ticker/price", "symbols=%5B%22BTCUSDT%22%5D"),
        (SPOT, "ticker/24hr", "symbolStatus=TRADING&type=MINI"),
        (SPOT, "exchangeInfo", "showPermissionSets=false&symbolStatus=TRADING"),
        (SPOT, "exchangeInfo", 'permissions=["SPOT","MARGIN"]'),
        (SPOT, "klines", f"{KLINES}&timeZone=-12:00&limit=1500"),
        (USDM, "klines", f"{KLINES}&since=1&limit=1500"),
        (USDM, "klines", f"{KLINES}&timeZone=Rome"),
        (USDM, "ticker/24hr", "symbols=[]"),
        (USDM, "exchangeInfo", "symbol=NOUSDT"),
        (USDM, "ping", "x=1"),
    ],
)
def test_a_request_the_venue_takes_is_answered(desks, market, endpoint, query):
    assert desks[market].answer(path_of(market, endpoint), query).status == 200


@pytest.mark.parametrize(
    ("market", "path"),
    [
        (SPOT, "/api/v3/premiumIndex"),
        (SPOT, "/api/v3/klines/"),
        (SPOT, "/api/v1/klines"),
        (USDM, "/fapi/v1/avgPrice"),
        (USDM, "/fapi/v1/"),
    ],
)
def test_an_unknown_path_is_not_found(desks, market, path):
    response = desks[market].answer(path, "")

    assert response.status == 404
    assert json.loads(response.body) == {
        "code": -5000,
        "msg": f"Path {path}, Method GET is invalid",
    }


def test_only_get_is_served(desks):
    assert desks[SPOT].answer("/api/v3/ping", "", "POST").status == 404


def test_a_symbol_in_another_status_is_dropped_from_lists(desks):
    response = ask(desks[SPOT], "ticker/price", symbols='["BTCUSDT"]', symbolStatus="HALT")

    assert response.body == b"[]"


def test_permission_sets_are_left_out_when_not_wanted(desks):
    short, long = (
        json.loads(ask(desks[SPOT], "exchangeInfo", showPermissionSets=shown).body)["symbols"]
        for shown in ("false", "true")
    )

    assert {len(each["permissionSets"]) for each in short} == {0}
    assert {len(each["permissionSets"][0]) for each in long} == {207}
