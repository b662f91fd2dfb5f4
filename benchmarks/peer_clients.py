"""Other people's clients at the work of a scan: list, choose, download, RSI and ATR.

    python benchmarks/peer_clients.py NAME URL SYMBOLS

NAME is one of CLIENTS; the exchange at URL is asked for the 1000 spot candles of the most traded
symbols, 64 requests at once, as a user would who wants speed: throttles off, connections kept.
Printed is one JSON document: the seconds from the first question to the last figure, without what
the libraries take to load. None of them computes RSI or ATR: TA-Lib does, where it is installed.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from commandline import USAGE, BenchmarkFailed, run
from floor import CONNECTIONS, ROWS, most_traded

sys.path.insert(0, str(Path(__file__).parents[1]))

INTERVAL = "5m"
ANSWER = TypeVar("ANSWER")
Candles = list[list[list[Any]]]
"""By symbol: open time, open, high, low, close, volume ... of each."""


def main() -> None:
    name, url, symbols = sys.argv[1], sys.argv[2], int(sys.argv[3])
    from tests.clients.loopback import loopback_only

    with loopback_only() as strays:
        seconds, candles = CLIENTS[name](url, symbols)
    if strays:
        raise BenchmarkFailed(f"{name} asked for {strays[0]}")
    if {len(rows) for rows in candles} != {ROWS["spot"]} or len(candles) != symbols:
        raise BenchmarkFailed(f"{name} found {len(candles)} symbols, expected {symbols}")
    print(json.dumps({"seconds": seconds}))


def ccxt_asyncio(url: str, symbols: int) -> tuple[float, Candles]:
    import ccxt.async_support as ccxt

    indicators = load_indicators()

    async def scan() -> Candles:
        client = redirected(ccxt.binance, url)
        try:
            await client.load_markets()
            names = chosen_by_ccxt(await client.fetch_tickers(), symbols)
            return await side_by_side(
                lambda name: client.fetch_ohlcv(name, INTERVAL, limit=ROWS["spot"]), names
            )
        finally:
            await client.close()

    return timed(lambda: asyncio.run(scan()), indicators)


def ccxt_threads(url: str, symbols: int) -> tuple[float, Candles]:
    import ccxt

    indicators = load_indicators()

    def scan() -> Candles:
        client = redirected(ccxt.binance, url)
        keep_connections(client.session)
        client.load_markets()
        names = chosen_by_ccxt(client.fetch_tickers(), symbols)
        return in_threads(
            lambda name: client.fetch_ohlcv(name, INTERVAL, limit=ROWS["spot"]), names
        )

    return timed(scan, indicators)


def python_binance_asyncio(url: str, symbols: int) -> tuple[float, Candles]:
    from binance.async_client import AsyncClient

    indicators = load_indicators()
    client_class: Any = at_exchange(AsyncClient, url)

    async def scan() -> Candles:
        client = await client_class.create()
        try:
            names = [x["symbol"] for x in most_traded(await client.get_ticker(), symbols)]
            return await side_by_side(
                lambda name: client.get_klines(symbol=name, interval=INTERVAL, limit=ROWS["spot"]),
                names,
            )
        finally:
            await client.close_connection()

    return timed(lambda: asyncio.run(scan()), indicators)


def python_binance_threads(url: str, symbols: int) -> tuple[float, Candles]:
    from binance.client import Client

    indicators = load_indicators()
    client_class: Any = at_exchange(Client, url)
    asyncio.set_event_loop(asyncio.new_event_loop())  # it wants one, and closes none

    def scan() -> Candles:
        client = client_class()
        keep_connections(client.session)
        names = [x["symbol"] for x in most_traded(client.get_ticker(), symbols)]
        return in_threads(
            lambda name: client.get_klines(symbol=name, interval=INTERVAL, limit=ROWS["spot"]),
            names,
        )

    return timed(scan, indicators)


CLIENTS: dict[str, Callable[[str, int], tuple[float, Candles]]] = {
    "ccxt, asyncio": ccxt_asyncio,
    "ccxt, threads": ccxt_threads,
    "python-binance, asyncio": python_binance_asyncio,
    "python-binance, threads": python_binance_threads,
}


def missing(name: str) -> str:
    """Return which package a client lacks; nothing if it is there."""
    package = name.partition(",")[0]
    module = {"python-binance": "binance"}.get(package, package)
    return "" if importlib.util.find_spec(module) else package


def redirected(kind: Callable[[dict[str, Any]], Any], url: str) -> Any:
    """Return a client of ccxt that asks the spot market of this exchange only."""
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}
    client = kind({"enableRateLimit": False, "options": options})
    client.urls["api"] = {name: url + urlsplit(x).path for name, x in client.urls["api"].items()}
    return client


def chosen_by_ccxt(tickers: dict[str, dict[str, Any]], symbols: int) -> list[str]:
    """Return the most traded markets in USDT by the names that ccxt has for them."""
    quoted = [x for name, x in tickers.items() if name.endswith("/USDT")]
    quoted.sort(key=lambda x: -(x["quoteVolume"] or 0.0))
    return [x["symbol"] for x in quoted[:symbols]]


def at_exchange(kind: type, url: str) -> type:
    """Return a client of python-binance with each of its hosts replaced."""
    hosts = [name for name in dir(kind) if name.endswith("_URL")]
    paths = {name: urlsplit(getattr(kind, name)).path for name in hosts}
    return type("LoopbackClient", (kind,), {name: url + path for name, path in paths.items()})


def keep_connections(session: Any) -> None:
    """Let a session of requests keep as many connections as there are threads."""
    from requests.adapters import HTTPAdapter

    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))


def in_threads(ask: Callable[[str], ANSWER], names: Sequence[str]) -> list[ANSWER]:
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return list(threads.map(ask, names))


async def side_by_side(
    ask: Callable[[str], Awaitable[ANSWER]], names: Iterable[str]
) -> list[ANSWER]:
    free = asyncio.Semaphore(CONNECTIONS)

    async def one(name: str) -> ANSWER:
        async with free:
            return await ask(name)

    return list(await asyncio.gather(*map(one, names)))


def timed(
    scan: Callable[[], Candles], indicators: Callable[[Candles], None]
) -> tuple[float, Candles]:
    started = time.perf_counter()
    candles = scan()
    indicators(candles)
    return time.perf_counter() - started, candles


def load_indicators() -> Callable[[Candles], None]:
    """Return what computes RSI and ATR of each symbol; without TA-Lib it does nothing."""
    if importlib.util.find_spec("talib") is None:
        return lambda _: None
    import numpy as np
    import talib

    def indicators(candles: Candles) -> None:
        for rows in candles:
            block = np.array([row[2:5] for row in rows], dtype=float)
            high, low, close = (np.ascontiguousarray(column) for column in block.T)
            figures = talib.RSI(close, 14)[-1], talib.ATR(high, low, close, 14)[-1]
            assert not any(map(math.isnan, figures))

    return indicators


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in CLIENTS:
        print("peer_clients.py: expected NAME URL SYMBOLS", file=sys.stderr)
        sys.exit(USAGE)
    run(main)
