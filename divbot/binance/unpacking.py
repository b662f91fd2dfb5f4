"""A gzip stream, unpacked in bounded memory and believed only when it is whole.

ISA-L takes half of zlib's time. Of what is too short for a header it says only that more must come.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_zlib: Any = import_module("isal.isal_zlib") if find_spec("isal") else zlib
_GZIP = 16 + zlib.MAX_WBITS


class Gunzip:
    """Unpack a gzip stream of one or more members, piece by piece.

    Hazard: of a stream cut within its last eight bytes, checksum and length, all of the content
    comes out; `is_whole` alone tells. What comes out does not say how much is still to come: a
    megabyte may hold a gigabyte.
    """

    def __init__(self) -> None:
        self._member = _zlib.decompressobj(_GZIP)

    @property
    def is_whole(self) -> bool:
        """Tell whether the stream may end here."""
        ended: bool = self._member.eof
        return ended

    def unpack(self, packed: bytes, most: int) -> bytes:
        """Return what `packed` adds, at most `most` bytes of it; raise zlib.error on nonsense."""
        content = bytearray()
        while packed and len(content) < most:
            if self._member.eof:
                self._member = _zlib.decompressobj(_GZIP)
            try:
                content += self._member.decompress(packed, most - len(content))
            except _zlib.error as error:
                raise zlib.error(str(error)) from error
            packed = self._member.unused_data or self._member.unconsumed_tail
        return bytes(content)
