"""One HTTP GET that ends: in time, in bounded memory, in an answer or in one of our errors.

Two libraries can do it. libcurl, by pycurl, takes a quarter of the processor time for each request
and keeps deadlines by itself; requests is there where pycurl is not. What either takes for an
answer, and which error it raises, is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from divbot.version import __version__

MEBIBYTE = 1024 * 1024
CONNECT_SECONDS = 3.0
"""The longest to wait for a connection, TLS included."""
REQUEST_HEADERS = {
    "User-Agent": f"divbot/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole HTTP reply."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes


class Transport(Protocol):
    """Send GET requests over connections that are kept open; safe to use from several threads."""

    def get(
        self,
        url: str,
        parameters: Mapping[str, str | int],
        *,
        seconds: float,
        max_body: int = 4 * MEBIBYTE,
    ) -> HttpReply:
        """Return the reply to a GET of `url`, whatever its status, within `seconds`.

        No redirect is followed. A refusal whose body cannot be read comes with an empty one: its
        status says what to do. Raise VenueUnreachable when no whole reply came in time, BadAnswer
        when it cannot be read or has more than `max_body` bytes, VenueRefused when its certificate
        cannot be trusted, InputError when `url` is none.
        """

    def close(self) -> None:
        """Close every connection, and end every wait."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def host_of(url: str) -> str:
    """Return the host of `url`, with its port, as errors name it."""
    return url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def untrusted(host: str, reason: str) -> str:
    """Return what to say of a certificate that no known authority has signed."""
    return f"cannot trust {host}: {reason}; SSL_CERT_FILE may name authorities of your own"
