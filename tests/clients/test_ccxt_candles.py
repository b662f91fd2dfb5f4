"""ccxt's candles are what the exchange says, however they are paged."""

from __future__ import annotations

from typing import Any

import pytest

from divbot.domain.clock import parse_time

from .ccxt_sides import MINUTE, Side, numbers_of
from .conftest import NOON

ccxt = pytest.importorskip("ccxt", reason="needs the client library ccxt")

TIMEFRAMES = ("1m", "5m", "1h", "1d", "1w", "1M")


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_the_latest_candles_are_what_the_exchange_says(side, timeframe):
    plain = side.said("klines", symbol="BTCUSDT", interval=timeframe, limit=20)

    candles = side.client.fetch_ohlcv(side.btc, timeframe, limit=20)

    assert len(candles) == 20
    assert candles == numbers_of(plain)
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
