"""A transport by libcurl, which waits and reads without Python's interpreter lock.

libcurl keeps a deadline over lookups, connections, TLS and drips alike. Left to us are the names of
hosts (its own lookups cannot be ended), bounds on headers and bodies, and compressed bodies: it
believes some that are not whole. An exception in one of its callbacks goes no further than the
callback, so that each is kept and raised once libcurl has given up. What a signal raises there
passes by itself, from pycurl 7.46 on.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import certifi
import pycurl

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
from divbot.domain.clock import Clock
from divbot.domain.errors import (
    BadAnswer,
    InputError,
    VenueRefused,
    VenueUnreachable,
)
from divbot.domain.hosts import is_address

_OK = 200
_BUFFER = 32 * 1024
"""Bytes that are read at once, at most; each connection keeps as much memory."""
_LOOKUP_LASTS = 60.0
"""Seconds, as libcurl keeps what it looks up by itself."""
_PORTS = {"http": 80, "https": 443}
_STATUS_LINE = re.compile(r"HTTP/[0-9.]+ +([0-9]{3})\b", re.ASCII)
_MOST_HEADERS = 100
_LONGEST_HEADER = 64 * 1024
_GO_ON, _GIVE_UP = 0, -1
_TLS_FAILED = (pycurl.E_SSL_CONNECT_ERROR, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER)
_OF_THE_SYSTEM = (pycurl.E_COULDNT_CONNECT, pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR)
_WEIRD_REPLY = 8
"""CURLE_WEIRD_SERVER_REPLY, which pycurl does not name."""
_REASONS = {
    pycurl.E_GOT_NOTHING: "it hung up without an answer",
    pycurl.E_PARTIAL_FILE: "its reply ends too early",
    pycurl.E_UNSUPPORTED_PROTOCOL: "its reply makes no sense",
    _WEIRD_REPLY: "its reply makes no sense",
    pycurl.E_RECV_ERROR: "its reply makes no sense",
    pycurl.E_ABORTED_BY_CALLBACK: "the connection was closed here",
}


class CurlTransport(Transport):
    """A Transport with one handle, and so one connection, for each thread that waits."""

    def __init__(
        self, clock: Clock, *, use_proxies: bool = False, trust: Path | None = None
    ) -> None:
        self._clock = clock
        self._routes = ProxyRoutes(use_proxies=use_proxies)
        self._trust = trust or Path(certifi.where())
        self._resolver = Resolver()
        self._known: dict[tuple[str, int], _Known] = {}
        # The one used last is used next: its connection is the least likely to have been closed.
        # Taken and put back by one operation each, which needs no lock.
        self._idle: list[pycurl.Curl] = []
        self._is_closed = False

    def get(
        self,
        url: str,
        parameters: Mapping[str, str | int],
        *,
        seconds: float,
        max_body: int = 4 * MEBIBYTE,
    ) -> HttpReply:
        """Return the reply to a GET of `url`; see Transport."""
        end = self._clock.monotonic() + seconds
        route = self._routes.to(url)
        addresses = self._addresses(route, seconds)
        try:
            handle = self._idle.pop()
        except IndexError:
            handle = self._new_handle()
        left = 1000 * max(end - self._clock.monotonic(), 0.001)
        handle.setopt(pycurl.URL, f"{url}?{urlencode(parameters)}" if parameters else url)
        handle.setopt(pycurl.TIMEOUT_MS, max(int(left), 1))
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, max(int(min(left, 1000 * CONNECT_SECONDS)), 1))
        handle.setopt(pycurl.PROXY, route.proxy)
        if addresses:
            handle.setopt(pycurl.RESOLVE, addresses)
        try:
            return _Reply(max_body, end, self._clock).received(handle, route)
        except VenueUnreachable:
            # The venue may have moved.
            self._known.clear()
            raise
        finally:
            if self._is_closed:
                handle.close()
            else:
                self._idle.append(handle)

    def close(self) -> None:
        """Close every connection, and end every wait."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def _new_handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.HTTPHEADER, [f"{name}: {x}" for name, x in REQUEST_HEADERS.items()])
        handle.setopt(pycurl.BUFFERSIZE, _BUFFER)
        if self._trust.is_dir():
            handle.unsetopt(pycurl.CAINFO)
            handle.setopt(pycurl.CAPATH, str(self._trust))
        else:
            handle.setopt(pycurl.CAINFO, str(self._trust))
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        # Called about once a second, and more often while there is something to read.
        handle.setopt(pycurl.NOPROGRESS, 0)
        handle.setopt(pycurl.XFERINFOFUNCTION, self._progress)
        # The route says which proxy there is, not what libcurl reads in the environment.
        handle.setopt(pycurl.NOPROXY, "")
        return handle

    def _progress(self, *_: object) -> int:
        return _GIVE_UP if self._is_closed else _GO_ON

    def _addresses(self, route: ProxyRoute, seconds: float) -> list[str]:
        """Return what libcurl is to know of the host's name; nothing where it needs to know none.

        A proxy looks names up by itself.
        """
        host, port, is_name = _place_of(route.url)
        if route.proxy or not is_name:
            return []
        now = self._clock.monotonic()
        known = self._known.get((host, port))
        if known is None or known.until < now:
            known = _Known(now + _LOOKUP_LASTS, self._looked_up(route, host, port, seconds))
            self._known[host, port] = known
        return known.told

    def _looked_up(self, route: ProxyRoute, host: str, port: int, seconds: float) -> list[str]:
        try:
            found = self._resolver.addresses(host, port, seconds)
        except TimeoutError:
            raise route.late() from None
        except OSError as error:
            raise route.unreachable((error.strerror or str(error)).lower()) from error
        addresses = [f"[{x}]" if ":" in x else x for x in dict.fromkeys(found)]
        return [f"{host}:{port}:{','.join(addresses)}"]


@lru_cache(maxsize=64)  # a scan asks at one place hundreds of times
def _place_of(url: str) -> tuple[str, int, bool]:
    """Return host and port, and whether the host has to be looked up."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        host.encode("idna")
    except (ValueError, KeyError):
        raise InputError(f"expected an address of a venue, found {url!r}") from None
    return host, port, not is_address(host)


@dataclass(frozen=True, slots=True)
class _Known:
    """What libcurl is told of a name, and until when without another lookup."""

    until: float
    told: list[str]


class _Reply:
    """What libcurl brings of one reply."""

    def __init__(self, max_body: int, end: float, clock: Clock) -> None:
        self._max_body = max_body
        self._end = end
        self._clock = clock
        self._status = 0
        self._headers: dict[str, str] = {}
        self._lines = 0
        self._is_headed = False
        """The headers are whole."""
        self._body = ReplyBody({}, max_body)
        self._error: Exception | None = None
        """What the first callback that failed met."""

    def received(self, handle: pycurl.Curl, route: ProxyRoute) -> HttpReply:
        """Let `handle` work until all of the reply is here; raise what is wrong with it."""
        handle.setopt(pycurl.HEADERFUNCTION, self._take_header)
        handle.setopt(pycurl.WRITEFUNCTION, self._take_piece)
        try:
            handle.perform()
            answer = HttpReply(self._status, self._headers, self._body.whole())
        except (pycurl.error, zlib.error, BadAnswer) as error:
            if (status := handle.getinfo(pycurl.HTTP_CONNECTCODE)) > _OK:
                raise route.refused(status) from error
            if self._is_headed and self._status > _OK:
                return HttpReply(self._status, self._headers, b"")
            if isinstance(error, BadAnswer):
                raise
            raise _failure(self._error or error, handle, route) from error
        if route.is_of_the_proxy(answer.status):
            raise route.refused(answer.status)
        return answer

    def _take_header(self, line: bytes) -> int:
        try:
            self._read_header(line.decode("iso-8859-1"))
        except Exception as error:
            self._keep(error)
            return _GIVE_UP
        return len(line)

    def _read_header(self, line: str) -> None:
        if begun := _STATUS_LINE.match(line):
            # Provisional ones may have come before, and a proxy's.
            self._status = int(begun[1])
            self._is_headed, self._lines = False, 0
            self._headers.clear()
            return
        if self._is_headed:  # this is a trailer
            return
        self._lines += 1
        if self._lines > _MOST_HEADERS or len(line) > _LONGEST_HEADER:
            raise VenueUnreachable("its headers have no end")
        name, colon, text = line.partition(":")
        if colon:
            name = name.strip().lower()
            known = self._headers.get(name)
            self._headers[name] = text.strip() if known is None else f"{known}, {text.strip()}"
        elif not line.strip():
            self._is_headed = True
            self._body = ReplyBody(self._headers, self._max_body)

    def _take_piece(self, piece: bytes) -> int:
        try:
            self._refuse_if_late()
            self._body.add(piece)
        except Exception as error:
            self._keep(error)
            return _GIVE_UP
        return len(piece)

    def _refuse_if_late(self) -> None:
        # libcurl looks at the time only once all is handed over that it has read.
        if self._clock.monotonic() > self._end:
            raise TimeoutError

    def _keep(self, error: Exception) -> None:
        # Its traceback would hold on to this reply, and this reply to it.
        self._error = error.with_traceback(None)


def _failure(error: Exception, handle: pycurl.Curl, route: ProxyRoute) -> Exception:
    host = host_of(route.url)
    if isinstance(error, zlib.error):
        return BadAnswer(f"{host} sent a damaged compressed body")
    if isinstance(error, VenueUnreachable):
        return route.unreachable(str(error))
    if not isinstance(error, pycurl.error | TimeoutError):
        return error
    code, text = (*error.args, "", "")[:2]
    if isinstance(error, TimeoutError) or code == pycurl.E_OPERATION_TIMEDOUT:
        return route.late()
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return VenueRefused(untrusted(host, text))
    return route.unreachable(_words(code, text, handle))


def _words(code: int, text: str, handle: pycurl.Curl) -> str:
    """Return the reason in a few words."""
    if code in _TLS_FAILED:
        return f"TLS: {text}"
    number = handle.getinfo(pycurl.OS_ERRNO)
    if code in _OF_THE_SYSTEM and number:
        return os.strerror(number).lower()
    return _REASONS.get(code) or text
