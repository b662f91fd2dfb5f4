"""What a store holds, shelf by shelf."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from divbot.domain.errors import StoreError
from divbot.history.parts import Note, read_note
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store, holes_between


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
    """Between the first and the last candle; none of funding, whose hours may change."""
    damaged: tuple[str, ...]
    """What is wrong with files that cannot be read."""

    @property
    def missing(self) -> int:
        """Return how many candles the holes lack."""
        interval = self.shelf.interval
        return sum(interval.steps_between(*x) for x in self.holes) if interval else 0


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
    return Held(
        shelf,
        _span(shelf, notes),
        rows=sum(x.rows for x in notes),
        files=len(paths),
        size=sum(map(_size, paths)),
        holes=holes_between(notes, shelf.interval) if shelf.interval else (),
        damaged=tuple(damaged),
    )


def _span(shelf: Shelf, notes: list[Note]) -> Span:
    if not notes:
        return Span(0, 0)
    last = notes[-1].last
    return Span(notes[0].first, shelf.interval.close_of(last) if shelf.interval else last)


def _size(path: Path) -> int:
    return path.stat().st_size
