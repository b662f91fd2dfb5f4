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
from dataclasses import dataclass
from functools import cache

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from divbot.exchange.faults.schedule import Fault
from divbot.exchange.rest.response import Response

_GZIP = 16 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_GZIP_TRAILER = 8
_MEBIBYTE = 1 << 20
_GIANT = 1 << 30
_MOST_BUFFERED = 4 * _MEBIBYTE
_DRIP_SECONDS = 0.1
_DRAIN_SECONDS = 0.005
_RESET = struct.pack("ii", 1, 0)  # linger on, for no time: closing sends RST


@dataclass(frozen=True, slots=True)
class Line:
    """A connection to a client, and what it should have been sent."""

    transport: asyncio.Transport
    response: Response
    seconds: float

    def head(self, *extra: str, length: int | None = None) -> bytes:
        """Return status line and headers; without `length`, none is announced."""
        lines = [f"HTTP/1.1 {self.response.status} OK"]
        lines += [f"{name}: {value}" for name, value in self.response.headers.items()]
        lines += extra
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join((*lines, "", "")).encode()

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
            line = Line(transport, self._response, max(self._fault.seconds, 0.0))
            await WAYS[self._fault.kind.name](line)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing more: the fault was all."""


async def _stay_silent(line: Line) -> None:
    await asyncio.sleep(line.seconds)


async def _reset_before(line: Line) -> None:
    line.reset()


async def _reset_mid_body(line: Line) -> None:
    body = line.response.body
    line.send(line.head(length=len(body)) + body[: len(body) // 2])
    # Let the half arrive: a reset overtakes what waits in either buffer.
    await asyncio.sleep(_DRIP_SECONDS)
    line.reset()


async def _fin_mid_body(line: Line) -> None:
    line.send(line.head("Connection: close") + line.response.body[: len(line.response.body) // 2])


def _packed(line: Line) -> bytes:
    return zlib.compress(line.response.body, wbits=_GZIP)


async def _truncated_gzip(line: Line) -> None:
    half = _packed(line)
    _send_gzip(line, half[: len(half) // 2])


async def _bad_gzip(line: Line) -> None:
    _send_gzip(line, b"this is not gzip" * 16)


async def _gzip_without_trailer(line: Line) -> None:
    _send_gzip(line, _packed(line)[:-_GZIP_TRAILER])


def _send_gzip(line: Line, packed: bytes) -> None:
    line.send(line.head("Content-Encoding: gzip", length=len(packed)) + packed)


async def _wrong_length_long(line: Line) -> None:
    line.send(line.head(length=len(line.response.body) + 1000) + line.response.body)
    await asyncio.sleep(line.seconds)


async def _wrong_length_short(line: Line) -> None:
    line.send(line.head(length=len(line.response.body) // 2) + line.response.body)


async def _negative_length(line: Line) -> None:
    line.send(line.head(length=-1) + line.response.body)
    await asyncio.sleep(line.seconds)


async def _slow_drip(line: Line) -> None:
    line.send(line.head(length=len(line.response.body)))
    await _drip(line, line.response.body)


async def _slow_header(line: Line) -> None:
    await _drip(line, line.head(length=len(line.response.body)) + line.response.body)


async def _drip(line: Line, content: bytes) -> None:
    for place in range(min(len(content), int(line.seconds / _DRIP_SECONDS))):
        line.send(content[place : place + 1])
        await asyncio.sleep(_DRIP_SECONDS)


async def _giant_body(line: Line) -> None:
    blanks = b" " * _MEBIBYTE
    line.send(line.head(length=_GIANT) + b"[")
    for place in range(_GIANT // _MEBIBYTE):
        line.send(blanks if place else blanks[2:])
        await line.drain()
    line.send(b"]")


async def _gzip_bomb(line: Line) -> None:
    _send_gzip(line, await asyncio.to_thread(bomb, _GIANT))


@cache
def bomb(size: int) -> bytes:
    """Return `size` bytes, whole MiB, of blanks and an empty list as gzip.

    A block that ends in a full flush refers to nothing before it: it may be repeated as it is.
    """
    blanks, end = b" " * _MEBIBYTE, b"[]"
    repeats = size // _MEBIBYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    block = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(end) + packer.flush()
    checksum = 0
    for _ in range(repeats):
        checksum = zlib.crc32(blanks, checksum)
    trailer = struct.pack("<II", zlib.crc32(end, checksum), repeats * _MEBIBYTE + len(end))
    return _GZIP_HEADER + block * repeats + last + trailer


async def _chunk_garbage(line: Line) -> None:
    line.send(line.head("Transfer-Encoding: chunked"))
    line.send(b"10\r\n" + line.response.body[:16].ljust(16) + b"\r\nno size at all\r\n")


async def _huge_header(line: Line) -> None:
    line.send(line.head("X-Huge: " + "x" * 70_000, length=len(line.response.body)))
    line.send(line.response.body)


async def _many_headers(line: Line) -> None:
    many = [f"X-Header-{number}: {number}" for number in range(200)]
    line.send(line.head(*many, length=len(line.response.body)) + line.response.body)


async def _garbage(line: Line) -> None:
    line.send(bytes(range(256)) * 4)


WAYS: dict[str, Callable[[Line], Awaitable[None]]] = {
    "timeout": _stay_silent,
    "reset_before": _reset_before,
    "reset_mid_body": _reset_mid_body,
    "fin_mid_body": _fin_mid_body,
    "truncated_gzip": _truncated_gzip,
    "bad_gzip": _bad_gzip,
    "gzip_without_trailer": _gzip_without_trailer,
    "wrong_length_long": _wrong_length_long,
    "wrong_length_short": _wrong_length_short,
    "negative_length": _negative_length,
    "slow_drip": _slow_drip,
    "slow_header": _slow_header,
    "giant_body": _giant_body,
    "gzip_bomb": _gzip_bomb,
    "chunk_garbage": _chunk_garbage,
    "huge_header": _huge_header,
    "many_headers": _many_headers,
    "garbage": _garbage,
}
