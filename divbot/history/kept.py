"""Files that are computed once and kept: written whole, and let go of when nobody used them long.

Each is named by a hash of all that it was made of, so that none is ever wrong, only of no more use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from divbot.domain.errors import OutputError
from divbot.files import make_private, whole_file

_UNUSED_FOR = 14 * 86_400
"""Seconds."""


def name_of(*made_of: Any) -> str:
    """Return a name for what is made of these: texts, numbers, and lists of such."""
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:20]


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Provide what is written to; it takes its place once the block has ended well.

    Raise OutputError where it cannot be written.
    """
    with _writing(path), whole_file(path, is_durable=False) as file:
        yield file


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it; raise OutputError."""
    with _writing(folder):
        make_private(folder)


@contextmanager
def alone(path: Path, *, patience: float = -1.0) -> Iterator[bool]:
    """Be the one process of this machine that holds `path`; False: another does.

    That one is waited for `patience` seconds, or below zero for ever. Raise OutputError.
    """
    lock = FileLock(path, mode=0o600)
    with _writing(path), suppress(Timeout):
        lock.acquire(timeout=patience)
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}; free some space or "
            "let this user write there; what is done is kept, and the same command goes on from "
            "there"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Keep a text."""
    with whole(path) as file:
        file.write(text.encode())


def write_array(path: Path, values: NDArray[np.generic]) -> None:
    """Keep one array."""
    with whole(path) as file:
        np.save(file, values)


def used(paths: Iterable[Path]) -> float:
    """Note that somebody uses files or folders now, and return when that is."""
    now = 0.0
    for path in paths:
        with suppress(OSError):  # of a folder that is only read
            os.utime(path)
        now = max(now, path.stat().st_mtime)
    return now


def let_go(cache: Path, needed: Iterable[Path]) -> None:
    """Remove files that nobody used for two weeks from the folders in `cache`.

    `needed` is what somebody uses now, by its path.
    """
    for path in _unused(cache.glob("*/*"), used(needed)):
        with suppress(OSError):
            path.unlink()


def let_go_beside(folder: Path) -> None:
    """Remove the folders beside `folder` that nobody used for two weeks; it is used now."""
    for path in _unused(folder.parent.iterdir(), used([folder])):
        shutil.rmtree(path, ignore_errors=True)


def _unused(paths: Iterable[Path], now: float) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):  # another process was faster
            if path.stat().st_mtime < now - _UNUSED_FOR:
                yield path
