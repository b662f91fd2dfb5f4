"""What the names and the addresses of streams mean."""

import pytest

from divbot.domain.market import Interval, Market
from divbot.exchange.streams.channels import Channel, Kind, Route, channel_of
from divbot.exchange.streams.paths import Door, find_door

SPOT, USDM = Market.SPOT, Market.USDM
BOTH = (SPOT, USDM)
EIGHT_HOURS = 28_800_000


@pytest.mark.parametrize(
    ("market", "stream", "channel"),
    [
        (SPOT, "btcusdt@kline_1m", Channel(Kind.KLINE, 2000, "BTCUSDT", Interval.M1)),
        (SPOT, "btcusdt@kline_1M", Channel(Kind.KLINE, 2000, "BTCUSDT", Interval.MONTH)),
        (SPOT, "btcusdt@kline_1s", Channel(Kind.KLINE, 1000, "BTCUSDT", Interval.S1)),
        (
            SPOT,
            "btcusdt@kline_1d@+08:00",
            Channel(Kind.KLINE, 2000, "BTCUSDT", Interval.D1, EIGHT_HOURS),
        ),
        (USDM, "btcusdt@kline_1m", Channel(Kind.KLINE, 250, "BTCUSDT", Interval.M1)),
        (
            USDM,
            "btcusdt_current_quarter@continuousKline_4h",
            Channel(Kind.CONTINUOUS_KLINE, 250, "BTCUSDT", Interval.H4, contract="CURRENT_QUARTER"),
        ),
        (
            USDM,
            "tslausdt_tradifi_perpetual@continuousKline_1m",
            Channel(
                Kind.CONTINUOUS_KLINE, 250, "TSLAUSDT", Interval.M1, contract="TRADIFI_PERPETUAL"
            ),
        ),
        (USDM, "btcusdt_260925@kline_1m", Channel(Kind.KLINE, 250, "BTCUSDT_260925", Interval.M1)),
        (SPOT, "币安人生usdt@miniTicker", Channel(Kind.MINI_TICKER, 1000, "币安人生USDT")),
        (SPOT, "btcusdt@ticker", Channel(Kind.TICKER, 1000, "BTCUSDT")),
        (USDM, "btcusdt@bookTicker", Channel(Kind.BOOK_TICKER, 100, "BTCUSDT")),
        (USDM, "btcusdt@markPrice", Channel(Kind.MARK_PRICE, 3000, "BTCUSDT")),
        (USDM, "btcusdt@markPrice@1s", Channel(Kind.MARK_PRICE, 1000, "BTCUSDT")),
        (SPOT, "!miniTicker@arr", Channel(Kind.MINI_TICKER, 1000)),
        (USDM, "!ticker@arr", Channel(Kind.TICKER, 1000)),
        (USDM, "!markPrice@arr", Channel(Kind.MARK_PRICE, 3000)),
        (USDM, "!markPrice@arr@1s", Channel(Kind.MARK_PRICE, 1000)),
        (USDM, "!contractInfo", Channel(Kind.CONTRACT_INFO, 100)),
    ],
)
def test_a_name_means_a_channel(market, stream, channel):
    assert channel_of(market, stream) == channel


@pytest.mark.parametrize(
    ("market", "stream"),
    [
        (SPOT, "BTCUSDT@kline_1m"),
        (SPOT, "btcusdt@kline_7m"),
        (SPOT, "btcusdt@kline_1m@+09:00"),
        (SPOT, "btcusdt@KLINE_1m"),
        (SPOT, "btcusdt@markPrice"),
        (SPOT, "!ticker@arr"),  # retired
        (SPOT, "!contractInfo"),
        (SPOT, "btcusdt_perpetual@continuousKline_1m"),
        (USDM, "btcusdt@kline_1s"),
        (USDM, "btcusdt@kline_1d@+08:00"),
        (USDM, "btcusdt@continuousKline_1m"),
        (USDM, "btcusdt@depth"),
        (SPOT, "@ticker"),
        (SPOT, "btcusdt"),
        (SPOT, "0"),
        (SPOT, ""),
    ],
)
def test_other_names_mean_nothing(market, stream):
    assert channel_of(market, stream) is None


@pytest.mark.parametrize(
    ("route", "book", "others"),
    [
        (Route.SPOT, True, True),
        (Route.MARKET, False, True),
        (Route.PUBLIC, True, False),
        (Route.LEGACY, True, False),
    ],
)
def test_a_route_carries_its_own_streams_only(route, book, others):
    for kind in Kind:
        assert route.carries(kind) == (book if kind is Kind.BOOK_TICKER else others)


@pytest.mark.parametrize(
    ("markets", "target", "door"),
    [
        (BOTH, "/ws", Door(SPOT, Route.SPOT)),
        (BOTH, "/ws/", Door(SPOT, Route.SPOT)),
        (BOTH, "/ws/a@ticker/b@ticker", Door(SPOT, Route.SPOT, streams=("a@ticker", "b@ticker"))),
        (BOTH, "/stream", Door(SPOT, Route.SPOT, combined=True)),
        (BOTH, "/stream?streams=", Door(SPOT, Route.SPOT, combined=True)),
        (
            BOTH,
            "/stream?streams=a@kline_1d@+08:00/%21miniTicker%40arr",
            Door(SPOT, Route.SPOT, combined=True, streams=("a@kline_1d@+08:00", "!miniTicker@arr")),
        ),
        (BOTH, "/ws/%E5%B8%81usdt@ticker", Door(SPOT, Route.SPOT, streams=("币usdt@ticker",))),
        (
            BOTH,
            "/ws/a@ticker?timeUnit=MICROSECOND",
            Door(SPOT, Route.SPOT, streams=("a@ticker",), microseconds=True),
        ),
        (BOTH, "/market/ws", Door(USDM, Route.MARKET)),
        (
            BOTH,
            "/market/stream?streams=a@kline_1m",
            Door(USDM, Route.MARKET, combined=True, streams=("a@kline_1m",)),
        ),
        (BOTH, "/public/ws?timeUnit=MICROSECOND", Door(USDM, Route.PUBLIC)),
        (BOTH, "/fstream/ws", Door(USDM, Route.LEGACY)),
        (BOTH, "/fstream/market/ws", Door(USDM, Route.MARKET)),
        (BOTH, "/fstream.binance.com/ws", Door(USDM, Route.LEGACY)),
        (BOTH, "/fstream.binance.com/public/stream", Door(USDM, Route.PUBLIC, combined=True)),
        (BOTH, "/stream.binance.com:9443/ws", Door(SPOT, Route.SPOT)),
        (BOTH, "/data-stream.binance.vision/stream", Door(SPOT, Route.SPOT, combined=True)),
        ((USDM,), "/ws", Door(USDM, Route.LEGACY)),
        ((USDM,), "/stream", Door(USDM, Route.LEGACY, combined=True)),
        ((USDM,), "/stream.binance.com/ws", None),
        ((SPOT,), "/market/ws", None),
        ((SPOT,), "/fstream/ws", None),
        (BOTH, "/stream.binance.com/market/ws", None),
        (BOTH, "/stream/nonsense", None),
        (BOTH, "/private/ws", None),
        (BOTH, "/market", None),
        (BOTH, "/", None),
        (BOTH, "/api/v3/ping", None),
    ],
)
def test_an_address_leads_to_a_market(markets, target, door):
    assert find_door(markets, target) == door
