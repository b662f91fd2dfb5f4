"""Where the page is served: a host and a port, as a user writes them."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import ClassVar

from divbot.domain.bounds import Reader
from divbot.domain.errors import InputError
from divbot.domain.hosts import is_loopback

PORT = 8420
BACKLOG = 1024
_FORM = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*))?(?::(?P<port>[0-9]{1,5}))?"
)
_PORT_ALONE = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where to listen; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = PORT

    @property
    def is_local(self) -> bool:
        """Tell whether only programs on this machine can reach it."""
        return is_loopback(self.host)

    def url(self, port: int) -> str:
        """Return what a browser on this machine is to open, once it listens on `port`."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listen(address: WebAddress) -> socket.socket:
    """Return a socket that listens there; raise InputError where that cannot be."""
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, place = found[0]
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise InputError(
            f"cannot serve a page on {address.host}, port {address.port}: {reason}; "
            "choose another host or port (port 0 takes a free one)"
        ) from error


class ListenOn(Reader[WebAddress]):
    """HOST:PORT, either alone, or nothing for the usual ones."""

    metavar: ClassVar[str | None] = "[HOST:PORT]"

    def __str__(self) -> str:
        return "HOST:PORT such as 127.0.0.1:8420, a host or a port up to 65535"

    def _taken(self, value: object) -> WebAddress | None:
        if not isinstance(value, str):
            return None
        text = f":{value}" if _PORT_ALONE.fullmatch(value) else value
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        port = int(found["port"] or PORT)
        host = found["six"] or found["host"] or WebAddress().host
        return WebAddress(host, port) if port <= 65535 else None
