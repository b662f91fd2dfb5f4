"""What the ledger says of some days: what was tried on them, and who has looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from divbot.evaluation import DailyResults
from divbot.research.trials.entries import Judged, Lost, Opening, Trial
from divbot.research.trials.rows import Written


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of the days of a history, before a sweep."""

    known_until: int | None
    """The last of these days of which figures were seen."""
    tried: DailyResults | None
    """Of all settings that were run on any of these days, 0 where they ran on none."""
    lost_sweeps: int


def knowledge_of(written: Iterable[Written], days: range) -> Knowledge:
    """Return what entries say of `days`, whatever symbols and candles they were about.

    Days are what is counted: the coins of one day rise and fall together.
    """
    entries = tuple(written)
    seen = [shared[-1] for x in _seen(entries) if (shared := common(x, days))]
    return Knowledge(
        max(seen, default=None),
        _tried(entries, days),
        sum(x.entry.sweeps for x in entries if isinstance(x.entry, Lost)),
    )


def openings_of(written: Iterable[Written], *, but: int) -> tuple[list[range], int]:
    """Return the holdouts that were opened, one for each trial other than `but`, and lost looks."""
    opened: dict[int, range] = {}
    lost = 0
    for x in written:
        match x.entry:
            case Opening() if x.entry.trial != but:
                opened[x.entry.trial] = x.entry.holdout
            case Lost():
                lost += x.entry.openings
    return list(opened.values()), lost


def sealed_on(written: Iterable[Written], days: range) -> dict[int, range]:
    """Return which of `days` are sealed for whom, by the number of the trial."""
    entries = tuple(written)
    seen = [*_seen(entries)]
    return {
        x.number: shared
        for x in entries
        if isinstance(x.entry, Trial)
        and (shared := common(x.entry.holdout, days))
        and not any(shared[0] in y and shared[-1] in y for y in seen)
    }


def common(one: range, other: range) -> range:
    """Return the days that two spans share."""
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _seen(written: Iterable[Written]) -> Iterator[range]:
    for x in written:
        match x.entry:
            case Trial():
                yield x.entry.known
            case Judged(is_spent=True):
                yield x.entry.holdout


def _tried(written: Iterable[Written], days: range) -> DailyResults | None:
    """Return all results that lie on `days`, under names that no other trial has."""
    names: list[str] = []
    parts = []
    for x in written:
        shared = common(x.results.days, days) if x.results else range(0)
        if x.results is None or not shared:
            continue
        names += [f"{x.number}: {name}" for name in x.results.settings]
        before, after = shared.start - days.start, days.stop - shared.stop
        parts.append(
            [
                np.pad(values, ((0, 0), (before, after)))
                for values in (x.results.within(shared).net_r, x.results.within(shared).trades)
            ]
        )
    if not parts:
        return None
    net_r, trades = (np.concatenate(column) for column in zip(*parts, strict=True))
    return DailyResults(tuple(names), days, net_r, trades)
