"""What a store still lacks of what was asked for, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from divbot.domain.durations import HOUR
from divbot.domain.market import TRADING, Instrument, Interval
from divbot.history.jobs import final_part
from divbot.history.lives import settled_sibling
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, joined, without
from divbot.history.store import Store, holes_between

NOWHERE = "the venue has no candles there either"
UNSETTLED = "the venue knows of no settlement there either"
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

    What is traded still has its last one when `span` ends. Of funding, what is missing while the
    symbol was traded.
    """
    for shelf in sorted(shelves, key=lambda x: x.order):
        instrument = instruments.get(shelf.symbol)
        if shelf.interval is None:
            found = _unpaid(store, shelf, Span(span.start, min(span.end, now - HOUR)))
        else:
            until = final_part(shelf, span, now).end if _is_traded(instrument) else None
            found = _missing(store, shelf, shelf.interval, until)
        nowhere = [x for note in store.sound_notes(shelf) for x in note.nowhere]
        for hole in joined(x.within(span) for x in found):
            yield Hole(shelf, hole, _reason(hole, nowhere, instrument, shelf))


def _is_traded(instrument: Instrument | None) -> bool:
    return instrument is not None and instrument.status == TRADING


def _missing(store: Store, shelf: Shelf, interval: Interval, until: int | None) -> tuple[Span, ...]:
    """Return what lacks between the first candle and the last one, which is due `until` then."""
    notes = store.sound_notes(shelf)
    if not notes:
        return ()
    last = interval.close_of(notes[-1].last)
    return (*holes_between(notes, interval), Span(last, max(last, until or last)))


def _unpaid(store: Store, shelf: Shelf, span: Span) -> tuple[Span, ...]:
    """Return what lacks of funding; nobody trades under the name of a contract that was settled."""
    return () if settled_sibling(shelf.symbol) else store.unpaid(shelf.symbol, span)


def _reason(
    hole: Span, nowhere: Iterable[Span], instrument: Instrument | None, shelf: Shelf
) -> str:
    if not without(hole, nowhere):
        return UNSETTLED if shelf.interval is None else NOWHERE
    return GONE if instrument is None else NOT_HAD
