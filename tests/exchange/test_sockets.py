"""Streams over real connections, on loopback: what only the wire can show."""

import asyncio
from contextlib import ExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from divbot.domain.market import Market
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import serve
from divbot.exchange.streams.sockets import Sockets

from .servers import fetch, running

KLINE = "btcusdt@kline_1m"
LIST = '{"method":"LIST_SUBSCRIPTIONS","id":1}'
SECONDS = 30


@pytest.fixture(scope="module")
def moving():
    """Return the address of an exchange that moves a minute a second."""
    with running(speed=60.0) as connection:
        yield f"http://{connection.host}:{connection.port}"


def played(story):
    """Run a coroutine to its end, which it must reach in time."""
    return asyncio.run(asyncio.wait_for(story, SECONDS))


@asynccontextmanager
async def connected(url, path, **options):
    """Yield a session of HTTP, and a connection to streams."""
    async with aiohttp.ClientSession() as http, http.ws_connect(url + path, **options) as socket:
        yield http, socket


async def control(http, url, **content):
    async with http.post(f"{url}/divbot/streams", json=content) as reply:
        return reply.status, await reply.json()


async def last_of(socket):
    """Read until nothing more comes; return the last message but the news."""
    while (message := await socket.receive()).type is WSMsgType.TEXT:
        pass
    return message


async def all_of(socket):
    """Return all that comes before the end; of text what it holds."""
    told = []
    while (message := await socket.receive()).type is not WSMsgType.CLOSED:
        told.append(message.json() if message.type is WSMsgType.TEXT else message)
    return told


@pytest.mark.parametrize(
    ("path", "is_wrapped"),
    [
        (f"/ws/{KLINE}", False),
        (f"/stream?streams={KLINE}", True),
        (f"/market/ws/{KLINE}", False),
        (f"/fstream.binance.com/market/stream?streams={KLINE}", True),
    ],
)
def test_candles_come_by_themselves(moving, path, is_wrapped):
    async def story():
        async with connected(moving, path) as (_, socket):
            return [await socket.receive_json() for _ in range(3)]

    told = played(story())

    if is_wrapped:
        assert {each["stream"] for each in told} == {KLINE}
        told = [each["data"] for each in told]
    assert {(each["e"], each["s"]) for each in told} == {("kline", "BTCUSDT")}
    times = [each["E"] for each in told]
    assert times == sorted(times)


def test_a_subscription_is_acknowledged_and_then_heard(moving):
    async def story():
        async with connected(moving, "/ws") as (_, socket):
            await socket.send_json({"method": "SUBSCRIBE", "params": [KLINE], "id": "one"})
            return [await socket.receive_json() for _ in range(2)]

    acknowledged, event = played(story())

    assert acknowledged == {"result": None, "id": "one"}
    assert event["e"] == "kline"


def test_the_handshake_tells_that_prices_are_made_up(moving):
    async def story():
        async with connected(moving, "/ws") as (_, socket):
            return socket._response.headers["X-Divbot-Exchange"]

    assert played(story()) == "synthetic"


def test_where_there_is_no_stream_there_is_no_handshake(moving):
    async def story():
        async with connected(moving, "/stream/nonsense"):
            pass

    with pytest.raises(WSServerHandshakeError) as caught:
        played(story())
    assert caught.value.status == 404


def test_a_plain_request_for_a_stream_finds_nothing():
    with running() as connection:
        assert fetch(connection, f"/ws/{KLINE}")[0].status == 404


def test_too_many_messages_and_binary_frames_are_told_as_a_close(moving):
    async def flood(socket):
        for _ in range(6):
            await socket.send_str(LIST)

    async def story(path, offend):
        async with connected(moving, path) as (_, socket):
            await offend(socket)
            message = await last_of(socket)
            return message.type, message.data, message.extra

    flooded = played(story("/ws", flood))
    binary = played(story("/market/ws", lambda socket: socket.send_bytes(LIST.encode())))

    assert flooded == (WSMsgType.CLOSE, 1008, "Too many requests")
    assert binary == (WSMsgType.CLOSE, 1008, "")


def test_a_ping_comes_back_with_its_payload(moving):
    async def story():
        async with connected(moving, "/ws", autoping=False) as (_, socket):
            await socket.ping(b"payload")
            message = await socket.receive()
            return message.type, bytes(message.data)

    assert played(story()) == (WSMsgType.PONG, b"payload")


def test_pings_arrive_and_a_client_that_answers_none_is_cut():
    async def story(url, **options):
        async with connected(url, "/ws", **options) as (_, socket):
            seen = []
            while not seen or seen[-1][0] is WSMsgType.PING:
                message = await socket.receive()
                seen.append((message.type, message.data, message.extra))
            return seen

    with running(aging=400.0, markets=(Market.SPOT,)) as connection:
        seen = played(story(f"http://{connection.host}:{connection.port}", autoping=False))

    assert seen[0][0] is WSMsgType.PING
    assert seen[-1] == (WSMsgType.CLOSE, 1008, "Pong timeout")


def test_a_disconnect_ends_connections_to_one_market_without_a_word(moving):
    async def story():
        async with (
            connected(moving, "/ws") as (http, spot),
            connected(moving, "/public/ws") as (_, futures),
        ):
            told = await control(http, moving, market="spot", by="disconnect")
            cut = await last_of(spot)
            await futures.send_str(LIST)
            return told, cut.type, await futures.receive_json()

    told, cut, still = played(story())

    assert told == (200, {"connections": 1})
    assert cut is WSMsgType.CLOSED  # no close frame came: that would be CLOSE
    assert still == {"result": [], "id": 1}


def test_a_shutdown_is_told_and_then_done(moving):
    async def story():
        async with connected(moving, "/stream") as (http, socket):
            await control(http, moving, market="spot", by="shutdown")
            told, end = await socket.receive_json(), await socket.receive()
            return told, end.type, end.data

    told, end, code = played(story())

    assert (told["stream"], told["data"]["e"]) == ("!serverShutdown", "serverShutdown")
    assert (end, code) == (WSMsgType.CLOSE, 1001)


def test_a_silent_death_is_not_noticed_on_the_connection(moving):
    async def story():
        async with connected(moving, f"/ws/{KLINE}", autoping=False) as (http, dead):
            await dead.receive_json()
            await control(http, moving, market="spot", by="silence")
            async with http.ws_connect(f"{moving}/ws/{KLINE}") as alive:
                first = await alive.receive_json()
                await dead.send_str(LIST)
                await dead.ping(b"anybody there?")
                for _ in range(5):
                    await alive.receive_json()
                # Now all that is ever going to come has come.
                await control(http, moving, market="spot", by="disconnect")
                return first, await all_of(dead)

    first, told = played(story())

    assert all(each["e"] == "kline" and each["E"] < first["E"] for each in told)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"market": "spot"}, "expected by: disconnect, shutdown or silence, found None"),
        ({"market": "moon", "by": "silence"}, "expected a market, spot or usdm"),
        ({"market": "spot", "by": "shutdown", "seconds": -1}, "expected seconds from 0"),
    ],
)
def test_what_cannot_be_done_to_streams_is_told(moving, content, says):
    async def story():
        async with aiohttp.ClientSession() as http:
            return await control(http, moving, **content)

    status, told = played(story())

    assert status == 400
    assert told["error"].startswith(says)


def test_the_state_counts_connections_and_what_they_asked_for(moving):
    async def story():
        path = f"/market/ws/{KLINE}/no@such"
        async with (
            connected(moving, path) as (http, _),
            http.get(f"{moving}/divbot/state") as reply,
        ):
            return (await reply.json())["streams"]["usdm"]

    assert played(story()) == {"connections": 1, "subscriptions": 2}


def test_a_client_that_does_not_keep_up_is_cut(monkeypatch):
    monkeypatch.setattr("divbot.exchange.streams.sockets._MOST_WAITING", 1)

    async def story(url):
        # Two streams speak at once, where one message may wait.
        async with connected(url, f"/ws/{KLINE}/btcusdt@bookTicker") as (_, socket):
            return (await last_of(socket)).type

    with running(speed=60.0) as connection:
        url = f"http://{connection.host}:{connection.port}"
        assert played(story(url)) is WSMsgType.CLOSED


def test_an_exchange_whose_pulse_fails_ends_and_says_why(monkeypatch):
    async def fail(_):
        raise RuntimeError("no pulse")

    monkeypatch.setattr(Sockets, "run", fail)

    with pytest.raises(RuntimeError, match="no pulse"):
        serve(ExchangeOptions(symbols=1), announce=str)


def test_an_exchange_stops_while_clients_are_listening():
    async def story():
        with ExitStack() as exchange:
            connection = exchange.enter_context(running(speed=60.0))
            url = f"http://{connection.host}:{connection.port}"
            async with connected(url, f"/ws/{KLINE}") as (_, socket):
                await socket.receive_json()
                await asyncio.to_thread(exchange.close)
                return (await last_of(socket)).type

    assert played(story()) is WSMsgType.CLOSED
