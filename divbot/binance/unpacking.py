"""A gzip stream, unpacked in bounded memory and believed only when it is whole.

libdeflate takes a third of zlib's time. It wants all of a stream at once, and does not tell where
in it a member ended: zlib has the last word on all that is not one member of a believable length.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_libdeflate: Any = import_module("deflate") if find_spec("deflate") else None
_GZIP = 16 + zlib.MAX_WBITS
_MEMBER = b"\x1f\x8b\x08"
"""What a member begins with."""
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
    length = int.from_bytes(stream[-4:], "little")
    if _libdeflate is None or not 0 < length <= most or stream.rfind(_MEMBER) > 0:
        return b""
    try:
        content = _libdeflate.gzip_decompress(stream, length)
    except _libdeflate.DeflateError:
        return b""
    return bytes(content) if len(content) == length else b""


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
