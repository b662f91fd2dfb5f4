"""Ways to put a fault before a client: for every request, or for the next one only.

Whatever a client waits for between two tries passes at once: its clock leaps.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from unittest import mock
from urllib.parse import urlsplit

from divbot.binance.bans import Bans
from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.session import VenueSession
from divbot.binance.transport.transport import HttpReply, Transport
from divbot.binance.transport.transports import open_transport
from divbot.domain.clock import SystemClock, parse_time
from divbot.domain.market import Interval, Market
from divbot.exchange.options import ExchangeOptions

from . import rude
from .rude import RudeServer, Script, saying

QUIET = ExchangeOptions(
    markets=(Market.SPOT,),
    symbols=3,
    at=parse_time("2024-07-30T09:02"),
    speed=0.0,
    weight_limit=1_000_000,
    awkward=False,
)
"""The exchange that faults of its own are ordered from."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """A fault that waits for the client."""

    base_url: str
    calm: Callable[[], None] | None = None
    """Ends the fault; None: it does not end."""
    trust: Path | None = None
    """The certificate that the client is to trust."""


Arrange: TypeAlias = Callable[[str, int | None], AbstractContextManager[Arranged]]
"""By the exchange's address, and how often the fault is met; None: always."""


class LeapingClock(SystemClock):
    """Tell the real time, but let what is waited for pass at once."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> int:
        return super().now() + round(1000 * self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        self._ahead += max(seconds, 0.0)
        return False


class CountingTransport:
    """Count the requests of a transport, and the longest that one of them took."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._clock = SystemClock()
        self.tries = 0
        self.longest = 0.0

    def get(self, *args: object, seconds: float, **more: object) -> HttpReply:
        self.tries += 1
        started = self._clock.monotonic()
        try:
            return self._transport.get(*args, seconds=seconds, **more)  # type: ignore[arg-type]
        finally:
            self.longest = max(self.longest, self._clock.monotonic() - started)

    def close(self) -> None:
        self._transport.close()


OpenTransport: TypeAlias = Callable[..., Transport]
"""By a clock and, where one is to be trusted, a certificate."""


@contextmanager
def client_for(
    arranged: Arranged,
    clock: LeapingClock,
    seconds: float,
    open_transport: OpenTransport = open_transport,
) -> Iterator[tuple[BinanceClient, CountingTransport]]:
    """Provide a client of the arranged venue, and its transport."""
    with closing(CountingTransport(open_transport(clock, trust=arranged.trust))) as transport:
        urls = [arranged.base_url]
        budget = WeightBudget(clock, 1_000_000)
        session = VenueSession(
            Market.SPOT,
            urls,
            transport,  # type: ignore[arg-type]
            clock,
            Bans(None),
            request_timeout=seconds,
        )
        yield BinanceClient(session, budget.lease(budget.open_lease())), transport


def candles(client: BinanceClient) -> object:
    """Ask for candles; return what compares with `==`."""
    found = client.final_candles("BTCUSDT", Interval.M5, 50)
    return [column.tolist() for column in found.columns]


def candles_twice(client: BinanceClient) -> object:
    """Ask twice over one connection, if it lives so long."""
    candles(client)
    return candles(client)


def ordered(kind: str, path: str = "") -> Arrange:
    """Arrange a fault of the local exchange."""

    @contextmanager
    def arrange(exchange: str, times: int | None) -> Iterator[Arranged]:
        order = {"kind": kind, "count": times or 1_000_000, "path": path}
        _control(exchange, "POST", json.dumps(order))
        try:
            yield Arranged(exchange, lambda: _control(exchange, "DELETE"))
        finally:
            _control(exchange, "DELETE")

    return arrange


def _control(exchange: str, method: str, body: str | None = None) -> None:
    connection = HTTPConnection(urlsplit(exchange).netloc, timeout=10)
    headers = {"Content-Type": "application/json"}
    connection.request(method, "/divbot/faults", body, headers)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    assert reply.status == 200, text


def served(script: Script) -> Arrange:
    """Arrange a server that answers by `script`."""

    @contextmanager
    def arrange(_: str, times: int | None) -> Iterator[Arranged]:
        server = RudeServer(script, times=times)

        def calm() -> None:
            server.left = 0

        try:
            yield Arranged(server.url, calm)
        finally:
            server.close()

    return arrange


def secured(script: Script, *, is_trusted: bool = True, **certificate: object) -> Arrange:
    """Arrange a TLS server that answers by `script`."""

    @contextmanager
    def arrange(_: str, times: int | None) -> Iterator[Arranged]:
        with TemporaryDirectory() as folder:
            file = rude.certificate(Path(folder), **certificate)  # type: ignore[arg-type]
            server = RudeServer(script, times=times, tls=rude.tls(file))
            try:
                yield Arranged(server.url, None, file if is_trusted else None)
            finally:
                server.close()

    return arrange


def speaking_no_tls(script: Script) -> Arrange:
    """Arrange a server that answers by `script` whoever wants to speak TLS."""

    @contextmanager
    def arrange(_: str, times: int | None) -> Iterator[Arranged]:
        with served(script)(_, times) as arranged:
            yield Arranged(arranged.base_url.replace("http:", "https:"))

    return arrange


@contextmanager
def refused(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield Arranged(f"http://127.0.0.1:{port}")


@contextmanager
def swallowed(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a port whose queue is full: whoever connects hears nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _place in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        try:
            yield Arranged(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            for each in waiting:
                each.close()


@contextmanager
def swallowed_by_all(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a host of five addresses, each of which swallows."""
    with swallowed(_, times) as one:
        port = urlsplit(one.base_url).port
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
        with resolving(lambda: [address] * 5):
            yield Arranged(f"http://venue.invalid:{port}")


@contextmanager
def resolving(look_up: Callable[[], object]) -> Iterator[None]:
    """Let names of hosts be looked up so; addresses need no looking up."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: object, **more: object) -> object:
        if host.endswith(".invalid"):
            return look_up()
        return real(host, *args, **more)  # type: ignore[arg-type]

    with mock.patch.object(socket, "getaddrinfo", getaddrinfo):
        yield


@contextmanager
def unknown_host(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a name that does not exist."""

    def fail() -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with resolving(fail):
        yield Arranged("http://venue.invalid")


@contextmanager
def dead_resolver(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a resolver that does not answer."""
    over = threading.Event()
    with resolving(lambda: over.wait(30) and []):
        yield Arranged("http://venue.invalid")
        over.set()


@contextmanager
def bad_label(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange a name that cannot be one."""
    yield Arranged(f"http://{'a' * 70}.invalid")


@contextmanager
def dead_proxy(_: str, times: int | None) -> Iterator[Arranged]:
    """Arrange an environment that names a proxy which is not there."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    with mock.patch.dict(os.environ, nowhere), served(saying(rude.GOOD))(_, times) as arranged:
        yield arranged
