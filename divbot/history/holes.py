"""What a store still lacks of what was asked for, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from divbot.domain.market import TRADING, Instrument
from divbot.history.jobs import final_part
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, joined, without
from divbot.history.store import Store, holes_between

NOWHERE = "the venue has no candles there either"
GONE = "the archive lacks it, and the venue serves this symbol no more"
NOT_HAD = "neither archive nor venue has given it"


@dataclass(frozen=True, slots=True)
class Hole:
    """What is missing, and why."""

    shelf: Shelf
    span: Span
    reason: str


def holes_of(
    store: Store,
    shelves: Iterable[Shelf],
    span: Span,
    instruments: Mapping[str, Instrument],
    now: int,
) -> Iterator[Hole]:
    """Give what is missing in `span` between a symbol's first candle and its last one.

    What is traded still has its last one when `span` ends.
    """
    for shelf in sorted(shelves, key=lambda x: x.order):
        if shelf.interval is None:
            continue
        notes = store.sound_notes(shelf)
        if not notes:
            continue
        instrument = instruments.get(shelf.symbol)
        found = [*holes_between(notes, shelf.interval)]
        if instrument is not None and instrument.status == TRADING:
            last = shelf.interval.close_of(notes[-1].last)
            found.append(Span(last, max(last, final_part(shelf, span, now).end)))
        nowhere = [x for note in notes for x in note.nowhere]
        for hole in joined(x.within(span) for x in found):
            yield Hole(shelf, hole, _reason(hole, nowhere, instrument))


def _reason(hole: Span, nowhere: Iterable[Span], instrument: Instrument | None) -> str:
    if not without(hole, nowhere):
        return NOWHERE
    return GONE if instrument is None else NOT_HAD
