"""Whether the store is what it was when it was written, and what the archive holds now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from divbot.domain.errors import StoreError
from divbot.history.download import Downloader
from divbot.history.holes import Hole
from divbot.history.jobs import Job
from divbot.history.parts import DamagedFile, check_candles, check_funding
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store

_ASIDE = ".damaged"


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading one file of the store has shown."""

    shelf: Shelf
    month: Span
    path: Path
    problem: str
    """Empty: it holds what was written."""


def checked(store: Store, shelves: Iterable[Shelf]) -> Iterator[Checked]:
    """Read every file of `shelves` and hash its rows again."""
    for shelf in shelves:
        for month, path in shelf.months(store.root):
            yield Checked(shelf, month, path, _problem(shelf, path))


def _problem(shelf: Shelf, path: Path) -> str:
    try:
        if shelf.interval is None:
            check_funding(path)
        else:
            check_candles(path, shelf.symbol)
    except DamagedFile as error:
        return str(error)
    return ""


def mended(
    downloader: Downloader, shelves: Iterable[Shelf], damaged: Iterable[Checked]
) -> tuple[list[Job], list[Hole]]:
    """Return what is to be fetched: what the archive has replaced, and what is damaged.

    Damaged files are put aside, under another name: what they hold may be all there is.
    """
    jobs, failed = downloader.replaced(list(shelves))
    for each in damaged:
        put_aside(each.path)
        more, without_list = downloader.plan([each.shelf], each.month)
        jobs += more
        failed += without_list
    return jobs, failed


def put_aside(path: Path) -> None:
    """Let a damaged file be no part of the store any more, and still be there."""
    try:
        path.replace(path.with_name(path.name + _ASIDE))
    except OSError as error:
        raise StoreError(f"{path}: cannot be put aside: {error.strerror or error}") from error


def drop_aside(path: Path) -> None:
    """Remove what was put aside of a file that is there again."""
    if path.exists():
        path.with_name(path.name + _ASIDE).unlink(missing_ok=True)
