"""The transport against a server that misbehaves on purpose."""

from __future__ import annotations

import gzip
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from divbot.binance.transport.curl_transport import CurlTransport
from divbot.binance.transport.requests_transport import RequestsTransport
from divbot.binance.transport.transport import Transport
from divbot.binance.transport.transports import open_transport
from divbot.domain.clock import SystemClock
from divbot.domain.errors import BadAnswer, DivbotError, InputError, VenueUnreachable

from .arrangements import LeapingClock, resolving
from .rude import OK, RudeServer, Script, drip, hold, reset, saying


@pytest.fixture(params=[CurlTransport, RequestsTransport], ids=["curl", "requests"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with request.param(SystemClock()) as opened:
        yield opened


@pytest.fixture
def serve() -> Iterator[Callable[[Script], str]]:
    servers: list[RudeServer] = []

    def start(script: Script) -> str:
        servers.append(RudeServer(script))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


def test_a_whole_reply_is_handed_over(serve: Callable[[Script], str], transport: Transport) -> None:
    url = serve(saying(OK + b"Content-Length: 2\r\n\r\n{}"))

    answer = transport.get(url, {}, seconds=5)

    assert (answer.status, answer.body) == (200, b"{}")


def test_a_redirect_is_not_followed(serve: Callable[[Script], str], transport: Transport) -> None:
    url = serve(
        saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    )

    assert transport.get(url, {}, seconds=5).status == 302


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(saying(b""), VenueUnreachable, id="closed before the reply"),
        pytest.param(reset, VenueUnreachable, id="reset"),
        pytest.param(saying(b"garbage\r\n\r\n"), VenueUnreachable, id="garbage"),
        pytest.param(
            saying(OK + b"Content-Length: 99\r\n\r\n{}"), VenueUnreachable, id="body cut short"
        ),
        pytest.param(
            saying(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            VenueUnreachable,
            id="bad chunk",
        ),
        pytest.param(
            saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
            BadAnswer,
            id="not gzip",
        ),
        pytest.param(
            drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"), VenueUnreachable, id="body drips"
        ),
        pytest.param(
            drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), VenueUnreachable, id="headers drip"
        ),
        pytest.param(hold, VenueUnreachable, id="no answer"),
        pytest.param(
            saying(OK + b"Content-Length: -5\r\n\r\n{}"),
            (BadAnswer, VenueUnreachable),  # libcurl does not say what it dislikes
            id="negative length",
        ),
        pytest.param(
            saying(OK + b"Content-Length: 9999\r\n\r\n{}", then=hold),
            VenueUnreachable,
            id="length too long",
        ),
        pytest.param(
            saying(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(300_000_000))),
            BadAnswer,
            id="gzip bomb",
        ),
        pytest.param(
            saying(OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n"), VenueUnreachable, id="huge header"
        ),
        pytest.param(saying(OK + b"X: x\r\n" * 200 + b"\r\n"), VenueUnreachable, id="200 headers"),
        pytest.param(
            saying(OK + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000),
            BadAnswer,
            id="giant body",
        ),
    ],
)
def test_every_fault_ends_as_one_of_our_errors(
    serve: Callable[[Script], str],
    transport: Transport,
    script: Script,
    error: type[DivbotError],
) -> None:
    url = serve(script)

    # What drips would drip for ever.
    with pytest.raises(error):
        transport.get(url, {}, seconds=0.5, max_body=1_000_000)


def test_a_venue_that_is_not_there_is_unreachable(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(VenueUnreachable, match=rf"127\.0\.0\.1:{port}: connection refused"):
        transport.get(f"http://127.0.0.1:{port}/", {}, seconds=5)


def test_proxies_of_the_environment_are_not_obeyed(
    serve: Callable[[Script], str], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(saying(OK + b"Content-Length: 2\r\n\r\n{}"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert transport.get(url, {}, seconds=5).status == 200


def test_a_refusal_is_obeyed_whatever_its_body_is(
    serve: Callable[[Script], str], transport: Transport
) -> None:
    url = serve(saying(b"HTTP/1.1 418 No\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n{"))

    answer = transport.get(url, {}, seconds=5)

    assert (answer.status, answer.headers["retry-after"], answer.body) == (418, "7", b"")


def test_closing_ends_every_wait(serve: Callable[[Script], str], transport: Transport) -> None:
    url, errors, asked = serve(hold), [], threading.Event()

    def ask() -> None:
        asked.set()
        try:
            transport.get(url, {}, seconds=60)
        except DivbotError as error:
            errors.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    asked.wait()

    transport.close()
    waiting.join(3)

    # The server itself hangs up after five seconds.
    assert not waiting.is_alive()
    assert len(errors) == 1


class Terminated(BaseException):
    """What SIGTERM raises here."""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"), id="body"),
        pytest.param(drip(OK, b"X: x\r\n"), id="headers"),
        pytest.param(hold, id="no answer"),
    ],
)
def test_a_signal_ends_a_wait_of_the_main_thread(
    serve: Callable[[Script], str],
    transport: Transport,
    script: Script,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def terminate(*_: object) -> None:
        raise Terminated

    def answer(connection: socket.socket) -> None:
        signal.raise_signal(signal.SIGTERM)
        script(connection)

    url, before = serve(answer), signal.signal(signal.SIGTERM, terminate)
    try:
        with pytest.raises(Terminated):
            transport.get(url, {}, seconds=4)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("is_there", [True, False])
def test_requests_does_the_work_where_there_is_no_pycurl(
    serve: Callable[[Script], str], monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    url = serve(saying(OK + b"Content-Length: 2\r\n\r\n{}"))
    if not is_there:
        monkeypatch.setitem(sys.modules, "pycurl", None)

    with open_transport(SystemClock()) as opened:
        answer = opened.get(url, {}, seconds=5)

    assert isinstance(opened, CurlTransport if is_there else RequestsTransport)
    assert answer.body == b"{}"


def test_a_proxy_of_the_environment_is_used_where_that_is_wanted(
    serve: Callable[[Script], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(saying(OK + b"Content-Length: 2\r\n\r\n{}"))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("no_proxy", "")

    for kind in (CurlTransport, RequestsTransport):
        with kind(SystemClock(), use_proxies=True) as opened:
            assert opened.get("http://venue.invalid/", {}, seconds=5).body == b"{}"


def test_a_name_is_looked_up_again_only_after_a_minute_or_a_failure(
    serve: Callable[[Script], str],
) -> None:
    url, lookups = serve(saying(OK + b"Content-Length: 2\r\n\r\n{}")), []
    port = urlsplit(url).port

    def look_up() -> object:
        lookups.append(port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    clock = LeapingClock()
    with resolving(look_up), CurlTransport(clock) as opened:
        for _ in range(3):
            opened.get(f"http://venue.invalid:{port}/", {}, seconds=5)
        asked_once = len(lookups)
        clock.wait(61)
        opened.get(f"http://venue.invalid:{port}/", {}, seconds=5)
        asked_twice = len(lookups)
        with pytest.raises(VenueUnreachable):
            opened.get("http://127.0.0.1:9/", {}, seconds=5)
        opened.get(f"http://venue.invalid:{port}/", {}, seconds=5)

    assert (asked_once, asked_twice, len(lookups)) == (1, 2, 3)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", "http://127.0.0.1:port/"])
def test_what_is_no_address_of_a_venue_is_refused(transport: Transport, url: str) -> None:
    with pytest.raises(InputError):
        transport.get(url, {}, seconds=5)
