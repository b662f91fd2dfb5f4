"""Whether the store is what it was when it was written, and what the archive holds now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from divbot.domain.durations import DAY
from divbot.history.download import Downloader
from divbot.history.holes import Hole
from divbot.history.jobs import Job
from divbot.history.parts import DamagedFile, check_candles, check_funding, writing
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, month_of
from divbot.history.store import Store


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


def lost(store: Store, shelves: Iterable[Shelf]) -> Iterator[Checked]:
    """Give what was put aside earlier, and is not there again: a full disk or Ctrl-C came first."""
    for shelf in shelves:
        for month, aside in shelf.months(store.damaged.root):
            path = shelf.path(store.root, month)
            if not path.exists():
                problem = f"{path}: was damaged, and is put aside: {aside}"
                yield Checked(shelf, month, path, problem)


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
    store: Store, downloader: Downloader, shelves: Iterable[Shelf], damaged: Iterable[Checked]
) -> tuple[list[Job], list[Hole]]:
    """Return what is to be fetched: what the archive has replaced, and what is damaged.

    Damaged files are put aside.
    """
    jobs, failed = downloader.replaced(list(shelves))
    kept = list(store.shelves())
    for each in damaged:
        _put_aside(store, each.path)
        more, without_list = downloader.plan([each.shelf], _part_of(store, kept, each))
        jobs += more
        failed += without_list
    return jobs, failed


def _part_of(store: Store, kept: Iterable[Shelf], damaged: Checked) -> Span:
    """Return which part of its month a damaged file was of, as far as other files tell.

    Those are what is kept of its symbol in that month besides, and its own neighbours; else it was
    of the whole month. More would ask for what goes with it, such as funding, of all that time.
    """
    shelf, month = damaged.shelf, damaged.month
    own = {x for x, _ in shelf.months(store.root)}
    beside = [
        note
        for x in kept
        if x.symbol == shelf.symbol and x != shelf and (note := store.sound_note(x, month))
    ]
    if not beside:
        return month
    first, last = min(x.first for x in beside), max(x.last for x in beside)
    is_before, is_after = month_of(month.start - 1) in own, month_of(month.end) in own
    return Span(
        month.start if is_before else first // DAY * DAY,
        month.end if is_after else (last // DAY + 1) * DAY,
    ).within(month)


def _put_aside(store: Store, path: Path) -> None:
    """Let a damaged file be no part of the store any more, and still be there."""
    aside = store.aside(path)
    if not path.exists():  # it is aside already
        return
    with writing(aside):
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)


def drop_aside(store: Store, path: Path) -> None:
    """Remove what was put aside of a file that is there again."""
    if path.exists():
        store.aside(path).unlink(missing_ok=True)
