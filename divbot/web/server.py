"""The server: aiohttp in a thread of its own, which nobody waits for and which changes nothing.

What is open is bounded: connections, streams, questions that wait, seconds until a request has come
and until its answer is taken. Whatever is asked in vain gets a small JSON document that says why.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from gzip import compress
from hashlib import sha256
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from aiohttp import web

from divbot.domain.clock import Clock
from divbot.domain.notices import Tell, same_words
from divbot.web.address import BACKLOG
from divbot.web.api import Api
from divbot.web.clerk import Clerk
from divbot.web.denial import Denial
from divbot.web.documents import json_of, problems_of
from divbot.web.gatekeeper import GUARDED, Gatekeeper
from divbot.web.metrics import Metrics
from divbot.web.port import Asset, Site
from divbot.web.routes import EVENTS, JSON, OPENAPI_PATH, find, openapi_document, read
from divbot.web.sending import PATIENCE_SECONDS, refused, send, send_events
from divbot.web.stream import MOST_READERS, Stream

MOST_CONNECTIONS = 400
FIRST_SECONDS = 10.0
"""After which a connection that has asked nothing ends."""
_IDLE_SECONDS = 15.0
TICK_SECONDS = 0.5
"""Between two looks at what has changed."""
_MOST_COMPLAINTS = 20
"""Bugs that are told, each once: who asks again and again must not fill a log."""
_BEAT_SECONDS = 15.0
_STOP_SECONDS = 5.0
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_READING = ("GET", "HEAD")
_OPEN = ("/healthz",)
"""What needs no token besides the files of the page: they tell nothing."""


class WebServer:
    """Serve `site` on `listener`, which is its own from then on, within a `with` block."""

    def __init__(
        self,
        site: Site,
        clerk: Clerk,
        listener: socket.socket,
        guard: Gatekeeper,
        clock: Clock,
        tell: Tell,
        *,
        patience: float = PATIENCE_SECONDS,
        first_seconds: float = FIRST_SECONDS,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._listener = listener
        self._clerk = clerk
        self._tick_seconds = tick_seconds
        self._make: Callable[[], _Handler] = lambda: _Handler(
            site, clerk, guard, clock, tell, patience
        )
        self._first_seconds = first_seconds
        self._ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # the thread's boundary
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        handler = self._make()
        server = _Server(handler, self._first_seconds)
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.2)
        await runner.setup()
        pulse = asyncio.create_task(handler.pulse(self._tick_seconds))
        try:
            await web.SockSite(runner, self._listener, backlog=BACKLOG).start()
            self._ready.set_result(None)
            await self._stop.wait()
        finally:
            pulse.cancel()
            await runner.cleanup()
            self._clerk.close()


class _Server(web.Server):
    """Make connections, up to as many as may be open."""

    def __init__(self, handler: _Handler, first_seconds: float) -> None:
        self._first_seconds = first_seconds
        self._have_asked = handler.have_asked
        self._open: set[_Connection] = set()
        super().__init__(handler, handler_cancellation=True)
        self._options: dict[str, Any] = {
            "access_log": None,
            "logger": _silent(),
            "keepalive_timeout": _IDLE_SECONDS,
            "lingering_time": 1.0,
        }

    def __call__(self) -> Any:
        loop = asyncio.get_running_loop()
        # Many may be accepted at once, before any of them is known to be connected.
        if len(self._open) >= MOST_CONNECTIONS:
            return _Full()
        connection = _Connection(self, loop=loop, **self._options)
        connection.open_ones = self._open
        self._open.add(connection)
        loop.call_later(self._first_seconds, self._end_silent, connection)
        return connection

    def _end_silent(self, connection: web.RequestHandler) -> None:
        if connection not in self._have_asked:
            connection.force_close()


def _silent() -> logging.Logger:
    """Return where aiohttp may complain of requests: whoever sends them would fill the log."""
    logger = logging.Logger("divbot web")
    logger.addHandler(logging.NullHandler())
    return logger


class _Connection(web.RequestHandler):
    open_ones: set[_Connection]

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another one."""
        self.open_ones.discard(self)
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, *_: object, **__: object
    ) -> web.StreamResponse:
        """Answer what is no request."""
        if request.writer.output_size:
            raise ConnectionError("an answer was begun already")
        response = refused(Denial(status, "request", "this is no request that can be read"))
        response.force_close()
        return response


class _Full(asyncio.Protocol):
    """Say that there is no room, and leave."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        body = json_of(Denial(503, "full", "too many connections are open").document())
        head = (
            f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: {JSON}\r\nRetry-After: 5\r\n"
            f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if isinstance(transport, asyncio.Transport):
            transport.write(head.encode() + body)
        transport.close()


class _Handler:
    """Answer requests."""

    def __init__(
        self,
        site: Site,
        clerk: Clerk,
        guard: Gatekeeper,
        clock: Clock,
        tell: Tell,
        patience: float,
    ) -> None:
        self._site = site
        self._guard = guard
        self._clock = clock
        self._tell = tell
        self._complained_of: set[str] = set()
        self._patience = patience
        self._stream = Stream()
        self._api = Api(site.program, clerk, self._stream)
        self._metrics = Metrics(site.program, self._stream)
        self._packed: dict[str, tuple[bytes, bytes, str]] = {}
        self.have_asked: WeakSet[web.RequestHandler] = WeakSet()

    async def pulse(self, seconds: float) -> None:
        """Look again and again at what has changed, and tell it."""
        while True:
            await self._beat()
            await asyncio.sleep(seconds)

    async def _beat(self) -> None:
        try:
            self._metrics.look()
            if self._stream.readers:
                await self._stream.tell(self._api.live())
        except Exception as error:  # a bug: told, and no reason to leave readers alone
            self._complain(error)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.have_asked.add(request.protocol)
        began = self._clock.monotonic()
        try:
            response = await self._answered(request)
        except (TimeoutError, ConnectionError):
            # It takes nothing of what it asked for, or has gone.
            if request.transport is not None:
                request.transport.abort()
            response = web.Response(status=408)
        self._metrics.answered(response.status, self._clock.monotonic() - began)
        return response

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        try:
            self._check(request, path)
            return await self._found(request, path, query)
        except Denial as refusal:
            changes = {"Allow": ", ".join(_READING)} if refusal.status == 405 else None
            return refused(refusal, changes)
        except (TimeoutError, ConnectionError):
            raise
        except Exception as error:  # a bug: told, and no reason to end
            self._complain(error)
            return refused(Denial(500, "bug", "this is a bug in divbot; its log says more"))

    def _complain(self, error: Exception) -> None:
        told = f"[Web] internal error: {type(error).__name__}: {error}"
        words = same_words(told)
        if words not in self._complained_of and len(self._complained_of) < _MOST_COMPLAINTS:
            self._complained_of.add(words)
            self._tell(told, is_warning=True)

    def _check(self, request: web.BaseRequest, path: str) -> None:
        is_page = path in self._site.assets
        refusal = self._guard.refusal(
            {x: ", ".join(request.headers.getall(x, [])) for x in GUARDED if x in request.headers},
            request.headers.getall("Host", []),
            is_open=is_page or path in _OPEN or path in self._site.missing,
            is_page=is_page,
        )
        if refusal is not None:
            raise refusal
        if request.method not in _READING:
            raise Denial(405, "method", "only GET and HEAD: nothing can be changed here")

    async def _found(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        if path in self._site.assets:
            return await self._asset(request, path, self._site.assets[path])
        if path in self._site.missing:
            raise Denial(501, "missing", self._site.missing[path])
        if path == "/healthz":
            return await self._healthz(request)
        if path == "/metrics":
            return await self._sent(request, self._metrics.text(), _METRICS)
        if path == OPENAPI_PATH:
            document = openapi_document(has_token=self._guard.token is not None)
            return await self._sent(request, json_of(document), JSON)
        found = find(path)
        if found is None:
            raise Denial(404, "not_found", f"nothing is here; {OPENAPI_PATH} says what there is")
        route, part = found
        given = read(route, part, query)
        if route.content_type == EVENTS:
            return await self._streamed(request)
        return await self._sent(request, await self._api.answer(route.path, given), JSON)

    async def _healthz(self, request: web.BaseRequest) -> web.StreamResponse:
        problems = list(problems_of(self._site.program.now()))
        if problems:
            raise Denial(503, "unhealthy", "; ".join(problems))
        return await self._sent(request, json_of({"healthy": True}), JSON)

    async def _streamed(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._stream.readers >= MOST_READERS:
            raise Denial(503, "full", "too many streams are open")
        if request.method == "HEAD":
            return await self._sent(request, b"", EVENTS)
        if not self._stream.readers:
            await self._stream.tell(self._api.live())
        async with aclosing(self._stream.read(_BEAT_SECONDS)) as messages:
            return await send_events(request, messages, patience=self._patience)

    async def _asset(self, request: web.BaseRequest, path: str, asset: Asset) -> web.StreamResponse:
        if path not in self._packed:
            self._packed[path] = await asyncio.to_thread(_packed, asset)
        body, packed, mark = self._packed[path]
        changes = {"ETag": mark, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("If-None-Match") == mark:
            return web.Response(status=304, headers=changes)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, changes["Content-Encoding"] = packed, "gzip"
        return await self._sent(request, body, asset.content_type, changes)

    async def _sent(
        self,
        request: web.BaseRequest,
        body: bytes,
        content_type: str,
        changes: dict[str, str] | None = None,
    ) -> web.StreamResponse:
        return await send(request, body, content_type, changes, patience=self._patience)


def _packed(asset: Asset) -> tuple[bytes, bytes, str]:
    """Return a file as it is and in gzip, and what tells it from any other."""
    body = asset.body()
    return body, compress(body, 6, mtime=0), f'"{sha256(body).hexdigest()[:24]}"'
