"""The way to the venue: proxies, and authorities, that the environment names."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from divbot.binance.transport.authorities import VARIABLES
from divbot.binance.transport.curl_transport import CurlTransport
from divbot.binance.transport.requests_transport import RequestsTransport
from divbot.binance.transport.transport import Transport
from divbot.binance.transport.transports import open_transport
from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError, VenueRefused, VenueUnreachable

from .rude import OK, RudeServer, Script, certificate, hold, refusal, saying, tls

Serve = Callable[..., RudeServer]
EMPTY = saying(OK + b"Content-Length: 2\r\n\r\n{}")
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *(x.lower() for x in NAMES), *VARIABLES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=[CurlTransport, RequestsTransport], ids=["curl", "requests"])
def proxied(request: pytest.FixtureRequest) -> Iterator[Transport]:
    with request.param(SystemClock(), use_proxies=True) as opened:
        yield opened


@pytest.fixture(params=[True, False], ids=["curl", "requests"])
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `open_transport` find pycurl, or not."""
    if not request.param:
        monkeypatch.setitem(sys.modules, "pycurl", None)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[RudeServer] = []

    def start(script: Script, **how: object) -> RudeServer:
        servers.append(RudeServer(script, **how))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def place(server: RudeServer) -> str:
    return urlsplit(server.url).netloc


def passing_on_to(target: RudeServer) -> Script:
    """Connect to `target` whatever host is asked for, as a proxy does."""

    def tunnel(connection: socket.socket) -> None:
        host, _, port = place(target).partition(":")
        with socket.create_connection((host, int(port))) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, connection), daemon=True)
            back.start()
            _pump(connection, onward)
            back.join(5)

    return tunnel


def _pump(source: socket.socket, sink: socket.socket) -> None:
    while piece := source.recv(65536):
        sink.sendall(piece)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (407, "it wants a user and a password (HTTP 407)"),
        (403, "it forbids that (HTTP 403)"),
        (502, "it finds no way on (HTTP 502)"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_proxy_that_refuses_is_named_and_its_password_is_not(
    serve: Serve,
    proxied: Transport,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    status: int,
    reason: str,
) -> None:
    proxy = place(serve(refusal(status)))
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:secret@{proxy}")

    with pytest.raises(VenueUnreachable) as caught:
        proxied.get(f"{scheme}://venue.invalid/", {}, seconds=5)

    assert str(caught.value) == f"cannot reach venue.invalid through the proxy {proxy}: {reason}"


def test_a_proxy_that_is_not_there_is_named(
    proxied: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "user:secret@127.0.0.1:9")

    with pytest.raises(
        VenueUnreachable,
        match=r"^cannot reach venue\.invalid through the proxy 127\.0\.0\.1:9: connection refused$",
    ):
        proxied.get("https://venue.invalid/", {}, seconds=5)


def test_a_proxy_that_says_nothing_is_named(
    serve: Serve, proxied: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = place(serve(hold))
    monkeypatch.setenv("ALL_PROXY", f"http://{proxy}")

    with pytest.raises(VenueUnreachable, match=f"from venue.invalid through the proxy {proxy} in"):
        proxied.get("https://venue.invalid/", {}, seconds=0.5)


@pytest.mark.parametrize("proxy", ["http://user:secret@", "http://127.0.0.1:port", "what://x:1"])
def test_what_is_no_proxy_is_told_without_its_password(
    proxied: Transport, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    with pytest.raises(InputError, match="a proxy that is no address") as caught:
        proxied.get("https://venue.invalid/", {}, seconds=5)

    assert "secret" not in str(caught.value)


def test_a_host_that_needs_no_proxy_is_reached_directly(
    serve: Serve, proxied: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(EMPTY).url
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    assert proxied.get(url, {}, seconds=5).body == b"{}"


@pytest.mark.usefixtures("plain")
def test_a_proxy_that_is_not_used_is_hinted_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@proxy.example:3128")

    with (
        open_transport(SystemClock()) as opened,
        pytest.raises(
            VenueUnreachable,
            match=r"refused; the environment names the proxy proxy\.example:3128: "
            "use_proxies = true uses it$",
        ),
    ):
        opened.get("http://127.0.0.1:9/", {}, seconds=5)


@pytest.mark.usefixtures("plain")
def test_the_venue_is_reached_through_a_tunnel(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, name="venue.invalid")
    proxy = serve(passing_on_to(serve(EMPTY, tls=tls(file))))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    with open_transport(SystemClock(), use_proxies=True, trust=file) as opened:
        assert opened.get("https://venue.invalid/", {}, seconds=5).body == b"{}"


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("use_proxies", [True, False])
def test_authorities_of_the_environment_are_trusted(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    use_proxies: bool,
) -> None:
    file = certificate(tmp_path)
    url = serve(EMPTY, tls=tls(file)).url
    monkeypatch.setenv(name, str(file))

    with open_transport(SystemClock(), use_proxies=use_proxies) as opened:
        assert opened.get(url, {}, seconds=5).body == b"{}"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl names what lies there")
@pytest.mark.usefixtures("plain")
def test_authorities_may_lie_in_a_folder(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, folder = certificate(tmp_path), tmp_path / "trusted"
    folder.mkdir()
    # As `openssl rehash` names it.
    hash_ = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(file)],
        capture_output=True,
        check=True,
        encoding="ascii",
    ).stdout.strip()
    (folder / f"{hash_}.0").symlink_to(file)
    url = serve(EMPTY, tls=tls(file)).url
    monkeypatch.setenv("SSL_CERT_FILE", str(folder))

    with open_transport(SystemClock()) as opened:
        assert opened.get(url, {}, seconds=5).body == b"{}"


@pytest.mark.usefixtures("plain")
def test_an_authority_that_nobody_knows_is_told_with_what_to_do(
    serve: Serve, tmp_path: Path
) -> None:
    url = serve(EMPTY, tls=tls(certificate(tmp_path))).url

    with (
        open_transport(SystemClock()) as opened,
        pytest.raises(VenueRefused, match=r"cannot trust 127.*; SSL_CERT_FILE may name"),
    ):
        opened.get(url, {}, seconds=5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no such file or directory"), ("nonsense", "there is no certificate in it")],
)
def test_authorities_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, reason: str
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    with pytest.raises(InputError) as caught:
        open_transport(SystemClock())

    assert str(caught.value) == (
        f"cannot read the certificates that SSL_CERT_FILE names: {file}: {reason}"
    )
