"""Bodies in gzip: what a body begins with is packed once, while it stays the same.

Of a thousand candles only the last one changes from one answer to the next, and packing all of them
would be most of what an answer costs. What is kept is compared with the bytes themselves, so that
it is never out of date.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Self

from divbot.exchange.bounded_cache import BoundedCache

_MOST_BYTES = 128_000_000
_STEP = 1024
"""Bytes. Openings are multiples of it, and at least as many at the end are packed each time."""
_TELLING = 128
"""Bytes at the beginning that differ from one symbol to another: the prices of its first candle."""
_LEVEL = 1
RAW_DEFLATE = -zlib.MAX_WBITS
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\4\xff"
"""Deflate, no name, no time, the fastest level, an unknown system."""


@dataclass(frozen=True, slots=True)
class _Opening:
    """What the first bytes of a body are in gzip."""

    plain: bytes
    packed: bytes
    checksum: int

    @classmethod
    def of(cls, plain: bytes) -> Self:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, RAW_DEFLATE)
        # Whatever follows then begins with a byte and a block of its own.
        packed = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
        return cls(plain, packed, zlib.crc32(plain))


class Packer:
    """Pack bodies; openings of `most_bytes` are kept, those asked for last."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._kept: BoundedCache[bytes, _Opening] = BoundedCache(most_bytes)

    def packed(self, body: bytes) -> bytes:
        """Return `body` in gzip."""
        length = max(len(body) // _STEP - 1, 0) * _STEP
        opening = self._opening(body[:length])
        rest = body[length:]
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, RAW_DEFLATE)
        end = packer.compress(rest) + packer.flush()
        trailer = gzip_trailer(zlib.crc32(rest, opening.checksum), len(body))
        return GZIP_HEAD + opening.packed + end + trailer

    def _opening(self, plain: bytes) -> _Opening:
        key = plain[:_TELLING]
        kept = self._kept.get(key)
        if kept is not None and kept.plain == plain:
            return kept
        opening = _Opening.of(plain)
        return self._kept.keep(key, opening, len(plain) + len(opening.packed))


def gzip_trailer(checksum: int, length: int) -> bytes:
    """Return what ends a gzip stream of `length` bytes."""
    return struct.pack("<II", checksum, length & 0xFFFFFFFF)
