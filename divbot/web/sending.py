"""How an answer is sent: with headers that keep other pages out, and never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from divbot.web.denial import Denial
from divbot.web.documents import json_of
from divbot.web.routes import EVENTS, JSON

PATIENCE_SECONDS = 20.0
"""That a reader may take to take nothing of what it is sent."""
_PIECE = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "divbot",
}


def headers_of(content_type: str, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of an answer, which nobody is to keep unless `changes` say so."""
    return {
        **_HEADERS,
        "Content-Type": content_type,
        "Cache-Control": "no-store",
        **(changes or {}),
    }


def refused(refusal: Denial, changes: Mapping[str, str] | None = None) -> web.Response:
    """Return the answer to a request that gets no other."""
    more = dict(changes or {})
    if refusal.status == 401:
        more["WWW-Authenticate"] = "Bearer"
    if refusal.status == 503:
        more["Retry-After"] = "5"
    return web.Response(
        status=refusal.status, body=json_of(refusal.document()), headers=headers_of(JSON, more)
    )


async def send(
    request: web.BaseRequest,
    body: bytes,
    content_type: str,
    changes: Mapping[str, str] | None = None,
    *,
    patience: float = PATIENCE_SECONDS,
) -> web.StreamResponse:
    """Send `body` piece by piece: what a slow reader has not taken is not kept for it."""
    more = {**(changes or {}), "Content-Length": str(len(body))}
    response = web.StreamResponse(headers=headers_of(content_type, more))
    await response.prepare(request)
    if request.method != "HEAD":
        for start in range(0, len(body), _PIECE):
            async with asyncio.timeout(patience):
                await response.write(body[start : start + _PIECE])
    async with asyncio.timeout(patience):
        await response.write_eof()
    return response


async def send_events(
    request: web.BaseRequest,
    messages: AsyncIterator[bytes],
    *,
    patience: float = PATIENCE_SECONDS,
) -> web.StreamResponse:
    """Send messages as they come, until the reader leaves or takes none for too long."""
    response = web.StreamResponse(headers=headers_of(EVENTS, {"X-Accel-Buffering": "no"}))
    response.content_length = None
    await response.prepare(request)
    async for message in messages:
        async with asyncio.timeout(patience):
            await response.write(message)
    return response
