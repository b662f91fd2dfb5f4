"""One listing of every awkward kind, as the venue would show it."""

from decimal import Decimal

import numpy as np
import pytest

from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.errors import InputError
from divbot.domain.market import Market
from divbot.exchange.market.awkward import next_delivery, specials
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks

from .markets import NOON, ask, get, open_times, synthetic_desk

SPOT, USDM = Market.SPOT, Market.USDM
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NEVER = 4_133_404_800_000


@pytest.fixture(scope="module")
def desks():
    return {market: synthetic_desk(market, awkward=True) for market in Market}


@pytest.fixture(scope="module")
def listings(desks):
    return {
        market: {each["symbol"]: each for each in get(desk, "exchangeInfo")["symbols"]}
        for market, desk in desks.items()
    }


@pytest.fixture(scope="module")
def tickers(desks):
    return {
        market: {each["symbol"]: each for each in get(desk, "ticker/24hr")}
        for market, desk in desks.items()
    }


@pytest.mark.parametrize(
    ("market", "symbol", "expected"),
    [
        pytest.param(SPOT, "MATICUSDT", {"status": "BREAK"}, id="BREAK"),
        pytest.param(SPOT, "BTCUPUSDT", {"status": "BREAK"}, id="leveraged up"),
        pytest.param(SPOT, "BTCDOWNUSDT", {"status": "BREAK"}, id="leveraged down"),
        pytest.param(SPOT, "FTTUSDT", {"status": "HALT"}, id="HALT"),
        pytest.param(SPOT, "OMGUSDT", {"status": "CANCEL_ONLY"}, id="CANCEL_ONLY"),
        pytest.param(
            SPOT,
            "XMRUSDT",
            {"status": "TRADING", "isSpotTradingAllowed": False},
            id="no spot trading",
        ),
        pytest.param(SPOT, "JUPUSDT", {"status": "TRADING"}, id="JUP"),
        pytest.param(SPOT, "SYRUPUSDT", {"status": "TRADING"}, id="SYRUP"),
        pytest.param(SPOT, "TSLABUSDT", {"baseAsset": "TSLAB"}, id="tokenised stock"),
        pytest.param(SPOT, "币安人生USDT", {"baseAsset": "币安人生"}, id="Chinese, spot"),
        pytest.param(USDM, "币安人生USDT", {"baseAsset": "币安人生"}, id="Chinese, futures"),
        pytest.param(SPOT, "ETHBTC", {"baseAsset": "ETH", "quoteAsset": "BTC"}, id="other quote"),
        pytest.param(
            USDM, "OCEANUSDT", {"status": "SETTLING", "contractType": "PERPETUAL"}, id="SETTLING"
        ),
        pytest.param(
            USDM,
            "SOONXUSDT",
            {"status": "PENDING_TRADING", "contractType": ""},
            id="PENDING_TRADING",
        ),
        pytest.param(
            USDM,
            "BTCUSDT_240927",
            {
                "status": "TRADING",
                "contractType": "CURRENT_QUARTER",
                "pair": "BTCUSDT",
                "deliveryDate": parse_time("2024-09-27T08:00"),
            },
            id="quarterly",
        ),
        pytest.param(
            USDM,
            "TSLAUSDT",
            {"contractType": "TRADIFI_PERPETUAL", "underlyingType": "EQUITY"},
            id="stock",
        ),
        pytest.param(
            USDM,
            "XAUUSDT",
            {"contractType": "TRADIFI_PERPETUAL", "underlyingType": "COMMODITY"},
            id="metal",
        ),
        pytest.param(
            USDM,
            "BTCDOMUSDT",
            {"contractType": "PERPETUAL", "underlyingType": "INDEX"},
            id="index",
        ),
        pytest.param(
            USDM, "BTCUSDC", {"quoteAsset": "USDC", "marginAsset": "USDC"}, id="USDC-quoted"
        ),
        pytest.param(
            USDM, "USDCUSDT", {"baseAsset": "USDC", "deliveryDate": NEVER}, id="stable, futures"
        ),
        pytest.param(
            USDM,
            "XEMUSDT",
            {"status": "TRADING", "deliveryDate": parse_time("2024-08-03T12:00")},
            id="delisting scheduled",
        ),
        pytest.param(
            USDM, "1000PEPEUSDT", {"baseAsset": "1000PEPE", "underlyingType": "COIN"}, id="1000"
        ),
    ],
)
def test_a_listing_says_what_it_is(listings, market, symbol, expected):
    found = listings[market][symbol]

    assert {name: found[name] for name in expected} == expected


def test_ordinary_coins_come_first_and_are_the_same_with_or_without():
    alone, among = (
        SyntheticTape(market=SPOT, seed=1, symbols=3, until=NOON, others=others)
        for others in ((), specials(SPOT, NOON, None))
    )

    assert among.listings[:3] == alone.listings
    for number in range(3):
        rows = [tape.candles(number, NOON - DAY, NOON).tolist() for tape in (alone, among)]
        assert rows[0] == rows[1]


@pytest.mark.parametrize("market", list(Market))
def test_a_coin_that_is_ordinary_is_not_listed_twice(market):
    desk = synthetic_desk(market, symbols=60, awkward=True)

    symbols = [each["symbol"] for each in get(desk, "exchangeInfo")["symbols"]]

    assert symbols.count("JUPUSDT") == 1
    assert len(set(symbols)) == len(symbols)


@pytest.mark.parametrize("symbol", ["FDUSDUSDT", "USDCUSDT", "PARITYUSDT"])
def test_stablecoins_trade_much_and_hardly_move(desks, tickers, symbol):
    days = get(desks[SPOT], "klines", symbol=symbol, interval="1d", limit=30)

    closes = np.array([float(row[4]) for row in days])
    assert len(closes) == 30
    assert 0 < np.ptp(closes) / closes.mean() < 0.01
    assert float(tickers[SPOT][symbol]["quoteVolume"]) > 1e8


def test_two_stablecoins_stand_at_the_top_of_the_volume_list(tickers):
    ranked = sorted(tickers[SPOT].values(), key=lambda each: -float(each["quoteVolume"]))

    assert [each["symbol"] for each in ranked[:3]] == ["FDUSDUSDT", "USDCUSDT", "BTCUSDT"]


@pytest.mark.parametrize(
    ("market", "symbol", "like", "factor"),
    [
        (SPOT, "WBTCUSDT", "BTCUSDT", 1),
        (USDM, "BTCUSDC", "BTCUSDT", 1),
        (USDM, "BTCUSDT_240927", "BTCUSDT", 1),
    ],
)
def test_what_is_pegged_follows_its_peg(tickers, market, symbol, like, factor):
    here, there = (float(tickers[market][each]["lastPrice"]) for each in (symbol, like))

    assert here == pytest.approx(factor * there, rel=1e-4)


def test_a_thousand_pepe_cost_a_thousand_times_as_much():
    desk = synthetic_desk(USDM, symbols=10, awkward=True)

    thousand, one = (
        float(get(desk, "ticker/price", symbol=symbol)["price"])
        for symbol in ("1000PEPEUSDT", "PEPEUSDT")
    )

    assert thousand == pytest.approx(1000 * one, rel=1e-3)


def test_a_stock_costs_the_same_as_its_token(tickers):
    token, stock = tickers[SPOT]["TSLABUSDT"], tickers[USDM]["TSLAUSDT"]

    assert float(token["lastPrice"]) == pytest.approx(float(stock["lastPrice"]), rel=1e-3)


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("seconds", [0, 20, 299])
def test_a_fresh_listing_has_five_candles(market, seconds):
    now = NOON // (5 * MINUTE) * 5 * MINUTE + seconds * 1000
    desk = synthetic_desk(market, now=now, awkward=True)

    rows = get(desk, "klines", symbol="FRESHUSDT", interval="5m", limit=99)

    assert len(rows) == 5
    assert rows[-1][0] <= now <= rows[-1][6]
    assert get(desk, "klines", symbol="FRESHUSDT", interval="5m", startTime=0, limit=1) == rows[:1]


def test_one_symbol_has_its_least_notional_in_the_old_form(listings):
    def form_of(symbol):
        (found,) = (
            each
            for each in listings[SPOT][symbol]["filters"]
            if each["filterType"].endswith("NOTIONAL")
        )
        return found

    assert form_of("BTCUSDT")["filterType"] == "NOTIONAL"
    assert form_of("DASHUSDT") == {
        "filterType": "MIN_NOTIONAL",
        "minNotional": "10.00000000",
        "applyToMarket": True,
        "avgPriceMins": 5,
    }


def test_long_after_its_end_a_spot_ticker_is_all_zero_but_old_candles_are_there(desks, tickers):
    ticker = tickers[SPOT]["MATICUSDT"]
    (row,) = get(desks[SPOT], "klines", symbol="MATICUSDT", interval="1m", limit=1)

    zeros = {name for name, value in ticker.items() if not float_or_one(value)}
    assert zeros >= {"lastPrice", "openPrice", "bidPrice", "askPrice", "quoteVolume", "count"}
    assert ticker["firstId"] == -1
    assert ticker["prevClosePrice"] == row[4] != "0.00000000"
    assert NOON - 201 * DAY < row[0] < NOON - 200 * DAY + 1
    assert ticker["closeTime"] < NOON - 190 * DAY


def float_or_one(value):
    try:
        return float(value)
    except ValueError:
        return 1.0


@pytest.mark.parametrize(
    ("market", "symbol", "ended"),
    [
        pytest.param(USDM, "OCEANUSDT", NOON - 40 * DAY, id="SETTLING"),
        pytest.param(SPOT, "FTTUSDT", NOON - 3 * HOUR, id="HALT"),
        pytest.param(SPOT, "OMGUSDT", NOON - HOUR, id="CANCEL_ONLY"),
    ],
)
def test_a_ticker_of_what_has_ended_is_stale(tickers, market, symbol, ended):
    ticker = tickers[market][symbol]

    assert ticker["closeTime"] == ended
    assert ticker["openTime"] == ended - DAY
    assert Decimal(ticker["quoteVolume"]) > 1e6
    assert Decimal(ticker["lastPrice"]) > 0


def test_what_is_not_traded_yet_is_on_the_list_only(desks, listings, tickers):
    onboard = listings[USDM]["SOONXUSDT"]["onboardDate"]

    assert NOON < onboard < NOON + 8 * DAY
    assert "SOONXUSDT" not in tickers[USDM]
    assert get(desks[USDM], "klines", symbol="SOONXUSDT", interval="1h") == []
    assert ask(desks[USDM], "ticker/24hr", symbol="SOONXUSDT").status == 400


def test_a_dated_contract_pays_no_funding(desks):
    premium = get(desks[USDM], "premiumIndex", symbol="BTCUSDT_240927")

    assert (premium["lastFundingRate"], premium["nextFundingTime"]) == ("", 0)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("BREAK", {"MATICUSDT", "BTCUPUSDT", "BTCDOWNUSDT"}),
        ("HALT", {"FTTUSDT"}),
    ],
)
@pytest.mark.parametrize("endpoint", ["ticker/24hr", "ticker/price", "exchangeInfo"])
def test_a_list_can_be_had_by_status(desks, endpoint, status, found):
    content = get(desks[SPOT], endpoint, symbolStatus=status)

    entries = content["symbols"] if endpoint == "exchangeInfo" else content
    assert {each["symbol"] for each in entries} == found


def test_a_symbol_in_another_status_is_refused(desks):
    response = ask(desks[SPOT], "ticker/24hr", symbol="MATICUSDT", symbolStatus="TRADING")

    assert (response.status, b'"code":-1220' in response.body) == (400, True)
    assert get(desks[SPOT], "ticker/24hr", symbol="MATICUSDT", symbolStatus="BREAK")["symbol"]


@pytest.fixture
def doomed():
    """Both desks of a market in which one symbol is delisted after 10 minutes, and its clock."""
    clock = ManualClock(NOON)
    options = ExchangeOptions(symbols=2, at=NOON, awkward=True, delist_after=10.0)
    return dict(zip(Market, open_desks(options, clock), strict=True)), clock


@pytest.mark.parametrize(("market", "status"), [(SPOT, "BREAK"), (USDM, "SETTLING")])
def test_a_symbol_is_delisted_in_mid_run(doomed, market, status):
    desk, clock = doomed[0][market], doomed[1]

    def told():
        info = get(desk, "exchangeInfo")["symbols"]
        return next(each["status"] for each in info if each["symbol"] == "WAVESUSDT")

    clock.advance(599)
    moving = get(desk, "klines", symbol="WAVESUSDT", interval="1m", limit=2)
    assert told() == "TRADING"
    assert moving[-1][0] <= clock.now() <= moving[-1][6]
    clock.advance(1)
    assert told() == status
    clock.advance(1800)
    after = get(desk, "klines", symbol="WAVESUSDT", interval="1m", limit=5)
    ticker = get(desk, "ticker/24hr", symbol="WAVESUSDT")
    assert ticker["closeTime"] == NOON + 600_000
    if market is SPOT:
        assert open_times(after)[-1] < NOON + 11 * MINUTE
    else:
        assert open_times(after)[-1] > NOON + 35 * MINUTE
        assert len({price for row in after for price in row[1:5]}) == 1
        assert {float(row[5]) for row in after} == {0.0}


def test_flat_candles_end_a_day_after_the_delisting(doomed):
    desks, clock = doomed
    clock.advance(3 * 86_400)

    (last,) = get(desks[USDM], "klines", symbol="WAVESUSDT", interval="1m", limit=1)

    assert NOON + DAY < last[0] < NOON + DAY + 12 * MINUTE


@pytest.mark.parametrize("options", [{"awkward": False}, {"recorded": "market.csv"}])
def test_a_delisting_needs_something_to_delist(options):
    with pytest.raises(InputError, match="expected awkward listings"):
        ExchangeOptions(delist_after=5.0, **options)


@pytest.mark.parametrize(
    ("time", "delivery"),
    [
        ("2024-07-30", "2024-09-27T08:00"),
        ("2024-09-27T07:59", "2024-09-27T08:00"),
        ("2024-09-27T08:00", "2024-12-27T08:00"),
        ("2024-12-30", "2025-03-28T08:00"),
        ("2022-05-04", "2022-06-24T08:00"),
        ("2023-01-01", "2023-03-31T08:00"),
    ],
)
def test_contracts_are_delivered_on_the_last_friday_of_a_quarter(time, delivery):
    assert next_delivery(parse_time(time)) == parse_time(delivery)


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("at", ["2020-01-01", "2020-02-10", "2026-11-20T13:07", "2049-12-31"])
def test_every_listing_answers_at_any_start(market, at):
    desk = synthetic_desk(market, now=parse_time(at), symbols=1, awkward=True)

    for ticker in get(desk, "ticker/24hr"):
        rows = get(desk, "klines", symbol=ticker["symbol"], interval="1h", limit=3)
        assert all(float(row[3]) > 0 for row in rows)
    assert len(get(desk, "exchangeInfo")["symbols"]) > 10
