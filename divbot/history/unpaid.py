"""Settlements of funding that are missing although a symbol was traded.

The venue settles every 8, 4 or 1 hours, and changes that: what is due is told by the settlements
around. Whether there was anybody to pay is told by the candles: funding goes on for dead contracts
and pauses with a halt, and a symbol's first and last day may pass without any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from divbot.domain.durations import DAY
from divbot.history.funding import funding_lacking
from divbot.history.parts import Note
from divbot.history.spans import Span, joined


def unpaid(
    notes: Sequence[Note], span: Span, known: Span, traded: Callable[[Span], Iterable[Span]]
) -> tuple[Span, ...]:
    """Return what of `span` lacks settlements, of which there are `notes` by months.

    Each hole begins when one may have been due. There are candles from the begin to the end of
    `known`, and `traded` returns when within a span there were trades; outside of `known` it is
    what lacks between settlements.
    """
    inner = [x.within(span) for x in _between(notes)]
    holes = joined([*inner, *_around(notes, span.within(known))])
    return joined(part for x in holes for part in _while_traded(x, known, traded))


def due_in(hole: Span, notes: Sequence[Note]) -> int:
    """Return how many settlements a hole lacks, by the time between those before it."""
    before = [x for x in notes if x.first <= hole.start] or notes
    return -(-(hole.end - hole.start) // before[-1].outer_periods[1])


def _between(notes: Sequence[Note]) -> Iterator[Span]:
    """Give what lacks in files and between them."""
    for note in notes:
        yield from note.holes
    for before, after in pairwise(notes):
        periods = before.outer_periods[1], after.outer_periods[0]
        if after.first - before.last > max(periods):
            yield Span(before.last + min(periods), after.first)


def _around(notes: Sequence[Note], wanted: Span) -> tuple[Span, ...]:
    """Return what of `wanted` lies before the first settlement and after the last one."""
    if not notes:
        return joined([wanted])
    periods = notes[0].outer_periods[0], notes[-1].outer_periods[1]
    return funding_lacking(wanted, notes[0].first, notes[-1].last, (), periods)


def _while_traded(
    hole: Span, known: Span, traded: Callable[[Span], Iterable[Span]]
) -> Iterator[Span]:
    """Give what of a hole has to be told of."""
    if not known.start <= hole.start < known.end:
        yield hole
        return
    for stretch in traded(Span(hole.start - DAY, hole.end + DAY)):
        part = stretch.within(hole)
        goes_on = stretch.start < hole.start and hole.end < stretch.end
        if goes_on or part.end - part.start > DAY:
            yield part
