"""What is wrong with a request is told as ccxt, and the venue, tell it."""

from __future__ import annotations

import pytest

from .ccxt_sides import spot_side
from .plain import answered

ccxt = pytest.importorskip("ccxt", reason="needs the client library ccxt")


@pytest.mark.parametrize(
    ("endpoint", "asked", "code", "error"),
    [
        pytest.param(
            "ticker/24hr", {"symbol": "NOPEUSDT"}, -1121, ccxt.BadSymbol, id="unknown symbol"
        ),
        pytest.param(
            "klines",
            {"symbol": "NOPEUSDT", "interval": "1m"},
            -1121,
            ccxt.BadSymbol,
            id="candles of an unknown symbol",
        ),
        pytest.param(
            "klines",
            {"symbol": "BTCUSDT", "interval": "7m"},
            -1120,
            ccxt.BadRequest,
            id="unknown interval",
        ),
        pytest.param(
            "klines", {"interval": "1m"}, -1102, ccxt.BadRequest, id="a parameter is missing"
        ),
        pytest.param(
            "klines",
            {"symbol": "BTC/USDT", "interval": "1m"},
            -1100,
            ccxt.BadRequest,
            id="illegal characters",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_told_in_the_venues_code(
    side, endpoint, asked, code, error
):
    with pytest.raises(error, match=f'"code":{code}') as caught:
        side.get(endpoint, asked)

    assert caught.type is error
    assert answered(side.base_url, f"{side.prefix}/{endpoint}", **asked)[1]["code"] == code


@pytest.mark.parametrize(
    ("endpoint", "asked", "code", "error"),
    [
        pytest.param("time", {"since": 1}, -1101, ccxt.BadRequest, id="a parameter too many"),
        pytest.param(
            "klines",
            {"symbol": "BTCUSDT", "interval": "1m", "since": 1},
            -1104,
            ccxt.BadRequest,
            id="unknown parameter",
        ),
        pytest.param(
            "ticker/price",
            {"symbols": '["BTCUSDT","BTCUSDT"]'},
            -1151,
            ccxt.BadSymbol,
            id="a symbol twice",
        ),
        pytest.param(
            "ticker/price",
            {"symbols": '["BTCUSDT", "ETHUSDT"]'},
            -1100,
            ccxt.BadRequest,
            id="a list with blanks",
        ),
        pytest.param(
            "ticker/price",
            {"symbol": "BTCUSDT", "symbols": '["ETHUSDT"]'},
            -1128,
            ccxt.BadRequest,
            id="one symbol and a list",
        ),
    ],
)
def test_spot_is_strict(spot, endpoint, asked, code, error):
    with pytest.raises(error, match=f'"code":{code}') as caught:
        spot.get(endpoint, asked)

    assert caught.type is error


@pytest.mark.parametrize("limit", [0, 7, 5000])
def test_futures_know_a_few_depths_only(usdm, limit):
    usdm.need("depth", symbol="BTCUSDT")

    with pytest.raises(ccxt.BadRequest, match='"code":-4021'):
        usdm.get("depth", {"symbol": "BTCUSDT", "limit": limit})


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param({"limit": 1501}, -1130, id="more candles than there may be"),
        pytest.param({"startTime": 2, "endTime": 1}, -1023, id="backwards"),
    ],
)
def test_futures_refuse_in_their_own_way(usdm, asked, code):
    with pytest.raises(ccxt.BadRequest, match=f'"code":{code}'):
        usdm.get("klines", {"symbol": "BTCUSDT", "interval": "1m", **asked})


def test_futures_ignore_what_they_do_not_know(usdm):
    asked = {"symbol": "BTCUSDT", "interval": "1m", "limit": 3}

    assert usdm.get("klines", {**asked, "since": 1}) == usdm.get("klines", asked)


def test_a_symbol_that_nobody_lists_is_unknown_to_ccxt_already(side):
    with pytest.raises(ccxt.BadSymbol, match="NOPE/USDT"):
        side.client.fetch_ticker("NOPE/USDT")


def test_too_many_requests_are_refused_and_then_banned(grudging):
    with spot_side(grudging) as side:
        errors = []
        for _ in range(3):
            with pytest.raises(ccxt.DDoSProtection, match='"code":-1003') as caught:
                side.get("ticker/24hr", {})
            errors.append(str(caught.value))
            assert int(side.client.last_response_headers["Retry-After"]) >= 1

    assert [error.split()[1] for error in errors] == ["429", "418", "418"]
    assert "Too much request weight used; current limit is 30 request weight" in errors[0]
    assert "IP banned until" in errors[1]
    assert isinstance(caught.value, ccxt.NetworkError)


def test_the_weight_used_is_told_with_every_reply(side):
    used = []
    for _ in range(2):
        side.client.fetch_time()
        used.append(int(side.client.last_response_headers["X-MBX-USED-WEIGHT-1M"]))

    assert min(used) >= 1
