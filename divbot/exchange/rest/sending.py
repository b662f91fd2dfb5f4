"""A response as it is sent: head and body as one piece of bytes.

aiohttp's own response builds its headers anew in several steps, which takes about as long as all
that the exchange does for a few candles.
"""

from __future__ import annotations

from email.utils import formatdate

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from divbot.exchange.rest.response import Response


class SentResponse(web.StreamResponse):
    """Send a response, and keep the connection open when the client wants that."""

    def __init__(self, response: Response) -> None:
        super().__init__(status=response.status)
        self._response = response

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of the response."""
        self._keep_alive = request.keep_alive
        body = b"" if request.method == "HEAD" else self._response.body
        # What is written before any header was goes out as it is.
        await request.writer.write_eof(self._head(request) + body)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing more: all was sent."""

    def _head(self, request: web.BaseRequest) -> bytes:
        told = [f"Content-Length: {len(self._response.body)}", f"Date: {formatdate(usegmt=True)}"]
        if "Server" not in self._response.headers:
            told.append(f"Server: {SERVER_SOFTWARE}")
        # Each version says only what it would not do anyhow.
        if request.keep_alive is not (request.version >= HttpVersion11):
            told.append(f"Connection: {'keep-alive' if request.keep_alive else 'close'}")
        return self._response.head(*told)
