"""What the names and the addresses of streams mean."""

import pytest

from divbot.domain.market import Interval, Market
from divbot.exchange.streams.addresses import StreamAddress, address_of
from divbot.exchange.streams.channels import Channel, ChannelKind, StreamRoute, channel_of

SPOT, USDM = Market.SPOT, Market.USDM
BOTH = (SPOT, USDM)
EIGHT_HOURS = 28_800_000


@pytest.mark.parametrize(
    ("market", "stream", "channel"),
    [
        (SPOT, "btcusdt@kline_1m", Channel(ChannelKind.KLINE, 2000, "BTCUSDT", Interval.M1)),
        (SPOT, "btcusdt@kline_1M", Channel(ChannelKind.KLINE, 2000, "BTCUSDT", Interval.MONTH)),
        (SPOT, "btcusdt@kline_1s", Channel(ChannelKind.KLINE, 1000, "BTCUSDT", Interval.S1)),
        (
            SPOT,
            "btcusdt@kline_1d@+08:00",
            Channel(ChannelKind.KLINE, 2000, "BTCUSDT", Interval.D1, EIGHT_HOURS),
        ),
        (USDM, "btcusdt@kline_1m", Channel(ChannelKind.KLINE, 250, "BTCUSDT", Interval.M1)),
        (
            USDM,
            "btcusdt_current_quarter@continuousKline_4h",
            Channel(
                ChannelKind.CONTINUOUS_KLINE,
                250,
                "BTCUSDT",
                Interval.H4,
                contract="CURRENT_QUARTER",
            ),
        ),
        (
            USDM,
            "tslausdt_tradifi_perpetual@continuousKline_1m",
            Channel(
                ChannelKind.CONTINUOUS_KLINE,
                250,
                "TSLAUSDT",
                Interval.M1,
                contract="TRADIFI_PERPETUAL",
            ),
        ),
        (
            USDM,
            "btcusdt_260925@kline_1m",
            Channel(ChannelKind.KLINE, 250, "BTCUSDT_260925", Interval.M1),
        ),
        (SPOT, "币安人生usdt@miniTicker", Channel(ChannelKind.MINI_TICKER, 1000, "币安人生USDT")),
        (SPOT, "btcusdt@ticker", Channel(ChannelKind.TICKER, 1000, "BTCUSDT")),
        (USDM, "btcusdt@bookTicker", Channel(ChannelKind.BOOK_TICKER, 100, "BTCUSDT")),
        (USDM, "btcusdt@markPrice", Channel(ChannelKind.MARK_PRICE, 3000, "BTCUSDT")),
        (USDM, "btcusdt@markPrice@1s", Channel(ChannelKind.MARK_PRICE, 1000, "BTCUSDT")),
        (SPOT, "!miniTicker@arr", Channel(ChannelKind.MINI_TICKER, 1000)),
        (USDM, "!ticker@arr", Channel(ChannelKind.TICKER, 1000)),
        (USDM, "!markPrice@arr", Channel(ChannelKind.MARK_PRICE, 3000)),
        (USDM, "!markPrice@arr@1s", Channel(ChannelKind.MARK_PRICE, 1000)),
        (USDM, "!contractInfo", Channel(ChannelKind.CONTRACT_INFO, 100)),
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
        (StreamRoute.SPOT, True, True),
        (StreamRoute.MARKET, False, True),
        (StreamRoute.PUBLIC, True, False),
        (StreamRoute.LEGACY, True, False),
    ],
)
def test_a_route_carries_its_own_streams_only(route, book, others):
    for kind in ChannelKind:
        assert route.carries(kind) == (book if kind is ChannelKind.BOOK_TICKER else others)


@pytest.mark.parametrize(
    ("markets", "target", "door"),
    [
        (BOTH, "/ws", StreamAddress(SPOT, StreamRoute.SPOT)),
        (BOTH, "/ws/", StreamAddress(SPOT, StreamRoute.SPOT)),
        (
            BOTH,
            "/ws/a@ticker/b@ticker",
            StreamAddress(SPOT, StreamRoute.SPOT, streams=("a@ticker", "b@ticker")),
        ),
        (BOTH, "/stream", StreamAddress(SPOT, StreamRoute.SPOT, combined=True)),
        (BOTH, "/stream?streams=", StreamAddress(SPOT, StreamRoute.SPOT, combined=True)),
        (
            BOTH,
            "/stream?streams=a@kline_1d@+08:00/%21miniTicker%40arr",
            StreamAddress(
                SPOT,
                StreamRoute.SPOT,
                combined=True,
                streams=("a@kline_1d@+08:00", "!miniTicker@arr"),
            ),
        ),
        (
            BOTH,
            "/ws/%E5%B8%81usdt@ticker",
            StreamAddress(SPOT, StreamRoute.SPOT, streams=("币usdt@ticker",)),
        ),
        (
            BOTH,
            "/ws/a@ticker?timeUnit=MICROSECOND",
            StreamAddress(SPOT, StreamRoute.SPOT, streams=("a@ticker",), microseconds=True),
        ),
        (BOTH, "/market/ws", StreamAddress(USDM, StreamRoute.MARKET)),
        (
            BOTH,
            "/market/stream?streams=a@kline_1m",
            StreamAddress(USDM, StreamRoute.MARKET, combined=True, streams=("a@kline_1m",)),
        ),
        (BOTH, "/public/ws?timeUnit=MICROSECOND", StreamAddress(USDM, StreamRoute.PUBLIC)),
        (BOTH, "/fstream/ws", StreamAddress(USDM, StreamRoute.LEGACY)),
        (BOTH, "/fstream/market/ws", StreamAddress(USDM, StreamRoute.MARKET)),
        (BOTH, "/fstream.binance.com/ws", StreamAddress(USDM, StreamRoute.LEGACY)),
        (
            BOTH,
            "/fstream.binance.com/public/stream",
            StreamAddress(USDM, StreamRoute.PUBLIC, combined=True),
        ),
        (BOTH, "/stream.binance.com:9443/ws", StreamAddress(SPOT, StreamRoute.SPOT)),
        (
            BOTH,
            "/data-stream.binance.vision/stream",
            StreamAddress(SPOT, StreamRoute.SPOT, combined=True),
        ),
        ((USDM,), "/ws", StreamAddress(USDM, StreamRoute.LEGACY)),
        ((USDM,), "/stream", StreamAddress(USDM, StreamRoute.LEGACY, combined=True)),
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
    assert address_of(markets, target) == door
