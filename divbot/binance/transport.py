"""One HTTP GET that ends: in time, in bounded memory, in an answer or in one of our errors.

What requests does not do by itself, each of it measured: its read timeout is per recv, so that
headers or a body that drip never time out; its body has no upper bound; a redirect to another host
is followed; proxies of the environment are obeyed; and urllib3's own errors come through when a
body is streamed.
"""

from __future__ import annotations

import http.client
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from divbot.binance.watchdog import Guard, Watchdog
from divbot.domain.clock import Clock
from divbot.domain.errors import BadAnswer, DivbotError, VenueRefused, VenueUnreachable
from divbot.version import __version__

_CHUNK = 64 * 1024
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Send GET requests over one session with up to `connections` open at once.

    Safe to use from as many threads as there are connections. Proxies of the environment are
    ignored unless `use_proxies`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        connections: int = 4,
        connect_timeout: float = 3.0,
        use_proxies: bool = False,
    ) -> None:
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._watchdog = Watchdog(clock)
        self._session = requests.Session()
        self._session.trust_env = use_proxies
        self._session.headers.update(
            {"User-Agent": f"divbot/{__version__}", "Accept": "application/json"}
        )
        adapter = _GuardedAdapter(connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def get(
        self,
        url: str,
        parameters: Mapping[str, str | int],
        *,
        seconds: float,
        max_body: int = 4 * MEBIBYTE,
    ) -> Answer:
        """Return the reply to a GET of `url`, whatever its status, within `seconds`.

        Raise VenueUnreachable when no whole reply came in time, BadAnswer when it cannot be read
        or has more than `max_body` bytes, VenueRefused when its certificate cannot be trusted.
        """
        timeout = (min(self._connect_timeout, seconds), seconds)
        with self._watchdog.guard(self._clock.monotonic() + seconds) as guard:
            _under_way.guard = guard
            try:
                with self._session.get(
                    url, params=parameters, timeout=timeout, stream=True, allow_redirects=False
                ) as response:
                    body = self._read(response.raw, guard.end, max_body)
                    if guard.was_late:
                        # Headers that were cut off in a line still make a reply, of no bytes.
                        raise VenueUnreachable(f"no answer from {_host(url)} in time")
                    return Answer(response.status_code, response.headers, body)
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                OSError,
                zlib.error,
            ) as e:
                raise _failure(e, _host(url), was_late=guard.was_late) from e

    def close(self) -> None:
        """Close every connection."""
        self._watchdog.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, raw: HTTPResponse, end: float, max_body: int) -> bytes:
        declared = raw.headers.get("Content-Length", "0")
        if not (declared.isascii() and declared.isdigit()) or int(declared) > max_body:
            raise BadAnswer(f"expected a body of at most {max_body} bytes, found {declared[:20]!r}")
        chunks: list[bytes] = []
        size = 0
        while chunk := raw.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > max_body:
                raise BadAnswer(f"expected a body of at most {max_body} bytes, found a longer one")
            if self._clock.monotonic() > end:
                raise VenueUnreachable("the answer came too slowly")
        return b"".join(chunks)


class _UnderWay(threading.local):
    """The request that this thread waits for."""

    guard: Guard


_under_way = _UnderWay()


class _GuardedHTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own return type
        _under_way.guard.watch(self.sock)
        return super().getresponse()


class _GuardedHTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _under_way.guard.watch(self.sock)
        return super().getresponse()


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _GuardedAdapter(HTTPAdapter):
    """Make connections that name their socket to the request's guard."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _GuardedHTTPPool,
            "https": _GuardedHTTPSPool,
        }


def _failure(error: Exception, host: str, *, was_late: bool) -> DivbotError:
    if was_late or isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return VenueUnreachable(f"no answer from {host} in time")
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return VenueRefused(f"cannot trust {host}: {_cause(error)}")
    damaged = requests.exceptions.ContentDecodingError | urllib3.exceptions.DecodeError | zlib.error
    if isinstance(error, damaged):
        return BadAnswer(f"{host} sent a damaged compressed body")
    return VenueUnreachable(f"cannot reach {host}: {_cause(error)}")


def _host(url: str) -> str:
    return url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def _cause(error: BaseException) -> str:
    """Return the reason in a few words: that of the innermost error."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, http.client.HTTPException):
        return f"its reply makes no sense ({type(error).__name__})"
    return type(error).__name__
