"""Replies have the fields of real ones, in their order and of their types."""

import gzip
import json

import pytest

from divbot.domain.market import Market

from .markets import DATA, get, synthetic_desk

SPOT, USDM = Market.SPOT, Market.USDM
BODIES = DATA / "rest"
GONE = {"settlePlan"}  # fields of old bodies that the venue has dropped since
GONE_FILTERS = {(USDM, "MAX_NUM_ALGO_ORDERS")}

needs_bodies = pytest.mark.skipif(not BODIES.is_dir(), reason=f"needs the real bodies in {BODIES}")


def real(name):
    return json.loads(gzip.decompress((BODIES / f"{name}.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def desks():
    return {market: synthetic_desk(market) for market in Market}


@needs_bodies
@pytest.mark.parametrize(
    ("market", "endpoint", "body"),
    [
        (SPOT, "ticker/24hr", "spot_ticker24hr_top100_2026-03-10"),
        (USDM, "ticker/price", "usdm_ticker_price_2025-06-29"),
    ],
)
def test_tickers_look_like_real_ones(desks, market, endpoint, body):
    ours, theirs = get(desks[market], endpoint)[0], real(body)[0]

    assert list(ours) == list(theirs)
    assert _kinds(ours.values()) == _kinds(theirs.values())


@needs_bodies
@pytest.mark.parametrize(
    ("market", "body"),
    [
        (SPOT, "spot_klines_raw_1h_5sym_500_2026-03"),
        (USDM, "usdm_klines_raw_1d_40sym_2025-06"),
    ],
)
def test_klines_look_like_real_ones(desks, market, body):
    theirs = next(iter(real(body).values()))[0]

    (ours,) = get(desks[market], "klines", symbol="BTCUSDT", interval="1h", limit=1)

    assert _kinds(ours) == _kinds(theirs)
    assert ours[11] == theirs[11] == "0"


@needs_bodies
@pytest.mark.parametrize(
    ("market", "body"),
    [(SPOT, "spot_exchangeInfo_2024-09-08"), (USDM, "usdm_exchangeInfo_2022-05-04")],
)
def test_listings_look_like_real_ones(desks, market, body):
    ours, theirs = get(desks[market], "exchangeInfo"), real(body)
    our_symbol, their_symbol = (_symbol(each, "BTCUSDT") for each in (ours, theirs))

    assert list(ours) == [name for name in theirs if name != "sors"]
    assert _lacking(our_symbol, their_symbol) == []
    assert [name for name in our_symbol if name in their_symbol] == [
        name for name in their_symbol if name not in GONE
    ]
    assert _rates(ours)[0] == _rates(theirs)[0]


@needs_bodies
@pytest.mark.parametrize(
    ("market", "body"),
    [(SPOT, "spot_exchangeInfo_2024-09-08"), (USDM, "usdm_exchangeInfo_2022-05-04")],
)
def test_filters_look_like_real_ones(desks, market, body):
    ours, theirs = (
        {each["filterType"]: each for each in _symbol(info, "BTCUSDT")["filters"]}
        for info in (get(desks[market], "exchangeInfo"), real(body))
    )

    wanted = {name for name in theirs if (market, name) not in GONE_FILTERS}

    assert wanted <= set(ours)
    assert {name: list(ours[name]) for name in wanted} == {
        name: list(theirs[name]) for name in wanted
    }
    assert {name: _kinds(ours[name].values()) for name in wanted} == {
        name: _kinds(theirs[name].values()) for name in wanted
    }


@needs_bodies
def test_spot_has_every_kind_of_filter_of_the_newest_body(desks):
    theirs = _symbol(real("spot_exchangeInfo_one_symbol_2025-08-23"), "BTCUSDT")
    ours = _symbol(get(desks[SPOT], "exchangeInfo"), "BTCUSDT")

    assert [each["filterType"] for each in ours["filters"]] == [
        each["filterType"] for each in theirs["filters"]
    ]
    assert ours["orderTypes"] == theirs["orderTypes"]


@pytest.mark.parametrize(
    ("market", "endpoint", "asked", "fields"),
    [
        (SPOT, "ping", {}, ""),
        (USDM, "time", {}, "serverTime"),
        (SPOT, "ticker/price", {"symbol": "BTCUSDT"}, "symbol price"),
        (
            SPOT,
            "ticker/24hr",
            {"symbol": "BTCUSDT", "type": "MINI"},
            "symbol openPrice highPrice lowPrice lastPrice volume quoteVolume openTime closeTime "
            "firstId lastId count",
        ),
        (
            SPOT,
            "ticker/bookTicker",
            {"symbol": "BTCUSDT"},
            "symbol bidPrice bidQty askPrice askQty",
        ),
        (
            USDM,
            "ticker/bookTicker",
            {"symbol": "BTCUSDT"},
            "symbol bidPrice bidQty askPrice askQty time",
        ),
        (
            USDM,
            "ticker/24hr",
            {"symbol": "BTCUSDT"},
            "symbol priceChange priceChangePercent weightedAvgPrice lastPrice lastQty openPrice "
            "highPrice lowPrice volume quoteVolume openTime closeTime firstId lastId count",
        ),
        (
            USDM,
            "premiumIndex",
            {"symbol": "BTCUSDT"},
            "symbol markPrice indexPrice estimatedSettlePrice lastFundingRate interestRate "
            "nextFundingTime time",
        ),
    ],
)
def test_one_symbol_is_one_object_with_the_documented_fields(
    desks, market, endpoint, asked, fields
):
    assert list(get(desks[market], endpoint, **asked)) == fields.split()


@pytest.mark.parametrize("asked", [{}, {"symbols": '["BTCUSDT"]'}])
def test_no_symbol_or_a_list_is_a_list(desks, asked):
    assert isinstance(get(desks[SPOT], "ticker/24hr", **asked), list)


def test_spot_writes_8_decimals_and_futures_their_own(desks):
    prices = [get(desk, "ticker/price", symbol="BTCUSDT")["price"] for desk in desks.values()]

    assert [len(price.partition(".")[2]) for price in prices] == [8, 2]


def _kinds(values):
    return [type(value) for value in values]


def _symbol(info, name):
    return next(each for each in info["symbols"] if each["symbol"] == name)


def _lacking(ours, theirs):
    return [name for name in theirs if name not in ours and name not in GONE]


def _rates(info):
    return info["rateLimits"]
