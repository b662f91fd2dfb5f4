"""Stretches of time, and what is missing in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.domain.clock import utc_text
from divbot.domain.market import Interval
from divbot.recordings.grid import Grid

_MONTHS = Grid(Interval.MONTH)
_MONTH_NAME = len("2024-07")


class Span(NamedTuple):
    """A stretch of time, ms UTC; `end` is the first moment after it."""

    start: int
    end: int

    def __str__(self) -> str:
        """Return both ends in words."""
        return f"{utc_text(self.start)} to {utc_text(self.end)}"

    def within(self, other: Span) -> Span:
        """Return the part of it that lies in `other`; an empty span where none does."""
        start = min(max(self.start, other.start), other.end)
        return Span(start, max(start, min(self.end, other.end)))


def months(span: Span) -> Iterator[Span]:
    """Give the calendar months (UTC) that `span` touches, each whole."""
    start = _MONTHS.open_at(span.start)
    while start < span.end:
        end = _MONTHS.next_open(start)
        yield Span(start, end)
        start = end


def month_of(time: int) -> Span:
    """Return the month that holds `time`."""
    return Span(_MONTHS.open_at(time), _MONTHS.next_open(time))


def month_name(month: Span) -> str:
    """Return a month as files are named for it: 2024-07."""
    return utc_text(month.start)[:_MONTH_NAME]


def gaps(open_time: NDArray[np.int64], interval: Interval) -> tuple[Span, ...]:
    """Return the stretches between neighbours of ascending `open_time` that lack candles."""
    if not interval.is_regular:
        pairs = zip(open_time[:-1].tolist(), open_time[1:].tolist(), strict=True)
        found = ((interval.close_of(one), other) for one, other in pairs)
        return tuple(Span(*each) for each in found if each[0] < each[1])
    before = np.flatnonzero(np.diff(open_time) > interval.milliseconds)
    ends = open_time[before + 1].tolist()
    starts = (open_time[before] + interval.milliseconds).tolist()
    return tuple(map(Span, starts, ends))


def covered(open_time: NDArray[np.int64], length: int) -> tuple[Span, ...]:
    """Return the stretches that candles of `length` ms fill; `open_time` ascends."""
    breaks = np.flatnonzero(np.diff(open_time) > length) + 1
    return tuple(
        Span(int(part[0]), int(part[-1]) + length)
        for part in np.split(open_time, breaks)
        if len(part)
    )


def last_of_each(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of ascending `times` which are the last of their kind."""
    return np.append(times[1:] != times[:-1], True)[: len(times)]


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time in the order of time, touching or overlapping spans as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if span.start >= span.end:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def without(span: Span, taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return what is left of `span`."""
    left = []
    start = span.start
    for each in joined(taken):
        part = each.within(span)
        if part.start < part.end:
            left.append(Span(start, part.start))
            start = part.end
    return joined([*left, Span(start, span.end)])
