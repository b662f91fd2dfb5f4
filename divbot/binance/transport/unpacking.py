"""A gzip stream, unpacked in bounded memory and believed only when it is whole.

libdeflate takes a third of zlib's time. It wants all of a stream at once, reads its first member
and does not tell where that ended: zlib has the last word on all that may be more than one member.
"""

from __future__ import annotations

import struct
import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_libdeflate: Any = import_module("deflate") if find_spec("deflate") else None
_GZIP = 16 + zlib.MAX_WBITS
_TRAILER = struct.Struct("<II")
"""What a member ends with: a checksum of its content, and its length."""
_PIECE, _AT_ONCE = 32 * 1024, 256 * 1024
"""Bytes. After each member zlib copies what is left of a piece, and members may be tiny; a piece
may hold a thousand times its size."""


def unpacked(stream: bytes, most: int) -> bytes:
    """Return what `stream`, one or more members, holds; of more than `most` bytes `most` + 1.

    Raise zlib.error where it is damaged or ends too early.
    """
    return _by_libdeflate(stream, most) or _by_zlib(stream, most)


def _by_libdeflate(stream: bytes, most: int) -> bytes:
    """Return what one member holds; nothing where it cannot be had, or may not be all."""
    trailer = stream[-_TRAILER.size :]
    if _libdeflate is None or len(trailer) < _TRAILER.size:
        return b""
    checksum, length = _TRAILER.unpack(trailer)
    if not 0 < length <= most:
        return b""
    try:
        content = _libdeflate.gzip_decompress(stream, length)
    except _libdeflate.DeflateError:
        return b""
    # What was unpacked ends with this trailer, which is nowhere but at the end: there is no more.
    is_all = (checksum, length) == (_libdeflate.crc32(content), len(content))
    return bytes(content) if is_all and stream.find(trailer) == len(stream) - len(trailer) else b""


def _by_zlib(stream: bytes, most: int) -> bytes:
    content, member = bytearray(), zlib.decompressobj(_GZIP)
    for start in range(0, len(stream), _PIECE):
        piece = stream[start : start + _PIECE]
        while piece and len(content) <= most:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            content += member.decompress(piece, min(most + 1 - len(content), _AT_ONCE))
            piece = member.unused_data or member.unconsumed_tail
    if len(content) <= most and not member.eof:
        raise zlib.error("the stream ends too early")
    return bytes(content)
