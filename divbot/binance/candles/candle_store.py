"""Final candles on disk, one file per symbol and interval: a cache, never the truth.

    16 bytes   what this is, and its version
     8         how many candles were asked for when the file was begun, the forming one included
     8         whose candles these are: a checksum of symbol, interval and the number before
    56         for each candle: open time, open, high, low, close, volume, and a checksum of these

A file is begun under another name and renamed, so that it is whole or not there; later candles are
added at its end. Nobody locks anything: what two programs, a kill, a full disk or a bad block have
done to a file shows in its checksums or in the order of its times, and costs a fresh download.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote

import numpy as np

from divbot.candle_arrays import Candles
from divbot.domain.clock import Clock
from divbot.domain.market import Interval
from divbot.files import make_private, write_whole

_MAGIC = b"divbot candles 2"
_HEADER = struct.Struct("<16sQQ")
_COLUMNS = len(fields(Candles))
ROW_BYTES = 8 * (_COLUMNS + 1)
"""What one candle takes in a file."""
_LARGEST_LIMIT = 1500
_MOST_ROWS = 4 * _LARGEST_LIMIT
"""More are of no use to any scan: the file is begun anew then."""
_MOST_BYTES = _HEADER.size + (_MOST_ROWS + _LARGEST_LIMIT) * ROW_BYTES
_BINARY = getattr(os, "O_BINARY", 0)
"""On Windows only."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_KEPT_SECONDS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Stored:
    """The candles of one file."""

    path: Path
    asked: int
    """How many were asked for at first: if there are fewer, there are no older ones."""
    candles: Candles
    size: int
    """Bytes that the file had when it was read."""

    def reaches(self, limit: int) -> bool:
        """Tell whether older candles would be of no use to who wants the newest `limit`."""
        return self.asked >= limit or len(self.candles) >= limit


class CandleStore:
    """Keep candles in `folder`; every failure means only that they are not kept."""

    def __init__(self, folder: Path) -> None:
        # Here, in a worker: whoever only sweeps needs no compiled code.
        from divbot.kernels.rows import checked_columns, seal

        self._folder = folder
        self._seal = seal
        self._checked_columns = checked_columns

    def read(self, symbol: str, interval: Interval) -> Stored | None:
        """Return what is kept; None where there is nothing, or nothing to rely on."""
        path = self._path(symbol, interval)
        try:
            content = _content_of(path)
        except OSError:
            return None
        rows, rest = divmod(len(content) - _HEADER.size, ROW_BYTES)
        if rows <= 0 or rest:
            return None
        magic, asked, owner = _HEADER.unpack_from(content)
        if magic != _MAGIC or owner != _owner(symbol, interval, asked):
            return None
        words = np.frombuffer(content, "<u8", offset=_HEADER.size).reshape(rows, -1)
        columns = np.empty((_COLUMNS, rows), np.uint64)
        if not self._checked_columns(words, columns):
            return None
        candles = Candles(columns[0].view(np.int64), *columns[1:].view(np.float64))
        return Stored(path, asked, candles, len(content))

    def begin(self, symbol: str, interval: Interval, asked: int, candles: Candles) -> None:
        """Keep `candles`, all there are or the newest of those `asked` for, and no others."""
        path = self._path(symbol, interval)
        header = _HEADER.pack(_MAGIC, asked, _owner(symbol, interval, asked))
        with contextlib.suppress(OSError):
            make_private(path.parent)
            write_whole(path, header + self._rows_of(candles), is_durable=False)

    def add(self, stored: Stored, newer: Candles) -> None:
        """Keep candles that follow those that were read, unless somebody else has done so."""
        count = len(newer)
        if not count:
            return
        try:
            if stored.size + count * ROW_BYTES > _MOST_ROWS * ROW_BYTES:
                stored.path.unlink()
                return
            _append(stored.path, stored.size, self._rows_of(newer))
        except OSError:
            with contextlib.suppress(OSError):
                stored.path.unlink(missing_ok=True)

    def _rows_of(self, candles: Candles) -> bytes:
        words = np.empty((len(candles), _COLUMNS + 1), np.uint64)
        for column, values in enumerate(candles.columns):
            words[:, column] = values.view(np.uint64)
        self._seal(words)
        return words.tobytes()

    def _path(self, symbol: str, interval: Interval) -> Path:
        return Path(f"{self._folder}/{interval.value}/{quote(symbol, safe='')}.candles")


def _content_of(path: Path) -> bytes:
    """Return what a file holds; a scan reads hundreds, and Python's own files are twice as slow."""
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        return os.read(descriptor, min(os.fstat(descriptor).st_size, _MOST_BYTES))
    finally:
        os.close(descriptor)


def _append(path: Path, size: int, content: bytes) -> None:
    """Write at the end of a file, unless it has another size by now."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | _NO_LINK | _BINARY)
    try:
        if os.fstat(descriptor).st_size == size:
            os.write(descriptor, content)
    finally:
        os.close(descriptor)


def sweep(home: Path, clock: Clock) -> None:
    """Delete the files below `home` that nobody has added to for days, and empty folders."""
    oldest = clock.now() / 1000 - _KEPT_SECONDS
    with contextlib.suppress(OSError):
        # The deepest first, so that a folder is empty by the time it is looked at.
        for path in sorted(home.rglob("*"), key=lambda x: len(x.parts), reverse=True):
            with contextlib.suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                elif path.stat().st_mtime < oldest:
                    path.unlink()


def _owner(symbol: str, interval: Interval, asked: int) -> int:
    # M and m are a month and a minute, and one folder to some systems.
    return zlib.crc32(f"{symbol} {interval.value} {asked}".encode())
