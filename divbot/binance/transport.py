"""One HTTP GET that ends: in time, in bounded memory, in an answer or in one of our errors.

What requests does not do by itself, each of it measured: its read timeout is per recv, so that
headers or a body that drip never time out; its body has no upper bound; a redirect to another host
is followed; proxies of the environment are obeyed; and urllib3's own errors come through when a
body is streamed.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

import requests
import urllib3
from urllib3.response import HTTPResponse

from divbot.binance.connections import GuardedAdapter, under_way
from divbot.binance.resolver import Resolver
from divbot.binance.unpacking import Gunzip
from divbot.binance.watchdog import Guard, Watchdog
from divbot.domain.clock import Clock
from divbot.domain.errors import (
    BadAnswer,
    DivbotError,
    InputError,
    VenueRefused,
    VenueUnreachable,
)
from divbot.version import __version__

_OK = 200
_CHUNK = 64 * 1024
_MOST_DIGITS = 20
MEBIBYTE = 1024 * 1024
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, zlib.error)
_LATE = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_BAD_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)


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
        self._templates: dict[str, requests.PreparedRequest] = {}
        self._session.trust_env = use_proxies
        self._session.headers.update(
            {
                "User-Agent": f"divbot/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            }
        )
        self._resolver = Resolver()
        adapter = GuardedAdapter(connections)
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

        A refusal whose body cannot be read comes with an empty one: its status says what to do.
        Raise VenueUnreachable when no whole reply came in time, BadAnswer when it cannot be read
        or has more than `max_body` bytes, VenueRefused when its certificate cannot be trusted,
        InputError when `url` is none.
        """
        timeout = (min(self._connect_timeout, seconds), seconds)
        with self._watchdog.guard(self._clock.monotonic() + seconds) as guard:
            under_way.guard, under_way.resolver = guard, self._resolver
            under_way.connect_timeout = self._connect_timeout
            try:
                request = self._prepared(url, parameters)
                with self._session.send(
                    request, **self._ways(url), timeout=timeout, allow_redirects=False
                ) as response:
                    return Answer(
                        response.status_code,
                        response.headers,
                        self._body(response, guard, max_body),
                    )
            except _FOREIGN as e:
                raise _failure(e, url, was_late=guard.was_late) from e

    def close(self) -> None:
        """Close every connection."""
        self._watchdog.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepared(self, url: str, parameters: Mapping[str, str | int]) -> requests.PreparedRequest:
        """Return the request; all but its parameters is made once for each `url`."""
        template = self._templates.get(url)
        if template is None:
            template = self._session.prepare_request(requests.Request("GET", url))
            self._templates[url] = template
        request = template.copy()
        if parameters:
            request.url = f"{template.url}?{urlencode(parameters)}"
        return request

    def _ways(self, url: str) -> Mapping[str, Any]:
        """Return how to reach `url`: as the environment says, or directly."""
        session, stream = self._session, True
        if not session.trust_env:
            return {"proxies": {}, "stream": stream, "verify": session.verify}
        return session.merge_environment_settings(url, {}, stream, None, None)

    def _body(self, response: requests.Response, guard: Guard, max_body: int) -> bytes:
        try:
            body = _read(response.raw, guard, max_body)
            if guard.was_late:
                # Headers that were cut off in a line still make a reply, of no bytes.
                raise TimeoutError
        except (*_FOREIGN, BadAnswer):
            if response.status_code == _OK:
                raise
            return b""
        return body


def _read(raw: HTTPResponse, guard: Guard, max_body: int) -> bytes:
    length = raw.headers.get("Content-Length", "0")
    if not _is_length(length, max_body):
        raise BadAnswer(f"expected a body of at most {max_body} bytes, found {length[:20]!r}")
    coding = raw.headers.get("Content-Encoding", "identity")
    if coding not in ("identity", "gzip"):
        raise BadAnswer(f"expected a body as it is or in gzip, found {coding[:20]!r}")
    packed = Gunzip() if coding == "gzip" else None
    body = bytearray()
    while chunk := raw.read1(_CHUNK, decode_content=False):
        body += chunk if packed is None else packed.unpack(chunk, max_body + 1 - len(body))
        if len(body) > max_body:
            raise BadAnswer(f"expected a body of at most {max_body} bytes, found a longer one")
        if not guard.left:
            raise TimeoutError
    if packed is not None and not packed.is_whole:
        raise zlib.error("the stream ends too early")
    return bytes(body)


def _is_length(text: str, most: int) -> bool:
    # A number of thousands of digits is more than int() takes.
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= most


def _failure(error: Exception, url: str, *, was_late: bool) -> DivbotError:
    host = _host(url)
    if isinstance(error, _BAD_ADDRESS):
        return InputError(f"expected an address of a venue, found {url!r}")
    if was_late or isinstance(error, _LATE):
        return VenueUnreachable(f"no answer from {host} in time")
    cause = _innermost(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return VenueRefused(f"cannot trust {host}: {cause.verify_message}")
    if isinstance(error, zlib.error):
        return BadAnswer(f"{host} sent a damaged compressed body")
    return VenueUnreachable(f"cannot reach {host}: {_words(cause)}")


def _host(url: str) -> str:
    return url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def _innermost(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _words(error: BaseException) -> str:
    """Return the reason in a few words."""
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or "failed"
        return f"TLS: {reason.lower().replace('_', ' ')}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"its reply makes no sense ({type(error).__name__})"
