"""python-binance's sockets, unchanged but for their addresses, hear the exchange as Binance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from .streams import order, played, redirected

pytestmark = pytest.mark.filterwarnings(
    # Importing it imports a name that websockets has deprecated; only its import does.
    "ignore:websockets.WebSocketClientProtocol is deprecated:DeprecationWarning",
    "ignore:websockets.legacy is deprecated:DeprecationWarning",
)

MINUTE = 60_000


@asynccontextmanager
async def opened(base_url: str, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Open a client and its manager of sockets, each of their hosts replaced."""
    # Imported here, where the marks on warnings hold.
    binance = pytest.importorskip("binance", reason="needs python-binance")

    class LoopbackClient(binance.AsyncClient):
        """The client with its addresses replaced."""

    class LoopbackManager(binance.BinanceSocketManager):
        """The manager with its addresses replaced."""

    for kind in (LoopbackClient, LoopbackManager):
        for name in [name for name in dir(kind) if name.endswith("_URL")]:
            setattr(kind, name, redirected(getattr(kind, name), base_url))
    client = await LoopbackClient.create(**options)
    try:
        yield client, LoopbackManager(client)
    finally:
        await client.close_connection()


async def candles(socket: Any, count: int) -> list[dict[str, Any]]:
    """Return the final candles of a socket, until there are `count`."""
    closed: list[dict[str, Any]] = []
    async with socket as heard:
        while len(closed) < count:
            event = await heard.recv()
            k = event.get("data", event)["k"]
            closed += [k] if k["x"] else []
    return closed


def as_row(k: dict[str, Any]) -> list[Any]:
    """Return a candle of a stream as REST tells it."""
    return [k[name] for name in "tohlcvTqnVQ"] + ["0"]


Asked = Callable[[Any, Any], tuple[Any, Callable[..., Awaitable[Any]]]]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            lambda client, manager: (manager.kline_socket("BTCUSDT"), client.get_klines),
            id="spot",
        ),
        pytest.param(
            lambda client, manager: (
                manager.multiplex_socket(["btcusdt@kline_1m"]),
                client.get_klines,
            ),
            id="spot, combined",
        ),
        pytest.param(
            lambda client, manager: (
                manager.kline_futures_socket("BTCUSDT"),
                client.futures_klines,
            ),
            id="futures, continuous",
        ),
        pytest.param(
            lambda client, manager: (
                manager.futures_multiplex_socket(["btcusdt@kline_1m"]),
                client.futures_klines,
            ),
            id="futures, combined",
        ),
    ],
)
def test_final_candles_are_those_that_rest_tells(asked: Asked, moving: str) -> None:
    async def story() -> tuple[list[dict[str, Any]], Any]:
        async with opened(moving) as (client, manager):
            socket, klines = asked(client, manager)
            closed = await candles(socket, 2)
            start = closed[0]["t"]
            return closed, await klines(symbol="BTCUSDT", interval="1m", startTime=start)

    closed, rest = played(story())

    assert closed[1]["t"] - closed[0]["t"] == MINUTE
    assert [as_row(k) for k in closed] == rest[:2]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("24hrTicker", lambda manager: manager.symbol_ticker_socket("BTCUSDT")),
        ("24hrMiniTicker", lambda manager: manager.symbol_miniticker_socket("BTCUSDT")),
        (None, lambda manager: manager.symbol_book_ticker_socket("BTCUSDT")),
        # Its name notwithstanding.
        ("bookTicker", lambda manager: manager.symbol_ticker_futures_socket("BTCUSDT")),
        ("markPriceUpdate", lambda manager: manager.symbol_mark_price_socket("BTCUSDT")),
    ],
)
def test_each_socket_hears_its_events(name, asked, moving):
    async def story() -> Any:
        async with opened(moving) as (_, manager), asked(manager) as socket:
            return await socket.recv()

    event = played(story())

    content = event.get("data", event)
    assert (content.get("e"), content["s"]) == (name, "BTCUSDT")


def test_a_route_is_silent_about_the_streams_of_another(moving):
    async def story() -> set[str]:
        streams = ["btcusdt@kline_1m", "btcusdt@bookTicker"]
        async with opened(moving) as (_, manager):
            asked = manager.futures_multiplex_socket(streams, category="public")
            async with asked as socket:
                return {(await socket.recv())["stream"] for _ in range(10)}

    assert played(story()) == {"btcusdt@bookTicker"}


def test_a_client_that_counts_in_microseconds_gets_microseconds(moving):
    async def story() -> Any:
        async with opened(moving, time_unit="MICROSECOND") as (_, manager):
            return await candles(manager.kline_socket("BTCUSDT"), 1)

    (k,) = played(story())

    assert k["T"] - k["t"] == MINUTE * 1000 - 1
    assert k["t"] % (MINUTE * 1000) == 0


def test_a_socket_that_was_cut_off_connects_anew(moving):
    async def story() -> list[Any]:
        async with opened(moving) as (_, manager), manager.kline_socket("BTCUSDT") as socket:
            heard = [await socket.recv()]
            assert order(moving, "spot", "disconnect") == 1
            while heard[-1]["e"] != "error":
                heard.append(await socket.recv())
            while heard[-1]["e"] == "error":
                heard.append(await socket.recv())
            return heard

    heard = played(story())

    assert heard[-1]["e"] == "kline"
    assert heard[-1]["E"] > heard[0]["E"]
