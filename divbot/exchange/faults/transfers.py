"""Faults of the transfer: bytes that no proper server would send, written past it.

Everything is bounded: what waits, ends after the fault's seconds; and all of it ends at once when
the client goes away, because the server then cancels the handler.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from divbot.exchange.faults.bombs import gzip_bomb
from divbot.exchange.faults.schedule import Fault
from divbot.exchange.rest.response import Response

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_TRAILER = 8
_MEBIBYTE = 1 << 20
_GIANT = 1 << 30
_MOST_BUFFERED = 4 * _MEBIBYTE
_DRIP_SECONDS = 0.1
_DRAIN_SECONDS = 0.005
_RESET = struct.pack("ii", 1, 0)  # linger on, for no time: closing sends RST


@dataclass(frozen=True, slots=True)
class RawConnection:
    """A connection to a client, and what it should have been sent."""

    transport: asyncio.Transport
    response: Response
    seconds: float

    def send(self, content: bytes) -> None:
        """Hand `content` to the connection."""
        self.transport.write(content)

    async def drain(self) -> None:
        """Wait until little is left to send."""
        while self.transport.get_write_buffer_size() > _MOST_BUFFERED:
            await asyncio.sleep(_DRAIN_SECONDS)

    def reset(self) -> None:
        """End the connection by RST."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET
        )
        self.transport.abort()


Way: TypeAlias = Callable[[RawConnection], Awaitable[None]]
"""How the bytes of one fault are written."""


class BrokenTransfer(web.StreamResponse):
    """Stand for a response; write the fault's bytes instead, and end the connection."""

    def __init__(self, fault: Fault, response: Response) -> None:
        super().__init__()
        self._fault = fault
        self._response = response

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write what the fault is."""
        self.force_close()
        transport = request.transport
        if transport is not None and not transport.is_closing():
            line = RawConnection(transport, self._response, max(self._fault.seconds, 0.0))
            await WAYS[self._fault.kind.name](line)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing more: the fault was all."""


def _sends(content: Callable[[Response], bytes], *, waits: bool = False) -> Way:
    """Return the way of sending `content`, after which, where it `waits`, nothing comes."""

    async def way(line: RawConnection) -> None:
        line.send(content(line.response))
        if waits:
            await asyncio.sleep(line.seconds)

    return way


def _announced(response: Response, length: int, *extra: str) -> bytes:
    return response.head(*extra, f"Content-Length: {length}") + response.body


def _gzip(response: Response, packed: bytes) -> bytes:
    return _announced(replace(response, body=packed), len(packed), "Content-Encoding: gzip")


def _packed(response: Response) -> bytes:
    return zlib.compress(response.body, wbits=_GZIP)


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _chunk_garbage(response: Response) -> bytes:
    chunk = b"10\r\n" + response.body[:16].ljust(16)
    return response.head("Transfer-Encoding: chunked") + chunk + b"\r\nno size at all\r\n"


async def _reset_before(line: RawConnection) -> None:
    line.reset()


async def _reset_mid_body(line: RawConnection) -> None:
    length = len(line.response.body)
    line.send(_announced(replace(line.response, body=_half(line.response.body)), length))
    # Let the half arrive: a reset overtakes what waits in either buffer.
    await asyncio.sleep(_DRIP_SECONDS)
    line.reset()


async def _slow_drip(line: RawConnection) -> None:
    line.send(line.response.head(f"Content-Length: {len(line.response.body)}"))
    await _drip(line, line.response.body)


async def _slow_header(line: RawConnection) -> None:
    await _drip(line, _announced(line.response, len(line.response.body)))


async def _drip(line: RawConnection, content: bytes) -> None:
    for place in range(min(len(content), int(line.seconds / _DRIP_SECONDS))):
        line.send(content[place : place + 1])
        await asyncio.sleep(_DRIP_SECONDS)


async def _giant_body(line: RawConnection) -> None:
    blanks = b" " * _MEBIBYTE
    line.send(line.response.head(f"Content-Length: {_GIANT}") + b"[")
    for place in range(_GIANT // _MEBIBYTE):
        line.send(blanks if place else blanks[2:])
        await line.drain()
    line.send(b"]")


async def _gzip_bomb(line: RawConnection) -> None:
    line.send(_gzip(line.response, await asyncio.to_thread(gzip_bomb, _GIANT)))


WAYS: dict[str, Way] = {
    "timeout": _sends(lambda _: b"", waits=True),
    "reset_before": _reset_before,
    "reset_mid_body": _reset_mid_body,
    "fin_mid_body": _sends(lambda good: good.head("Connection: close") + _half(good.body)),
    "truncated_gzip": _sends(lambda good: _gzip(good, _half(_packed(good)))),
    "bad_gzip": _sends(lambda good: _gzip(good, b"this is not gzip" * 16)),
    "gzip_without_trailer": _sends(lambda good: _gzip(good, _packed(good)[:-_GZIP_TRAILER])),
    "wrong_length_long": _sends(lambda good: _announced(good, len(good.body) + 1000), waits=True),
    "wrong_length_short": _sends(lambda good: _announced(good, len(good.body) // 2)),
    "negative_length": _sends(lambda good: _announced(good, -1), waits=True),
    "slow_drip": _slow_drip,
    "slow_header": _slow_header,
    "giant_body": _giant_body,
    "gzip_bomb": _gzip_bomb,
    "chunk_garbage": _sends(_chunk_garbage),
    "huge_header": _sends(lambda good: _announced(good, len(good.body), "X-Huge: " + "x" * 70_000)),
    "many_headers": _sends(
        lambda good: _announced(good, len(good.body), *(f"X-Header-{n}: {n}" for n in range(200)))
    ),
    "garbage": _sends(lambda _: bytes(range(256)) * 4),
}
