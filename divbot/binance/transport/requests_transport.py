"""A transport by requests, for where there is no pycurl.

What requests does not do by itself, each of it measured: its read timeout is per recv, so that
headers or a body that drip never time out; its body has no upper bound; a redirect to another host
is followed; proxies of the environment are obeyed; and urllib3's own errors come through when a
body is streamed.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import requests
import urllib3
from urllib3.response import HTTPResponse

from divbot.binance.transport.connections import GuardedAdapter, under_way
from divbot.binance.transport.reply_body import ReplyBody
from divbot.binance.transport.resolver import Resolver
from divbot.binance.transport.routes import ProxyRoute, ProxyRoutes
from divbot.binance.transport.transport import (
    CONNECT_SECONDS,
    MEBIBYTE,
    REQUEST_HEADERS,
    HttpReply,
    Transport,
    host_of,
    untrusted,
)
from divbot.binance.transport.watchdog import Guard, Watchdog
from divbot.domain.clock import Clock
from divbot.domain.errors import (
    BadAnswer,
    DivbotError,
    InputError,
    VenueRefused,
)

_OK = 200
_CHUNK = 64 * 1024
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, zlib.error)
_OF_A_PROXY = re.compile(r"Tunnel connection failed: (\d{3})\b", re.ASCII)
"""How http.client tells what a proxy answered."""
_LATE = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_BAD_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)


class RequestsTransport(Transport):
    """A Transport over one session with up to `connections` open at once."""

    def __init__(
        self,
        clock: Clock,
        *,
        connections: int = 4,
        use_proxies: bool = False,
        trust: Path | None = None,
    ) -> None:
        self._clock = clock
        self._watchdog = Watchdog(clock)
        self._session = requests.Session()
        self._templates: dict[str, requests.PreparedRequest] = {}
        # The routes name the proxies; and a .netrc is nobody's business.
        self._session.trust_env = False
        self._routes = ProxyRoutes(use_proxies=use_proxies)
        self._session.headers.update(REQUEST_HEADERS)
        if trust is not None:
            self._session.verify = str(trust)
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
    ) -> HttpReply:
        """Return the reply to a GET of `url`; see Transport."""
        route = self._routes.to(url)
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        with self._watchdog.guard(self._clock.monotonic() + seconds) as guard:
            under_way.guard, under_way.resolver = guard, self._resolver
            under_way.connect_timeout = CONNECT_SECONDS
            try:
                request = self._prepared(url, parameters)
                with self._session.send(
                    request,
                    proxies={"http": route.proxy, "https": route.proxy} if route.proxy else {},
                    stream=True,
                    verify=self._session.verify,
                    timeout=timeout,
                    allow_redirects=False,
                ) as response:
                    headers = {name.lower(): text for name, text in response.headers.items()}
                    body = _body(response, headers, guard, max_body)
            except _FOREIGN as e:
                raise _failure(e, route, was_late=guard.was_late) from e
        if route.is_of_the_proxy(response.status_code):
            raise route.refused(response.status_code)
        return HttpReply(response.status_code, headers, body)

    def close(self) -> None:
        """Close every connection, and end every wait."""
        self._watchdog.close()
        self._session.close()

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


def _body(
    response: requests.Response, headers: Mapping[str, str], guard: Guard, max_body: int
) -> bytes:
    try:
        body = _read(response.raw, ReplyBody(headers, max_body), guard)
        if guard.was_late:
            # Headers that were cut off in a line still make a reply, of no bytes.
            raise TimeoutError
    except (*_FOREIGN, BadAnswer):
        if response.status_code == _OK:
            raise
        return b""
    return body


def _read(raw: HTTPResponse, body: ReplyBody, guard: Guard) -> bytes:
    while piece := raw.read1(_CHUNK, decode_content=False):
        body.add(piece)
        if not guard.left:
            raise TimeoutError
    return body.whole()


def _failure(error: Exception, route: ProxyRoute, *, was_late: bool) -> DivbotError:
    host = host_of(route.url)
    if isinstance(error, _BAD_ADDRESS):
        return InputError(f"expected an address of a venue, found {route.url!r}")
    if was_late or isinstance(error, _LATE):
        return route.late()
    cause = _innermost(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return VenueRefused(untrusted(host, cause.verify_message))
    if isinstance(error, zlib.error):
        return BadAnswer(f"{host} sent a damaged compressed body")
    if route.proxy and (refused := _OF_A_PROXY.match(str(cause))):
        return route.refused(int(refused[1]))
    return route.unreachable(_words(cause))


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
