"""Settlements of funding, as the store gives and takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats
from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.minutes import FundingRate
from divbot.history.spans import Span, joined, last_of_each

LONGEST = 8 * HOUR
"""From one settlement to the next, in ms, at most; the venue's others are 4 h and 1 h."""


@dataclass(frozen=True, slots=True)
class FundingTrack:
    """What longs paid at each settlement, in the order of time; all arrays of one length."""

    at: NDArray[np.int64]
    """When it was due: the whole minute of `settled_at`, ms UTC."""
    settled_at: NDArray[np.int64]
    """When the venue says that it was settled, up to some ms later."""
    rate: Floats
    """A part of the value; `Decimal(repr(rate))` is the source's own number."""
    hours: Floats
    """How many hours it was for; NaN where the source does not tell."""
    mark_price: Floats
    """NaN where the source does not tell."""

    @classmethod
    def of(
        cls,
        settled_at: Sequence[int] | NDArray[np.int64],
        rate: Sequence[float] | Floats,
        hours: Sequence[float] | Floats | None = None,
        mark_price: Sequence[float] | Floats | None = None,
    ) -> Self:
        """Return the settlements in the order of time, each minute once: the last one given."""
        settled = np.asarray(settled_at, np.int64)
        unknown = np.full(len(settled), np.nan)
        at = settled - settled % MINUTE
        order = np.argsort(at, kind="stable")
        order = order[last_of_each(at[order])]
        columns = (
            np.asarray(unknown if values is None else values, np.float64)[order]
            for values in (rate, hours, mark_price)
        )
        return cls(at[order], settled[order], *columns)

    @classmethod
    def told(cls, rates: Sequence[FundingRate]) -> Self:
        """Return what a venue tells, in the order of time."""
        return cls.of(
            [x.at for x in rates],
            [float(x.rate) for x in rates],
            mark_price=[float(x.mark_price) for x in rates],
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.at)

    def between(self, start: int, end: int) -> Self:
        """Return those that were due from `start` to before `end` (ms UTC)."""
        first, last = np.searchsorted(self.at, [start, end])
        return type(self)(*(getattr(self, x.name)[first:last] for x in fields(self)))

    def lacking(self, wanted: Span) -> tuple[Span, ...]:
        """Return the stretches of `wanted` that are longer than the hours of funding then."""
        if not len(self):
            return joined([wanted])
        ends = int(self.at[0]), int(self.at[-1])
        return funding_lacking(wanted, *ends, self.gaps(), self.outer_periods())

    def gaps(self) -> tuple[Span, ...]:
        """Return the stretches between neighbours in which another settlement was due.

        Each begins when one may have been due, and ends with the next one that is there.
        """
        periods = self._periods()
        places = np.flatnonzero(np.diff(self.at) > np.maximum(periods[1:], periods[:-1]))
        shorter = np.minimum(periods[1:], periods[:-1])  # they may change from one to the next
        starts, ends = self.at[places] + shorter[places], self.at[places + 1]
        return tuple(map(Span, starts.tolist(), ends.tolist()))

    def outer_periods(self) -> tuple[int, int]:
        """Return how far from the first and the last settlement, in ms, others were due at most."""
        periods = self._periods()
        return int(periods[0]), int(periods[-1])

    def _periods(self) -> NDArray[np.int64]:
        """Return the ms from each to its neighbours, as told, or else as the nearer one is away.

        So what nobody tells lacks a settlement only where it is longer than what is around it.
        """
        apart = np.diff(self.at)
        nearer = np.minimum(np.append(apart, LONGEST), np.append(LONGEST, apart))
        told = self.hours * HOUR
        return np.where(np.isnan(told), np.clip(nearer, HOUR, LONGEST), told).astype(np.int64)

    def merged(self, newer: Self) -> Self:
        """Return both in the order of time; of the same minute, what either tells."""
        joined = {
            x.name: np.concatenate([getattr(self, x.name), getattr(newer, x.name)])
            for x in fields(self)
        }
        both = self.of(joined["settled_at"], joined["rate"], joined["hours"], joined["mark_price"])
        known = np.searchsorted(both.at, self.at)
        for name in ("hours", "mark_price"):
            values = getattr(both, name)
            is_unknown = np.isnan(values[known])
            values[known[is_unknown]] = getattr(self, name)[is_unknown]
        return both


def funding_lacking(
    wanted: Span,
    first: int,
    last: int,
    inner: Iterable[Span],
    periods: tuple[int, int],
) -> tuple[Span, ...]:
    """Return what of `wanted` lacks settlements, the first and the last of which are known.

    `inner` is what is missing between them; around them others were due after `periods` (ms).
    """
    edges = []
    if first - wanted.start >= periods[0]:
        edges.append(Span(wanted.start, first))
    if wanted.end - last > periods[1]:
        edges.append(Span(last + periods[1], wanted.end))
    return joined(x.within(wanted) for x in (*edges, *inner))
