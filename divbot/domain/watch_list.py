"""A watch list: a file that names symbols, as people write it and as TradingView exports it."""

from __future__ import annotations

from pathlib import Path

from divbot.domain.errors import InputError
from divbot.domain.symbols import read_symbol

_LARGEST = 1_000_000
"""Bytes: more is another kind of file."""


def read_watch_list(path: Path) -> tuple[str, ...]:
    """Return the symbols that `path` names, each once.

    They stand on lines or between commas. What follows a # is a comment; TradingView writes its
    sections so. Raise InputError where it cannot be read, names none, or holds what is no symbol.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(_lines(path), 1):
        for name in line.split(","):
            text = name.partition("#")[0].strip()
            if not text:
                continue
            try:
                found[read_symbol(text)] = None
            except ValueError as error:
                raise InputError(f"watch list {path}, line {number}: {error}") from None
    if not found:
        raise InputError(f"watch list {path}: expected symbols such as BTCUSDT, found none")
    return tuple(found)


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read the watch list {path}: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise InputError(f"watch list {path}: expected {_LARGEST:,} bytes at most, found more")
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeError:
        raise InputError(f"watch list {path}: expected text in UTF-8, found other bytes") from None
