"""python-binance, unchanged but for its addresses, takes the exchange for Binance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from divbot.domain.clock import parse_time

from .conftest import NOON
from .plain import SPOT, USDM, by_symbol, need, said

pytestmark = pytest.mark.filterwarnings(
    # Importing it imports a name that websockets has deprecated; only its import does.
    "ignore:websockets.WebSocketClientProtocol is deprecated:DeprecationWarning",
    "ignore:websockets.legacy is deprecated:DeprecationWarning",
)

MINUTE, HOUR = 60_000, 3_600_000
FORMING = NOON // MINUTE * MINUTE
MARKETS = pytest.mark.parametrize("prefix", [SPOT, USDM], ids=["spot", "usdm"])


@contextmanager
def opened(base_url: str, **options: Any) -> Iterator[Any]:
    """Open a client without a key, each of its hosts replaced by the exchange."""
    # Imported here, where the marks on warnings hold.
    client_module = pytest.importorskip("binance.client", reason="needs python-binance")
    # A client makes itself an event loop, unless it finds one, and closes none.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    class LoopbackClient(client_module.Client):
        """The client with its addresses replaced."""

    hosts = [name for name in dir(client_module.Client) if name.endswith("_URL")]
    for name in hosts:
        _, _, rest = getattr(client_module.Client, name).partition("://")
        setattr(LoopbackClient, name, f"{base_url}/{rest.partition('/')[2]}")
    client = LoopbackClient(**options)
    try:
        yield client
    finally:
        client.session.close()
        asyncio.set_event_loop(None)
        loop.close()


@pytest.fixture
def client(standing: str) -> Iterator[Any]:
    # It pings when it is made: that is its first request.
    with opened(standing) as client:
        yield client


@pytest.fixture
def klines(client: Any) -> dict[str, Callable[..., list[list[Any]]]]:
    """Return the client's methods for candles, by market."""
    return {SPOT: client.get_klines, USDM: client.futures_klines}


def test_every_address_of_the_client_is_the_exchanges(standing, client):
    hosts = [name for name in dir(type(client)) if name.endswith("_URL")]

    assert len(hosts) >= 20
    assert {getattr(client, name).startswith(standing) for name in hosts} == {True}
    assert client.API_KEY is None


def test_the_time_is_the_exchanges(client):
    assert client.get_server_time() == client.futures_time() == {"serverTime": NOON}
    assert client.ping() == client.futures_ping() == {}


def test_a_client_that_counts_in_microseconds_gets_microseconds(standing):
    with opened(standing, time_unit="MICROSECOND") as client:
        time = client.get_server_time()["serverTime"]
        (candle,) = client.get_klines(symbol="BTCUSDT", interval="1m", limit=1)

    assert time == NOON * 1000
    assert (candle[0], candle[6]) == (FORMING * 1000, (FORMING + MINUTE) * 1000 - 1)


def test_the_listings_are_what_the_exchange_says(standing, client):
    assert client.get_exchange_info() == said(standing, f"{SPOT}/exchangeInfo")
    assert client.futures_exchange_info() == said(standing, f"{USDM}/exchangeInfo")


def test_one_symbol_is_found_among_the_listings(standing, client):
    (plain,) = said(standing, f"{SPOT}/exchangeInfo", symbol="ETHUSDT")["symbols"]

    assert client.get_symbol_info("ethusdt") == plain
    assert client.get_symbol_info("NOPEUSDT") is None


@MARKETS
@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param({}, 500, id="nothing more"),
        pytest.param({"limit": 7}, 7, id="limit"),
        pytest.param({"startTime": FORMING - 9 * MINUTE}, 10, id="from"),
        pytest.param(
            {"startTime": FORMING - 9 * MINUTE, "endTime": FORMING - 5 * MINUTE}, 5, id="from, to"
        ),
        pytest.param({"endTime": FORMING - 1, "limit": 3}, 3, id="to"),
    ],
)
def test_candles_are_what_the_exchange_says(standing, klines, prefix, asked, count):
    asked = {"symbol": "BTCUSDT", "interval": "1m", **asked}

    rows = klines[prefix](**asked)

    assert len(rows) == count
    assert rows == said(standing, f"{prefix}/klines", **asked)
    assert {len(row) for row in rows} == {12}


@pytest.mark.parametrize("is_futures", [False, True], ids=["spot", "usdm"])
@pytest.mark.parametrize("minutes", [0, 1, 999, 1000, 1001, 2400])
def test_a_history_of_any_length_is_without_gap_and_overlap(client, is_futures, minutes):
    ask = client.futures_historical_klines if is_futures else client.get_historical_klines
    start = FORMING - minutes * MINUTE

    rows = ask("BTCUSDT", "1m", start)

    assert [row[0] for row in rows] == [start + MINUTE * number for number in range(minutes + 1)]


def test_a_history_between_two_dates_in_words(client):
    rows = client.get_historical_klines(
        "BTCUSDT", "1h", "1 June 2024 00:00 UTC", "30 June 2024 23:00 UTC"
    )

    first = parse_time("2024-06-01T00:00")
    assert [row[0] for row in rows] == [first + HOUR * number for number in range(30 * 24)]


def test_a_history_is_the_same_as_one_answer(standing, client):
    asked = {"symbol": "BTCUSDT", "interval": "5m", "limit": 1000}
    whole = said(standing, f"{SPOT}/klines", **asked)

    rows = client.get_historical_klines("BTCUSDT", "5m", whole[0][0], limit=400)
    generated = list(client.get_historical_klines_generator("BTCUSDT", "5m", whole[0][0]))

    assert generated == whole
    assert rows == whole[:400]


def test_a_history_from_before_the_listing_begins_with_it(client):
    rows = client.get_historical_klines("BTCUSDT", "1M", 0)

    assert rows[0][0] == parse_time("2020-01-01T00:00")
    assert rows[-1][0] == parse_time("2024-07-01T00:00")
    assert len(rows) == 55


def test_the_ticker_is_what_the_exchange_says(standing, client):
    plain = said(standing, f"{SPOT}/ticker/24hr", symbol="BTCUSDT")
    (row,) = said(standing, f"{SPOT}/klines", symbol="BTCUSDT", interval="1m", limit=1)

    ticker = client.get_ticker(symbol="BTCUSDT")

    assert ticker == plain
    assert ticker["lastPrice"] == row[4]


def test_all_tickers_are_what_the_exchange_says(standing, client):
    days = by_symbol(said(standing, f"{SPOT}/ticker/24hr"))

    assert by_symbol(client.get_ticker()) == days
    assert {each["symbol"]: each["price"] for each in client.get_all_tickers()} == {
        name: each["lastPrice"] for name, each in days.items()
    }


def test_the_price_of_one_symbol_is_the_tickers(client):
    price = client.get_symbol_ticker(symbol="BTCUSDT")["price"]

    assert price == client.get_ticker(symbol="BTCUSDT")["lastPrice"]


def test_quotes_are_what_the_exchange_says(standing, client):
    plain = by_symbol(said(standing, f"{SPOT}/ticker/bookTicker"))

    chosen = client.get_orderbook_tickers(symbols='["BTCUSDT","ETHUSDT"]')

    assert by_symbol(client.get_orderbook_tickers()) == plain
    assert by_symbol(chosen) == {name: plain[name] for name in ("BTCUSDT", "ETHUSDT")}
    assert client.get_orderbook_ticker(symbol="BTCUSDT") == plain["BTCUSDT"]


def test_the_average_price_lies_within_its_minutes(standing, client):
    need(standing, f"{SPOT}/avgPrice", symbol="BTCUSDT")
    recent = client.get_klines(symbol="BTCUSDT", interval="1m", limit=6)

    average = client.get_avg_price(symbol="BTCUSDT")

    assert average["mins"] == 5
    assert min(float(row[3]) for row in recent) <= float(average["price"])
    assert float(average["price"]) <= max(float(row[2]) for row in recent)
    assert average["closeTime"] <= NOON


@MARKETS
@pytest.mark.parametrize("limit", [5, 100])
def test_an_order_book_is_what_the_exchange_says(standing, client, prefix, limit):
    need(standing, f"{prefix}/depth", symbol="BTCUSDT")
    ask = client.get_order_book if prefix == SPOT else client.futures_order_book

    book = ask(symbol="BTCUSDT", limit=limit)

    assert book == said(standing, f"{prefix}/depth", symbol="BTCUSDT", limit=limit)
    assert (len(book["bids"]), len(book["asks"])) == (limit, limit)
    assert {type(text) for level in book["bids"] + book["asks"] for text in level} == {str}


def test_futures_tickers_are_what_the_exchange_says(standing, client):
    days = by_symbol(said(standing, f"{USDM}/ticker/24hr"))
    (row,) = said(standing, f"{USDM}/klines", symbol="BTCUSDT", interval="1m", limit=1)

    one = client.futures_ticker(symbol="BTCUSDT")

    assert by_symbol(client.futures_ticker()) == days
    assert one == days["BTCUSDT"]
    assert one["lastPrice"] == row[4]


def test_futures_quotes_are_what_the_exchange_says(standing, client):
    plain = by_symbol(said(standing, f"{USDM}/ticker/bookTicker"))

    assert by_symbol(client.futures_orderbook_ticker()) == plain
    assert client.futures_orderbook_ticker(symbol="BTCUSDT") == plain["BTCUSDT"]
    assert float(plain["BTCUSDT"]["bidPrice"]) < float(plain["BTCUSDT"]["askPrice"])


def test_futures_prices_are_the_tickers(standing, client):
    need(standing, "/fapi/v2/ticker/price")
    days = by_symbol(client.futures_ticker())

    prices = by_symbol(client.futures_symbol_ticker())

    assert {name: each["price"] for name, each in prices.items()} == {
        name: each["lastPrice"] for name, each in days.items()
    }
    assert client.futures_symbol_ticker(symbol="BTCUSDT") == prices["BTCUSDT"]


def test_mark_prices_are_what_the_exchange_says(standing, client):
    plain = by_symbol(said(standing, f"{USDM}/premiumIndex"))

    mark = client.futures_mark_price(symbol="BTCUSDT")

    assert by_symbol(client.futures_mark_price()) == plain
    assert mark == plain["BTCUSDT"]
    assert float(mark["markPrice"]) == pytest.approx(
        float(client.futures_ticker(symbol="BTCUSDT")["lastPrice"]), rel=0.01
    )


def test_candles_of_the_mark_price_are_what_the_exchange_says(standing, client):
    asked = {"symbol": "BTCUSDT", "interval": "1h", "limit": 30}
    need(standing, f"{USDM}/markPriceKlines", **asked)

    rows = client.futures_mark_price_klines(**asked)

    assert rows == said(standing, f"{USDM}/markPriceKlines", **asked)
    assert rows[-1][4] == client.futures_mark_price(symbol="BTCUSDT")["markPrice"]
    assert {row[5] for row in rows} == {"0"}


def test_candles_for_the_screen_are_the_same_candles(client):
    asked = {"symbol": "BTCUSDT", "interval": "1h", "limit": 30}
    need(client.API_URL.removesuffix("/api"), f"{SPOT}/uiKlines", **asked)

    assert [row[0] for row in client.get_ui_klines(**asked)] == [
        row[0] for row in client.get_klines(**asked)
    ]


def test_a_name_outside_ascii_is_understood(client, klines):
    for ask in klines.values():
        assert len(ask(symbol="币安人生USDT", interval="1h", limit=3)) == 3


def test_past_funding_is_what_the_exchange_says(standing, client):
    need(standing, f"{USDM}/fundingRate", symbol="BTCUSDT")
    plain = said(standing, f"{USDM}/fundingRate", symbol="BTCUSDT")

    latest = client.futures_funding_rate(symbol="BTCUSDT", limit=3)
    since = client.futures_funding_rate(symbol="BTCUSDT", startTime=plain[0]["fundingTime"])

    assert len(plain) == 100
    assert (latest, since) == (plain[-3:], plain)
    times = [each["fundingTime"] for each in plain]
    assert times == sorted(set(times))
    assert times[-1] <= NOON


@MARKETS
@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        pytest.param({"symbol": "NOPEUSDT"}, -1121, "Invalid symbol.", id="unknown symbol"),
        pytest.param({"interval": "7m"}, -1120, "Invalid interval.", id="unknown interval"),
        pytest.param({"symbol": "btcusdt"}, -1100, "Illegal characters", id="lower case"),
        pytest.param({"symbol": ""}, -1102, "Mandatory parameter 'symbol'", id="no symbol"),
    ],
)
def test_a_wrong_request_is_an_exception_with_the_venues_code(klines, prefix, asked, code, message):
    refused = _api_exception()

    with pytest.raises(refused) as caught:
        klines[prefix](**{"symbol": "BTCUSDT", "interval": "1m", **asked})

    assert (caught.value.status_code, caught.value.code) == (400, code)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param({"limit": 1501}, -1130, id="more candles than there may be"),
        pytest.param({"startTime": 2, "endTime": 1}, -1023, id="backwards"),
    ],
)
def test_futures_refuse_what_spot_bears(client, asked, code):
    asked = {"symbol": "BTCUSDT", "interval": "1m", **asked}

    with pytest.raises(_api_exception()) as caught:
        client.futures_klines(**asked)

    assert caught.value.code == code
    assert len(client.get_klines(**asked)) in {0, 1000}


def test_too_many_requests_are_refused_and_then_banned(grudging):
    with opened(grudging) as client:
        refusals = []
        for _ in range(3):
            with pytest.raises(_api_exception()) as caught:
                client.get_ticker()
            refusals.append(caught.value)

    assert [each.status_code for each in refusals] == [429, 418, 418]
    assert {each.code for each in refusals} == {-1003}
    assert all(int(each.response.headers["Retry-After"]) >= 1 for each in refusals)
    assert "banned until" in refusals[-1].message


def _api_exception() -> type[Exception]:
    return pytest.importorskip("binance.exceptions").BinanceAPIException
