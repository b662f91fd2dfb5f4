"""What a store holds, shelf by shelf."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.errors import StoreError
from divbot.history.parts import Note, read_note
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store, holes_between
from divbot.history.unpaid import due_in


@dataclass(frozen=True, slots=True)
class Held:
    """What one shelf holds."""

    shelf: Shelf
    span: Span
    """From the first open to the last close; of funding, to the last settlement."""
    rows: int
    files: int
    size: int
    """In bytes."""
    holes: tuple[Span, ...]
    """Between the first and the last candle; of funding, while the symbol was traded."""
    missing: int
    """How many candles or settlements the holes lack."""
    damaged: tuple[str, ...]
    """What is wrong with files that cannot be read."""


def held(store: Store, shelf: Shelf) -> Held:
    """Return what a shelf holds; a damaged file of it is named."""
    notes: list[Note] = []
    damaged = []
    paths = [path for _, path in shelf.months(store.root)]
    for path in paths:
        try:
            notes.append(read_note(path))
        except StoreError as error:
            damaged.append(str(error))
    holes = _holes(store, shelf, notes)
    return Held(
        shelf,
        _span(shelf, notes),
        rows=sum(x.rows for x in notes),
        files=len(paths),
        size=sum(map(_size, paths)),
        holes=holes,
        missing=sum(_missing(x, shelf, notes) for x in holes),
        damaged=tuple(damaged),
    )


def _holes(store: Store, shelf: Shelf, notes: list[Note]) -> tuple[Span, ...]:
    if shelf.interval is None:
        return store.unpaid(shelf.symbol, Span(EARLIEST, LATEST))
    return holes_between(notes, shelf.interval)


def _missing(hole: Span, shelf: Shelf, notes: list[Note]) -> int:
    return shelf.interval.steps_between(*hole) if shelf.interval else due_in(hole, notes)


def _span(shelf: Shelf, notes: list[Note]) -> Span:
    if not notes:
        return Span(0, 0)
    last = notes[-1].last
    return Span(notes[0].first, shelf.interval.close_of(last) if shelf.interval else last)


def _size(path: Path) -> int:
    return path.stat().st_size
