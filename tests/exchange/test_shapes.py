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


@needs_bodies
def test_a_symbol_that_is_traded_no_more_looks_like_a_real_one():
    ours = get(synthetic_desk(awkward=True), "ticker/24hr", symbol="MATICUSDT")
    theirs = next(each for each in real("spot_ticker24hr_2020-10-09") if not each["count"])

    differing = {"symbol", "prevClosePrice", "openTime", "closeTime"}
    assert {name: value for name, value in ours.items() if name not in differing} == {
        name: value for name, value in theirs.items() if name not in differing
    }


def decimals(text):
    return len(text.partition(".")[2])


@needs_bodies
def test_futures_write_ticks_with_the_decimals_of_their_prices_as_real_ones_do():
    desk = synthetic_desk(USDM, symbols=60)
    ours, theirs = get(desk, "exchangeInfo"), real("usdm_exchangeInfo_2022-05-04")

    noughts = []
    for info in (ours, theirs):
        entries = [each for each in info["symbols"] if each["symbol"] != "YFIUSDT"]  # an odd one
        ticks = [each["filters"][0]["tickSize"] for each in entries]
        assert [each["pricePrecision"] for each in entries] == list(map(decimals, ticks))
        noughts.append({len(tick) - len(tick.rstrip("0")) for tick in ticks if "." in tick})
    assert {0, 1, 2} <= noughts[0]
    assert {0, 1, 2} <= noughts[1]


@needs_bodies
def test_bitcoin_has_a_tick_of_ten_cents_in_prices_of_cents(desks):
    ours, theirs = (
        _symbol(info, "BTCUSDT")
        for info in (get(desks[USDM], "exchangeInfo"), real("usdm_exchangeInfo_2022-05-04"))
    )

    for entry in (ours, theirs):
        assert (entry["pricePrecision"], entry["filters"][0]["tickSize"]) == (2, "0.10")
    (row,) = get(desks[USDM], "klines", symbol="BTCUSDT", interval="1h", limit=1)
    assert [decimals(row[n]) for n in (1, 2, 3, 4, 5, 7)] == [2, 2, 2, 2, 3, 5]
    assert {price[-1] for price in row[1:5]} == {"0"}


@needs_bodies
def test_futures_write_quote_volumes_as_finely_as_price_and_volume_together(desks):
    real_rows = real("usdm_klines_raw_1d_40sym_2025-06")["ADAUSDT"]
    our_rows = get(desks[USDM], "klines", symbol="ETHUSDT", interval="1d")

    for row in (real_rows[0], our_rows[0]):
        assert decimals(row[7]) == decimals(row[1]) + decimals(row[5])


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
