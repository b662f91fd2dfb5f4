"""ccxt, unchanged but for its addresses, takes the exchange for Binance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from divbot.domain.clock import parse_time

from .conftest import NOON
from .plain import SPOT, USDM, answered, by_symbol, need, said

ccxt = pytest.importorskip("ccxt", reason="needs the client library ccxt")

MINUTE = 60_000
NEVER = 4_133_404_800_000
TIMEFRAMES = ("1m", "5m", "1h", "1d", "1w", "1M")


@dataclass(frozen=True, slots=True)
class Side:
    """One market of the exchange: ccxt's client of it, and the same over plain HTTP."""

    client: Any
    base_url: str
    prefix: str
    btc: str
    """ccxt's name of BTCUSDT."""

    def said(self, endpoint: str, **parameters: object) -> Any:
        """Return what the exchange itself says."""
        return said(self.base_url, f"{self.prefix}/{endpoint}", **parameters)

    def need(self, endpoint: str, **parameters: object) -> None:
        """Skip where the exchange lacks an endpoint."""
        need(self.base_url, f"{self.prefix}/{endpoint}", **parameters)

    def get(self, endpoint: str, parameters: dict[str, object]) -> Any:
        """Ask through ccxt, but for parameters of our own: publicGetTicker24hr and its like."""
        api = "publicGet" if self.prefix == SPOT else "fapiPublicGet"
        name = "".join(part[0].upper() + part[1:] for part in endpoint.split("/"))
        return getattr(self.client, f"{api}{name}")(parameters)


@contextmanager
def spot_side(base_url: str) -> Iterator[Side]:
    with _opened(ccxt.binance, "spot", base_url) as client:
        yield Side(client, base_url, SPOT, "BTC/USDT")


@contextmanager
def usdm_side(base_url: str) -> Iterator[Side]:
    with _opened(ccxt.binanceusdm, "linear", base_url) as client:
        yield Side(client, base_url, USDM, "BTC/USDT:USDT")


@contextmanager
def _opened(kind: type, market_type: str, base_url: str) -> Iterator[Any]:
    """Open a client without a key that asks one market only, each of its hosts replaced."""
    options = {"fetchMarkets": {"types": [market_type]}, "fetchCurrencies": False}
    # The exchange does its own counting; ccxt's throttle would sleep.
    client = kind({"enableRateLimit": False, "options": options})
    client.urls["api"] = {
        name: base_url + urlsplit(url).path for name, url in client.urls["api"].items()
    }
    # It knows by their hosts which market's errors it sees; on loopback it has to be told.
    client.get_exceptions_by_url = lambda url, kind: client.exceptions[market_type].get(kind, {})
    try:
        yield client
    finally:
        client.session.close()


@pytest.fixture(scope="module")
def spot(standing: str) -> Iterator[Side]:
    with spot_side(standing) as side:
        side.client.load_markets()
        yield side


@pytest.fixture(scope="module")
def usdm(standing: str) -> Iterator[Side]:
    with usdm_side(standing) as side:
        side.client.load_markets()
        yield side


@pytest.fixture(params=["spot", "usdm"])
def side(request: pytest.FixtureRequest) -> Side:
    return request.getfixturevalue(request.param)


def test_every_listing_becomes_a_market(side):
    listings = side.said("exchangeInfo")["symbols"]

    assert len(listings) >= 40
    assert set(side.client.markets_by_id) == set(by_symbol(listings))
    assert len(side.client.markets) == len(listings)


def test_a_market_has_the_steps_and_limits_of_its_listing(side):
    for listing in side.said("exchangeInfo")["symbols"]:
        (market,) = side.client.markets_by_id[listing["symbol"]]
        filters = {each["filterType"]: each for each in listing["filters"]}
        price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
        notional = filters.get("NOTIONAL") or filters["MIN_NOTIONAL"]
        least = notional.get("minNotional") or notional["notional"]

        assert market["precision"]["price"] == float(price["tickSize"]) > 0
        assert market["precision"]["amount"] == float(lot["stepSize"]) > 0
        assert market["limits"]["price"] == _range(price, "Price")
        assert market["limits"]["amount"] == _range(lot, "Qty")
        assert market["limits"]["market"] == _range(filters["MARKET_LOT_SIZE"], "Qty")
        assert market["limits"]["cost"]["min"] == float(least) > 0


def test_a_market_is_active_while_its_listing_trades(side):
    for listing in side.said("exchangeInfo")["symbols"]:
        (market,) = side.client.markets_by_id[listing["symbol"]]

        assert market["active"] is (listing["status"] == "TRADING"), listing["symbol"]
        assert (market["baseId"], market["quoteId"]) == (
            listing["baseAsset"],
            listing["quoteAsset"],
        )


def test_a_spot_listing_is_a_spot_market(spot):
    assert {each["type"] for each in spot.client.markets.values()} == {"spot"}


def test_a_contract_without_an_end_is_a_linear_swap(usdm):
    for listing in usdm.said("exchangeInfo")["symbols"]:
        (market,) = usdm.client.markets_by_id[listing["symbol"]]
        is_endless = listing["contractType"] == "PERPETUAL" or listing["deliveryDate"] == NEVER

        assert market["swap"] is is_endless, listing
        assert (market["linear"], market["contractSize"]) == (True, 1.0)
        assert market["created"] == listing["onboardDate"]


def test_a_contract_with_an_end_is_a_future_that_tells_it(usdm):
    (dated,) = (
        each
        for each in usdm.said("exchangeInfo")["symbols"]
        if each["contractType"] == "CURRENT_QUARTER"
    )
    (market,) = usdm.client.markets_by_id[dated["symbol"]]

    funding = usdm.client.fetch_funding_rate(market["symbol"])

    assert market["future"]
    assert market["symbol"] == f"BTC/USDT:USDT-{dated['symbol'].partition('_')[2]}"
    assert market["expiry"] == dated["deliveryDate"] > NOON
    assert (funding["fundingRate"], funding["fundingTimestamp"]) == (None, 0)


def test_every_active_market_has_candles_that_agree_with_its_ticker(side):
    active = [name for name, each in side.client.markets.items() if each["active"]]
    tickers = side.client.fetch_tickers()

    closes = {name: side.client.fetch_ohlcv(name, "1m", limit=1)[-1][4] for name in active}

    assert len(closes) >= 40
    assert closes == {name: tickers[name]["last"] for name in active}


def test_a_market_that_trades_no_more_still_tells_its_history(spot):
    gone = [name for name, each in spot.client.markets.items() if not each["active"]]

    histories = [spot.client.fetch_ohlcv(name, "1d", since=0, limit=5) for name in gone]

    assert len(gone) >= 3
    assert {len(each) for each in histories} == {5}


def test_a_name_outside_ascii_is_understood(side):
    name = next(each for each in side.client.markets if each.startswith("币安人生/"))

    candles = side.client.fetch_ohlcv(name, "1h", limit=3)

    assert len(candles) == 3
    assert candles[-1][4] == side.client.fetch_ticker(name)["last"]


def test_a_price_and_an_amount_are_rounded_as_the_exchange_wants_them(side):
    tick = next(
        each["tickSize"]
        for each in by_symbol(side.said("exchangeInfo")["symbols"])["BTCUSDT"]["filters"]
        if each["filterType"] == "PRICE_FILTER"
    )

    wanted, rounded = (0.01, "60000.12") if side.prefix == SPOT else (0.1, "60000.1")
    assert float(tick) == wanted
    assert side.client.price_to_precision(side.btc, 60_000.123456) == rounded


def test_trades_are_what_the_exchange_says(side):
    plain = side.said("aggTrades", symbol="BTCUSDT", limit=5)

    trades = side.client.fetch_trades(side.btc, limit=5)

    assert [(each["timestamp"], each["price"], each["amount"]) for each in trades] == [
        (each["T"], float(each["p"]), float(each["q"])) for each in plain
    ]
    assert [each["side"] for each in trades] == ["sell" if each["m"] else "buy" for each in plain]


def test_trades_since_a_time_are_found(side):
    since = NOON - 3_600_000

    trades = side.client.fetch_trades(side.btc, since=since, limit=3)

    assert len(trades) == 3
    assert since <= trades[0]["timestamp"] < since + 60_000


def test_the_time_is_the_exchanges(side):
    assert side.client.fetch_time() == NOON == side.said("time")["serverTime"]


def test_no_key_was_needed(side):
    assert not side.client.apiKey
    assert not side.client.secret


def test_the_last_price_is_where_the_forming_minute_stands(side):
    (row,) = side.said("klines", symbol="BTCUSDT", interval="1m", limit=1)

    assert side.client.fetch_ticker(side.btc)["last"] == float(row[4])


def test_a_ticker_is_what_the_exchange_says(side):
    plain = side.said("ticker/24hr", symbol="BTCUSDT")

    ticker = side.client.fetch_ticker(side.btc)

    assert ticker["symbol"] == side.btc
    assert ticker["timestamp"] == NOON
    assert _numbers(ticker) == _day(plain)
    assert len(_numbers(ticker)) == (14 if side.prefix == SPOT else 9)


def test_a_ticker_adds_up(side):
    ticker = side.client.fetch_ticker(side.btc)

    assert ticker["low"] <= min(ticker["open"], ticker["last"], ticker["vwap"])
    assert ticker["high"] >= max(ticker["open"], ticker["last"], ticker["vwap"])
    assert ticker["change"] == pytest.approx(ticker["last"] - ticker["open"])
    assert ticker["percentage"] == pytest.approx(
        100 * ticker["change"] / ticker["open"], abs=0.0006
    )
    assert ticker["quoteVolume"] == pytest.approx(ticker["vwap"] * ticker["baseVolume"], rel=1e-6)


def test_all_tickers_are_what_the_exchange_says(side):
    plain = by_symbol(side.said("ticker/24hr"))

    tickers = {each["info"]["symbol"]: each for each in side.client.fetch_tickers().values()}

    assert set(tickers) == set(plain)
    assert {name: _numbers(each) for name, each in tickers.items()} == {
        name: _day(each) for name, each in plain.items()
    }


def test_chosen_tickers_are_those_chosen(side):
    chosen = list(side.client.markets)[:3]

    assert list(side.client.fetch_tickers(chosen)) == chosen


def test_bids_and_asks_are_what_the_exchange_says(side):
    plain = by_symbol(side.said("ticker/bookTicker"))

    quotes = side.client.fetch_bids_asks().values()

    assert {each["info"]["symbol"]: _quote(each) for each in quotes} == {
        name: (
            float(each["bidPrice"]),
            float(each["bidQty"]),
            float(each["askPrice"]),
            float(each["askQty"]),
        )
        for name, each in plain.items()
    }


def test_one_quote_has_a_spread(side):
    (quote,) = side.client.fetch_bids_asks([side.btc]).values()

    assert 0 < quote["bid"] < quote["ask"]


def test_last_prices_agree_with_the_tickers(side):
    if side.prefix == USDM:
        need(side.base_url, "/fapi/v2/ticker/price")
    tickers = side.client.fetch_tickers()

    prices = side.client.fetch_last_prices()

    assert {name: each["price"] for name, each in prices.items()} == {
        name: each["last"] for name, each in tickers.items()
    }


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_the_latest_candles_are_what_the_exchange_says(side, timeframe):
    plain = side.said("klines", symbol="BTCUSDT", interval=timeframe, limit=20)

    candles = side.client.fetch_ohlcv(side.btc, timeframe, limit=20)

    assert len(candles) == 20
    assert candles == _candles(plain)
    assert candles[-1][0] <= NOON < plain[-1][6]


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_no_price_of_a_candle_is_beyond_its_high_and_low(side, timeframe):
    candles = side.client.fetch_ohlcv(side.btc, timeframe, limit=50)

    for _, opened, high, low, close, volume in candles:
        assert 0 < low <= min(opened, close) <= max(opened, close) <= high
        assert volume > 0
    assert any(candle[2] > candle[3] for candle in candles)


def test_an_hour_is_its_minutes(side):
    hour, _ = side.client.fetch_ohlcv(side.btc, "1h", limit=2)
    minutes = side.client.fetch_ohlcv(side.btc, "1m", since=hour[0], limit=60)

    opens, highs, lows, closes, volumes = (
        [minute[field] for minute in minutes] for field in range(1, 6)
    )

    assert hour[1:5] == [opens[0], max(highs), min(lows), closes[-1]]
    assert hour[5] == pytest.approx(sum(volumes))


def test_a_ticker_is_the_candles_of_a_day(side):
    start = NOON - 24 * 60 * MINUTE
    minutes = [
        minute
        for since in (start, start + 1000 * MINUTE)
        for minute in side.client.fetch_ohlcv(side.btc, "1m", since=since, limit=1000)
        if since + 1000 * MINUTE > minute[0]
    ]

    ticker = side.client.fetch_ticker(side.btc)

    assert ticker["high"] == max(minute[2] for minute in minutes)
    assert ticker["low"] == min(minute[3] for minute in minutes)
    assert ticker["open"] == minutes[0][1]
    assert ticker["baseVolume"] == pytest.approx(sum(minute[5] for minute in minutes))


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_candles_since_a_time_begin_there(side, timeframe):
    earlier = side.client.fetch_ohlcv(side.btc, timeframe, limit=10)

    candles = side.client.fetch_ohlcv(side.btc, timeframe, since=earlier[2][0], limit=5)

    assert candles == earlier[2:7]


def test_candles_since_a_time_between_two_begin_with_the_next(side):
    latest = side.client.fetch_ohlcv(side.btc, "5m", limit=10)

    candles = side.client.fetch_ohlcv(side.btc, "5m", since=latest[0][0] + 1, limit=3)

    assert candles == latest[1:4]


def test_candles_until_a_time_end_there(side):
    latest = side.client.fetch_ohlcv(side.btc, "1h", limit=10)
    until = latest[4][0]

    candles = side.client.fetch_ohlcv(side.btc, "1h", limit=3, params={"until": until})

    assert candles == latest[2:5]


def test_a_symbol_has_as_many_candles_as_it_has_lived(side):
    listed = side.client.fetch_ohlcv(side.btc, "1d", since=0, limit=1)

    assert listed[0][0] == parse_time("2020-01-01T00:00")


@pytest.mark.parametrize("page", [1, 7, 300, 999, 1000])
def test_pages_of_history_join_without_gap_or_overlap(side, page):
    count = min(1000, 30 * page)
    start = NOON // MINUTE * MINUTE - (count - 1) * MINUTE
    whole = side.client.fetch_ohlcv(side.btc, "1m", since=start, limit=count)

    pages = _paged(side, "1m", start, page)

    assert len(whole) == count
    assert pages == whole
    assert [each[0] for each in pages] == [start + MINUTE * number for number in range(count)]


def test_a_history_longer_than_any_answer_is_paged_without_gap(side):
    start = NOON // MINUTE * MINUTE - 2499 * MINUTE

    pages = _paged(side, "1m", start, 1000)

    assert [each[0] for each in pages] == [start + MINUTE * number for number in range(2500)]
    assert pages[-300:] == side.client.fetch_ohlcv(side.btc, "1m", limit=300)


def test_ccxt_pages_by_itself(side):
    start, hour = NOON - 100 * 3_600_000, 3_600_000
    asked = {"paginate": True, "paginationCalls": 4, "maxEntriesPerRequest": 30, "until": NOON}

    candles = side.client.fetch_ohlcv(side.btc, "1h", since=start, limit=100, params=asked)

    first = -(-start // hour) * hour
    assert [each[0] for each in candles] == [first + hour * number for number in range(100)]


@pytest.mark.parametrize("limit", [5, 20, 100])
def test_an_order_book_is_what_the_exchange_says(side, limit):
    side.need("depth", symbol="BTCUSDT")
    plain = side.said("depth", symbol="BTCUSDT", limit=limit)

    book = side.client.fetch_order_book(side.btc, limit)

    assert book["bids"] == [[float(number) for number in each] for each in plain["bids"]]
    assert book["asks"] == [[float(number) for number in each] for each in plain["asks"]]
    assert book["nonce"] == plain["lastUpdateId"] > 0


def test_an_order_book_is_sorted_and_begins_at_the_quote(side):
    side.need("depth", symbol="BTCUSDT")
    (quote,) = side.client.fetch_bids_asks([side.btc]).values()

    book = side.client.fetch_order_book(side.btc, 20)

    bids, asks = ([price for price, _ in book[name]] for name in ("bids", "asks"))
    assert (len(bids), len(asks)) == (20, 20)
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert [*book["bids"][0], *book["asks"][0]] == list(_quote(quote))
    assert all(size > 0 for _, size in book["bids"] + book["asks"])


def test_a_futures_order_book_tells_its_time(usdm):
    usdm.need("depth", symbol="BTCUSDT")

    assert usdm.client.fetch_order_book(usdm.btc, 5)["timestamp"] == NOON


def test_the_funding_rate_is_what_the_exchange_says(usdm):
    plain = usdm.said("premiumIndex", symbol="BTCUSDT")

    funding = usdm.client.fetch_funding_rate(usdm.btc)

    assert funding["symbol"] == usdm.btc
    assert (funding["timestamp"], funding["fundingTimestamp"]) == (NOON, plain["nextFundingTime"])
    assert NOON < funding["fundingTimestamp"] <= NOON + 8 * 3_600_000
    assert _premium(funding) == {
        "fundingRate": float(plain["lastFundingRate"]),
        "markPrice": float(plain["markPrice"]),
        "indexPrice": float(plain["indexPrice"]),
        "interestRate": float(plain["interestRate"]),
        "estimatedSettlePrice": float(plain["estimatedSettlePrice"]),
    }


def test_candles_of_the_mark_price_are_what_the_exchange_says(usdm):
    asked = {"symbol": "BTCUSDT", "interval": "5m", "limit": 20}
    usdm.need("markPriceKlines", **asked)
    plain = usdm.said("markPriceKlines", **asked)

    candles = usdm.client.fetch_ohlcv(usdm.btc, "5m", limit=20, params={"price": "mark"})

    assert candles == _candles(plain)
    assert candles[-1][4] == usdm.client.fetch_funding_rate(usdm.btc)["markPrice"]
    assert {candle[5] for candle in candles} == {0.0}


def test_all_funding_rates_come_at_once(usdm):
    plain = by_symbol(usdm.said("premiumIndex"))

    rates = usdm.client.fetch_funding_rates()

    assert {each["info"]["symbol"]: each["markPrice"] for each in rates.values()} == {
        name: float(each["markPrice"]) for name, each in plain.items()
    }


def test_past_funding_rates_are_what_the_exchange_says(usdm):
    usdm.need("fundingRate", symbol="BTCUSDT")
    plain = usdm.said("fundingRate", symbol="BTCUSDT", limit=10)

    history = usdm.client.fetch_funding_rate_history(usdm.btc, limit=10)

    assert len(history) == 10
    assert [(each["timestamp"], each["fundingRate"]) for each in history] == [
        (each["fundingTime"], float(each["fundingRate"])) for each in plain
    ]
    assert {each["symbol"] for each in history} == {usdm.btc}


def test_past_funding_rates_are_paged_by_time(usdm):
    usdm.need("fundingRate", symbol="BTCUSDT")
    whole = usdm.client.fetch_funding_rate_history(usdm.btc, limit=9)

    pages: list[Any] = []
    for _ in range(5):
        since = pages[-1]["timestamp"] + 1 if pages else whole[0]["timestamp"]
        pages += usdm.client.fetch_funding_rate_history(usdm.btc, since=since, limit=2)

    assert [each["timestamp"] for each in pages] == [each["timestamp"] for each in whole]
    assert whole[-1]["timestamp"] <= NOON


def test_funding_intervals_are_what_the_exchange_says(usdm):
    usdm.need("fundingInfo")
    plain = by_symbol(usdm.said("fundingInfo"))

    intervals = usdm.client.fetch_funding_intervals()

    assert {each["info"]["symbol"]: each["interval"] for each in intervals.values()} == {
        name: f"{each['fundingIntervalHours']}h" for name, each in plain.items()
    }


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


def _paged(side: Side, timeframe: str, start: int, page: int) -> list[Any]:
    """Ask for one page after the other, as ccxt's manual shows, until one is short."""
    candles: list[Any] = []
    since = start
    for _ in range(40):
        got = side.client.fetch_ohlcv(side.btc, timeframe, since=since, limit=page)
        candles += got
        if len(got) < page:
            return candles
        since = got[-1][0] + MINUTE
    return candles


def _candles(rows: list[list[Any]]) -> list[list[Any]]:
    return [[row[0], *map(float, row[1:6])] for row in rows]


def _range(entry: dict[str, str], name: str) -> dict[str, float]:
    return {"min": float(entry[f"min{name}"]), "max": float(entry[f"max{name}"])}


_DAY = {
    "last": "lastPrice",
    "open": "openPrice",
    "high": "highPrice",
    "low": "lowPrice",
    "baseVolume": "volume",
    "quoteVolume": "quoteVolume",
    "vwap": "weightedAvgPrice",
    "change": "priceChange",
    "percentage": "priceChangePercent",
    "bid": "bidPrice",
    "bidVolume": "bidQty",
    "ask": "askPrice",
    "askVolume": "askQty",
    "previousClose": "prevClosePrice",
}


_PRICES = ("last", "open", "high", "low", "bid", "ask")


def _day(plain: dict[str, Any]) -> dict[str, float]:
    """Return what ccxt should read out of `plain`: to it, a price of nothing is no price."""
    day = {name: float(plain[theirs]) for name, theirs in _DAY.items() if theirs in plain}
    without = {name for name in (*_PRICES, "percentage") if day.get(name) == 0}
    if day["open"]:
        without -= {"percentage"}
    return {name: number for name, number in day.items() if name not in without}


def _numbers(ticker: dict[str, Any]) -> dict[str, float]:
    return {name: ticker[name] for name in _DAY if ticker[name] is not None}


def _quote(ticker: dict[str, Any]) -> tuple[float, float, float, float]:
    return (
        ticker["bid"] or 0.0,
        ticker["bidVolume"],
        ticker["ask"] or 0.0,
        ticker["askVolume"],
    )


def _premium(funding: dict[str, Any]) -> dict[str, float]:
    names = ("fundingRate", "markPrice", "indexPrice", "interestRate", "estimatedSettlePrice")
    return {name: funding[name] for name in names}
