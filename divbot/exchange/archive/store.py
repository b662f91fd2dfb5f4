"""The files as they are stored: made when asked for, those asked for last kept.

A listing tells size and ETag of files that nobody has asked for: those figures are kept for more
files than their bytes are.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TypeAlias

from divbot.exchange.archive.damage import WAYS, damaged
from divbot.exchange.archive.defects import Defects, FileCondition
from divbot.exchange.archive.series import ArchiveZip
from divbot.exchange.archive.tree import KeyedFile
from divbot.exchange.archive.zips import wrapped, zipped
from divbot.exchange.bounded_cache import BoundedCache
from divbot.exchange.faults.bombs import bomb

_MOST_BYTES = 192_000_000
_MOST_FIGURES = 1 << 17
_AT_ONCE = 64
_BOMB = 1 << 30
_LINE_END_FROM = 1_735_689_600_000  # 2025-01-01: a checksum made from then on ends its line
_NAMED_ZIP = range(1_672_531_200_000, 1_704_067_200_000)  # 2023, when zips were told to be zips

_Key: TypeAlias = tuple[str, FileCondition]


@dataclass(frozen=True, slots=True)
class FileFigures:
    """What a listing tells of one file."""

    size: int
    etag: str
    """MD5, 32 hexadecimal digits."""
    sha256: str
    """Of the zip, as its CHECKSUM tells it."""
    modified: int
    """ms UTC."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file, whole."""

    figures: FileFigures
    body: bytes
    content_type: str


class FileStore:
    """Give files and their figures; any thread may ask."""

    def __init__(self, defects: Defects) -> None:
        self._defects = defects
        self._zips: BoundedCache[_Key, bytes] = BoundedCache(_MOST_BYTES)
        self._figures: BoundedCache[_Key, FileFigures] = BoundedCache(_MOST_FIGURES)
        self._making = [threading.Lock() for _ in range(_AT_ONCE)]
        """Each guards its share of keys: what two ask for at once is made once."""

    def condition(self, file: KeyedFile, now: int) -> FileCondition | None:
        """Return how `file` stands at `now`; None where it is not there."""
        condition = self._defects.condition(file.zip, now)
        if not condition.is_there or (file.is_checksum and condition.defect == "no_checksum"):
            return None
        return condition

    def figures(self, file: KeyedFile, condition: FileCondition) -> FileFigures:
        """Return the figures of `file`."""
        if file.is_checksum:
            return _figures(self._checksum(file.zip, condition), "", condition)
        return self._zip_figures(file.zip, condition)

    def stored(self, file: KeyedFile, condition: FileCondition) -> StoredFile:
        """Return `file`."""
        if file.is_checksum:
            body = self._checksum(file.zip, condition)
            figures = _figures(body, "", condition)
        else:
            body, figures = self._zip(file.zip, condition)
        is_named = condition.modified in _NAMED_ZIP and not file.is_checksum
        return StoredFile(figures, body, "application/zip" if is_named else "binary/octet-stream")

    def is_kept(self, file: KeyedFile, condition: FileCondition) -> bool:
        """Tell whether `file` was asked for not long ago."""
        return self._zips.get((file.zip.key, condition)) is not None

    def _zip_figures(self, file: ArchiveZip, condition: FileCondition) -> FileFigures:
        figures = self._figures.get((file.key, condition))
        return self._zip(file, condition)[1] if figures is None else figures

    def _zip(self, file: ArchiveZip, condition: FileCondition) -> tuple[bytes, FileFigures]:
        key = file.key, condition
        with self._making[hash(key) % _AT_ONCE]:
            body, figures = self._zips.get(key), self._figures.get(key)
            if body is None or figures is None:
                whole = _whole(file, condition)
                body = whole[: len(whole) * 2 // 3] if condition.defect == "cut_zip" else whole
                figures = _figures(body, hashlib.sha256(whole).hexdigest(), condition)
                self._figures.keep(key, figures, 1)
                self._zips.keep(key, body, len(body))
        return body, figures

    def _checksum(self, file: ArchiveZip, condition: FileCondition) -> bytes:
        told = file
        if condition.defect == "other_checksum":
            told, condition = file.before, FileCondition("", file.before.published)
        line = f"{self._zip_figures(told, condition).sha256}  {told.name}"
        return f"{line}\n".encode() if condition.modified >= _LINE_END_FROM else line.encode()


def _whole(file: ArchiveZip, condition: FileCondition) -> bytes:
    name, made_at = f"{file.stem}.csv", condition.modified
    if condition.defect == "zip_bomb":
        return wrapped(name, *bomb(_BOMB), made_at)
    lines = file.lines()
    if condition.defect in WAYS:
        lines = damaged(lines, condition.defect, file.key)
    return zipped(name, file.header + lines, made_at)


def _figures(body: bytes, sha256: str, condition: FileCondition) -> FileFigures:
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return FileFigures(len(body), etag, sha256, condition.modified)
