"""Recordings in a folder of zips as Binance's archive (data.binance.vision) holds them.

One CSV in each zip, with or without a header; times in ms or, on spot from 2025 on, in us, which
magnitude tells; SYMBOL-INTERVAL-DATE.zip says the rest, and SYMBOL-INTERVAL-DATE.zip.CHECKSUM
beside it holds the SHA-256 of the zip.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.exchange.track import Track

_NAME = re.compile(r"(?P<symbol>.+)-(?P<interval>\d+[smhdwM]o?)-(?P<date>\d{4}-\d\d(-\d\d)?)\.zip")
_FIELDS = 12
_MICROSECONDS_FROM = 100_000_000_000_000


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One zip of the archive, by what its name says."""

    path: Path
    symbol: str
    interval: str
    date: str


def read_archive(folder: Path, interval: Interval | None) -> list[Track]:
    """Return what the zips below `folder` hold, one track for each symbol.

    With `interval`, zips of others are left aside. Raise RecordingError when there is no zip,
    when intervals are mixed, or when a zip is damaged.
    """
    by_symbol: dict[str, list[ArchiveFile]] = defaultdict(list)
    for file in _chosen(folder, interval):
        by_symbol[file.symbol].append(file)
    return [_track(symbol, files) for symbol, files in by_symbol.items()]


def _chosen(folder: Path, interval: Interval | None) -> list[ArchiveFile]:
    files = sorted(_files(folder), key=lambda each: (each.symbol, each.date, each.path))
    if not files:
        raise RecordingError(
            f"{folder}: expected zips named like BTCUSDT-1m-2024-07.zip, found none"
        )
    found = sorted({file.interval for file in files})
    if interval is None and len(found) > 1:
        raise RecordingError(
            f"{folder}: expected candles of one interval, found {', '.join(found)}; "
            "choose one with --interval"
        )
    chosen = [file for file in files if interval is None or file.interval == interval.value]
    if not chosen:
        raise RecordingError(
            f"{folder}: expected {interval} candles, found {', '.join(found)}; change --interval"
        )
    return chosen


def _files(folder: Path) -> list[ArchiveFile]:
    matches = ((path, _NAME.fullmatch(path.name)) for path in folder.rglob("*.zip"))
    return [
        ArchiveFile(path, match["symbol"], match["interval"].replace("1mo", "1M"), match["date"])
        for path, match in matches
        if match is not None
    ]


def _track(symbol: str, files: list[ArchiveFile]) -> Track:
    fields = np.concatenate([_read(file.path) for file in files])
    times = fields[:, 0].astype(np.int64)
    return Track(
        symbol=symbol,
        source=str(files[0].path if len(files) == 1 else files[0].path.parent),
        open_time=np.where(times > _MICROSECONDS_FROM, times // 1000, times),
        open=fields[:, 1].copy(),
        high=fields[:, 2].copy(),
        low=fields[:, 3].copy(),
        close=fields[:, 4].copy(),
        volume=fields[:, 5].copy(),
        quote_volume=fields[:, 7].copy(),
        trades=fields[:, 8].copy(),
        taker_volume=fields[:, 9].copy(),
        taker_quote_volume=fields[:, 10].copy(),
    )


def _read(path: Path) -> NDArray[np.float64]:
    """Return the 12 fields of every row; times up to 2**53, in us until 2255, stay exact."""
    try:
        packed = path.read_bytes()
        _verify(path, packed)
        with zipfile.ZipFile(BytesIO(packed)) as archive:
            text = archive.read(archive.namelist()[0])
    # An encrypted zip is a RuntimeError, an unknown way of packing a NotImplementedError.
    except (OSError, zipfile.BadZipFile, zlib.error, IndexError, RuntimeError) as error:
        raise RecordingError(
            f"{path}: expected a zip with one CSV file, found what does not unpack: {error}; "
            "download it again"
        ) from error
    return _parse(path, text)


def _verify(path: Path, packed: bytes) -> None:
    beside = path.with_name(f"{path.name}.CHECKSUM")
    if not beside.exists():
        return
    expected = beside.read_text("utf-8", errors="replace").split()[:1]
    found = hashlib.sha256(packed).hexdigest()
    if expected != [found]:
        raise RecordingError(
            f"{path}: expected SHA-256 {''.join(expected) or 'in its CHECKSUM file'}, "
            f"found {found}; download both files again"
        )


def _parse(path: Path, text: bytes) -> NDArray[np.float64]:
    if not text[:1].isdigit():
        text = text.partition(b"\n")[2]  # a header
    if not text.strip():
        return np.empty((0, _FIELDS))
    try:
        fields: NDArray[np.float64] = np.loadtxt(BytesIO(text), delimiter=",", ndmin=2)
    except ValueError as error:
        raise RecordingError(
            f"{path}: expected {_FIELDS} numeric columns, found what does not read: "
            f"{str(error).splitlines()[0]}; download it again"
        ) from error
    if fields.shape[1] != _FIELDS:
        raise RecordingError(
            f"{path}: expected {_FIELDS} columns, found {fields.shape[1]}; download it again"
        )
    return fields
