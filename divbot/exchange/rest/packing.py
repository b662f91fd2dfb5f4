"""Bodies in gzip: what a body begins with is packed once, while it stays the same.

Of a thousand candles only the last one changes from one answer to the next, and packing all of them
would be most of what an answer costs. What is kept is compared with the bytes themselves, so that
it is never out of date.
"""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Self

_MOST_BYTES = 128_000_000
_STEP = 1024
"""Bytes. Openings are multiples of it, and at least as many at the end are packed each time."""
_TELLING = 128
"""Bytes at the beginning that differ from one symbol to another: the prices of its first candle."""
_LEVEL = 1
_RAW_DEFLATE = -zlib.MAX_WBITS
_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\4\xff"
"""Deflate, no name, no time, the fastest level, an unknown system."""


@dataclass(frozen=True, slots=True)
class _Opening:
    """What the first bytes of a body are in gzip."""

    plain: bytes
    packed: bytes
    checksum: int

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.packed)

    @classmethod
    def of(cls, plain: bytes) -> Self:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        # Whatever follows then begins with a byte and a block of its own.
        packed = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
        return cls(plain, packed, zlib.crc32(plain))


class Packer:
    """Pack bodies; openings of `most_bytes` are kept, those asked for last."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, _Opening] = OrderedDict()

    def packed(self, body: bytes) -> bytes:
        """Return `body` in gzip."""
        length = max(len(body) // _STEP - 1, 0) * _STEP
        opening = self._opening(body[:length])
        rest = body[length:]
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
        end = packer.compress(rest) + packer.flush()
        trailer = struct.pack("<II", zlib.crc32(rest, opening.checksum), len(body) & 0xFFFFFFFF)
        return _HEAD + opening.packed + end + trailer

    def _opening(self, plain: bytes) -> _Opening:
        key = plain[:_TELLING]
        kept = self._kept.pop(key, None)
        if kept is not None and kept.plain == plain:
            self._kept[key] = kept  # as the one asked for last
            return kept
        opening = self._kept[key] = _Opening.of(plain)
        self._bytes += opening.size - (kept.size if kept is not None else 0)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size
        return opening
