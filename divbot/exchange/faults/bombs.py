"""Bombs: little that unpacks to a lot."""

from __future__ import annotations

import zlib
from functools import cache
from typing import NamedTuple

from divbot.exchange.rest.packing import GZIP_HEAD, RAW_DEFLATE, gzip_trailer

_MEBIBYTE = 1 << 20


class Bomb(NamedTuple):
    """What it is deflated, and the checksum and the length of what it unpacks to."""

    packed: bytes
    checksum: int
    length: int


@cache
def bomb(size: int) -> Bomb:
    """Return `size` bytes, whole MiB, of blanks and an empty list.

    A block that ends in a full flush refers to nothing before it: it may be repeated as it is.
    """
    blanks, end = b" " * _MEBIBYTE, b"[]"
    repeats = size // _MEBIBYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, RAW_DEFLATE)
    block = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(end) + packer.flush()
    checksum = 0
    for _ in range(repeats):
        checksum = zlib.crc32(blanks, checksum)
    length = repeats * _MEBIBYTE + len(end)
    return Bomb(block * repeats + last, zlib.crc32(end, checksum), length)


def gzip_bomb(size: int) -> bytes:
    """Return as `bomb`, in gzip."""
    packed, checksum, length = bomb(size)
    return GZIP_HEAD + packed + gzip_trailer(checksum, length)
