"""A server on loopback that misbehaves on purpose, and the ways in which it does."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_START = 1_722_330_000_000
ROWS = b"".join(
    b'%s[%d,"2","4","1","3","7",%d,"1",2,"3","4","0"]'
    % (b"," if n else b"[", _START + 300_000 * n, _START + 300_000 * n + 299_999)
    for n in range(3)
)
BODY = ROWS + b"]"
GOOD = OK + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
_MEBIBYTE = 1 << 20
_BLANKS = b" " * _MEBIBYTE

Script = Callable[[socket.socket], None]


class RudeServer:
    """Answer requests on a loopback port by `script`; from the one after `times` on, properly."""

    def __init__(
        self, script: Script, *, times: int | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.left = float("inf") if times is None else times
        self._script = script
        self._tls = tls
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        self.left -= 1
        script = saying(GOOD) if self.left < 0 else self._script
        if self._tls is None:
            connection.recv(65536)
            script(connection)
            return
        with self._tls.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            script(secured)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._listener.close()


def saying(reply: bytes, then: Script | None = None) -> Script:
    """Send `reply`, and go on with `then`."""

    def send(connection: socket.socket) -> None:
        connection.sendall(reply)
        if then:
            then(connection)

    return send


def hold(connection: socket.socket) -> None:
    """Say nothing more until the other side has had enough."""
    connection.recv(1)


def drip(head: bytes, byte: bytes) -> Script:
    """Send `byte` until the client leaves: always before any recv would time out."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(byte)
            threading.Event().wait(0.01)

    return send


def flood(head: bytes, block: bytes = _BLANKS) -> Script:
    """Send a gibibyte of the same, as fast as it is taken."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range((1 << 30) // len(block)):
            connection.sendall(block)

    return send


def reset(connection: socket.socket) -> None:
    """Let closing send RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def reset_at_the_next_request(connection: socket.socket) -> None:
    """Answer well and keep the connection; reset it when it is used again."""
    connection.sendall(GOOD)
    connection.recv(65536)
    reset(connection)


def packed(stream: bytes, coding: bytes = b"gzip") -> Script:
    """Send `stream`, said to be so coded."""
    head = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(stream))
    return saying(OK + head + stream)


def members(*pieces: bytes) -> bytes:
    """Return gzip of one member for each piece."""
    return b"".join(map(gzip.compress, pieces))


def refusal(status: int, header: bytes = b"") -> Script:
    """Send a refusal without a body."""
    return saying(b"HTTP/1.1 %d No\r\n%sContent-Length: 0\r\n\r\n" % (status, header))


def certificate(folder: Path, *, name: str = "127.0.0.1", is_expired: bool = False) -> Path:
    """Write a certificate that vouches for itself, with its key, to a file in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    us = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "divbot tests")])
    whom = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder(us, us, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2021 if is_expired else 2119, 1, 1))
        .add_extension(x509.SubjectAlternativeName([whom]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / f"{name}{'-expired' * is_expired}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


def tls(file: Path) -> ssl.SSLContext:
    """Return what a server with the certificate in `file` speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
