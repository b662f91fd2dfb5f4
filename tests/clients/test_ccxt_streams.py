"""ccxt's streaming clients, unchanged but for their addresses, hear the exchange as Binance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from .plain import said
from .streams import order, played, redirected

ccxt = pytest.importorskip("ccxt.pro", reason="needs the client library ccxt")

MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Side:
    """One market as ccxt sees it."""

    kind: type
    market_type: str
    btc: str
    name: str
    """How the exchange calls the market."""


SPOT = Side(ccxt.binance, "spot", "BTC/USDT", "spot")
USDM = Side(ccxt.binanceusdm, "linear", "BTC/USDT:USDT", "usdm")
SIDES = pytest.mark.parametrize("side", [SPOT, USDM], ids=["spot", "usdm"])


@asynccontextmanager
async def opened(kind: type, base_url: str, *market_types: str) -> AsyncIterator[Any]:
    """Open a client without a key, each of its hosts replaced."""
    options = {"fetchMarkets": {"types": list(market_types)}, "fetchCurrencies": False}
    # The exchange does its own counting; ccxt's throttle would sleep.
    client = kind({"enableRateLimit": False, "options": options})
    client.urls["api"] = _redirected(client.urls["api"], base_url)
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


def _redirected(urls: Any, base_url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _redirected(each, base_url) for name, each in urls.items()}
    return redirected(urls, base_url)


@SIDES
def test_candles_grow_and_close_as_rest_tells_them(side, moving):
    async def story() -> tuple[dict[int, list[float]], list[list[float]]]:
        async with opened(side.kind, moving, side.market_type) as client:
            seen: dict[int, list[float]] = {}
            while len(seen) < 4:
                for candle in await client.watch_ohlcv(side.btc, "1m"):
                    seen[candle[0]] = candle
            return seen, await client.fetch_ohlcv(side.btc, "1m", min(seen))

    seen, rest = played(story())

    *closed, _ = sorted(seen)
    assert closed == [closed[0], closed[0] + MINUTE, closed[0] + 2 * MINUTE]
    assert [seen[time] for time in closed] == rest[:3]


@SIDES
def test_several_symbols_and_intervals_are_heard_on_one_connection(side, moving):
    async def story() -> set[tuple[str, str]]:
        async with opened(side.kind, moving, side.market_type) as client:
            eth = side.btc.replace("BTC", "ETH")
            wanted = [[side.btc, "1m"], [eth, "5m"]]
            heard = set()
            while len(heard) < len(wanted):
                told = await client.watch_ohlcv_for_symbols(wanted)
                heard |= {(symbol, each) for symbol in told for each in told[symbol]}
            assert len(client.clients) == 1
            return heard

    assert played(story()) == {(side.btc, "1m"), (side.btc.replace("BTC", "ETH"), "5m")}


@SIDES
def test_statistics_are_heard_of_one_symbol_and_of_all(side, moving):
    async def story() -> tuple[Any, Any, Any]:
        async with opened(side.kind, moving, side.market_type) as client:
            one = await client.watch_ticker(side.btc)
            full = await client.watch_ticker(side.btc, {"name": "ticker"})
            return one, full, await client.watch_tickers()

    one, full, many = played(story())

    assert one["info"]["e"] == "24hrMiniTicker"
    assert full["info"]["e"] == "24hrTicker"
    for ticker in (one, full, many[side.btc]):
        assert ticker["symbol"] == side.btc
        assert 0 < ticker["low"] <= ticker["last"] <= ticker["high"]
        assert ticker["quoteVolume"] > ticker["baseVolume"] > 0
    assert len(many) >= 10


@SIDES
def test_bids_and_asks_are_heard_by_symbol(side, moving):
    async def story() -> Any:
        async with opened(side.kind, moving, side.market_type) as client:
            return await client.watch_bids_asks([side.btc])

    quoted = played(story())[side.btc]

    assert 0 < quoted["bid"] < quoted["ask"]
    assert min(quoted["bidVolume"], quoted["askVolume"]) > 0
    assert (quoted["timestamp"] is None) == (side is SPOT)


def test_mark_prices_are_heard_of_one_symbol_and_of_all(moving):
    async def story() -> tuple[Any, set[str]]:
        async with opened(ccxt.binanceusdm, moving, "linear") as client:
            one = await client.watch_mark_price(USDM.btc)
            heard: set[str] = set()
            while not {USDM.btc, "TSLA/USDT:USDT"} <= heard:
                heard |= set(await client.watch_mark_prices())
            return one, heard

    one, heard = played(story())

    assert one["markPrice"] == pytest.approx(one["indexPrice"], rel=1e-3)
    assert len(heard) >= 10


def test_one_client_tells_the_markets_apart(moving):
    async def story() -> list[Any]:
        async with opened(ccxt.binance, moving, "spot", "linear") as client:
            wanted = [client.watch_ticker(side.btc) for side in (SPOT, USDM)]
            return list(await asyncio.gather(*wanted))

    spot, usdm = played(story())

    assert (spot["symbol"], usdm["symbol"]) == (SPOT.btc, USDM.btc)
    assert len(spot["info"]["c"].split(".")[1]) == 8
    assert len(usdm["info"]["c"].split(".")[1]) == 2


def test_candles_of_another_zone_open_there(moving):
    async def story() -> Any:
        async with opened(ccxt.binance, moving, "spot") as client:
            return await client.watch_ohlcv(SPOT.btc, "1d", params={"timezone": "+08:00"})

    (candle,) = played(story())

    assert candle[0] % (24 * 60 * MINUTE) == 16 * 60 * MINUTE


def test_what_is_unwatched_is_no_longer_subscribed(moving):
    async def story() -> list[int]:
        async with opened(ccxt.binance, moving, "spot") as client:
            counts = []
            await client.watch_ohlcv(SPOT.btc, "1m")
            counts.append(_subscriptions(moving))
            await client.un_watch_ohlcv(SPOT.btc, "1m")
            counts.append(_subscriptions(moving))
            return counts

    first, after = played(story())

    assert first - after == 1


def _subscriptions(base_url: str) -> int:
    # ccxt connects to /ws/0, where 0 counts as a stream, if one that says nothing.
    return int(said(base_url, "/divbot/state")["streams"]["spot"]["subscriptions"])


@SIDES
@pytest.mark.parametrize("by", ["disconnect", "shutdown"])
def test_a_client_that_was_cut_off_comes_back(side, by, moving):
    async def story() -> Any:
        async with opened(side.kind, moving, side.market_type) as client:
            await client.watch_ohlcv(side.btc, "1m")
            assert order(moving, side.name, by) == 1
            with pytest.raises(ccxt.NetworkError):
                await _watched_for_ever(client, side.btc)
            return await client.watch_ohlcv(side.btc, "1m")

    assert played(story())


async def _watched_for_ever(client: Any, symbol: str) -> None:
    while True:
        await client.watch_ohlcv(symbol, "1m")
