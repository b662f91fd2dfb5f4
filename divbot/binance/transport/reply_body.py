"""The body of a reply, taken piece by piece: bounded, unpacked, and believed only when whole."""

from __future__ import annotations

from collections.abc import Mapping

from divbot.binance.transport.unpacking import unpacked
from divbot.domain.errors import BadAnswer

_MOST_DIGITS = 20


class ReplyBody:
    """Take a body of at most `most` bytes, packed or not, as its `headers` say.

    Names of headers are in lower case. Raise BadAnswer for a body that is too long, or whose length
    or coding is none.
    """

    def __init__(self, headers: Mapping[str, str], most: int) -> None:
        self._most = most
        length = headers.get("content-length", "0")
        if not _is_length(length, most):
            raise BadAnswer(f"expected a body of at most {most} bytes, found {length[:20]!r}")
        coding = headers.get("content-encoding", "identity")
        if coding not in ("identity", "gzip"):
            raise BadAnswer(f"expected a body as it is or in gzip, found {coding[:20]!r}")
        self._is_packed = coding == "gzip"
        self._content = bytearray()  # no list of pieces: each may be a single byte

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._content += piece
        self._refuse_if_longer(len(self._content))

    def whole(self) -> bytes:
        """Return all of it; raise zlib.error for packed content that is damaged or ends early."""
        content = bytes(self._content)
        if self._is_packed:
            content = unpacked(content, self._most)
            self._refuse_if_longer(len(content))
        return content

    def _refuse_if_longer(self, length: int) -> None:
        if length > self._most:
            raise BadAnswer(f"expected a body of at most {self._most} bytes, found a longer one")


def _is_length(text: str, most: int) -> bool:
    # A number of thousands of digits is more than int() takes.
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text) <= most
