"""Is a confidence worth its name? Stated bar by bar from the past alone, compared with what came.

Nothing looks ahead: a confidence stated at the close of a row is made of cases that ended in rows
before it, and within the window that a scan at that time would have had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.scanner.cases import LONG_KINDS, REACHED_TARGET, Cases
from divbot.scanner.confidence import Group, History, Resolved
from divbot.scanner.plan import TradeRules

BINS = 10
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """When the cases were confirmed, in rows of the recording; arrays with one element for each."""

    previous: Integers
    """Of the previous pivot."""
    confirmed: Integers
    ended: Integers
    """Less than the entry's where it has not ended."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Statements of about the same confidence."""

    low: float
    high: float
    cases: int
    stated: float
    happened: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was stated, and what happened."""

    cases: int
    share: float
    """Of those that reached their target."""
    stated: float
    """The mean confidence."""
    brier: float
    """The mean squared difference of confidence and event: 0 is perfect, less is better."""
    brier_running: float
    """The same for the share of all cases that were known at each time."""
    brier_constant: float
    """The same for the share of all cases of the recording, which nobody knew beforehand."""
    calibration_error: float
    """The mean distance of stated and happened over ten bins of equal width, by cases."""
    expected: float
    """The mean expectancy stated, and the mean result that came, in R."""
    result: float
    bins: tuple[Bin, ...]


def calibrate(
    cases: Cases,
    rows: Rows,
    rules: TradeRules,
    window: int,
    on_row: Callable[[float], None] = lambda _: None,
) -> Calibration | None:
    """Walk forward and return how stated and happened compare; None where no case can be stated.

    `window` is how many rows before a confirmation a previous pivot may lie; `on_row` is told which
    part of all rows is done.
    """
    ended = cases.fate >= REACHED_TARGET
    # By case: its confidence, its expectancy, and the share of all that was known.
    stated = np.full((len(ended), 3), np.nan)
    everything = _resolved(cases, rows, rules.horizon)
    confirmed = np.unique(rows.confirmed[ended])
    for row in confirmed.tolist():
        known = ended & (rows.ended < row) & (rows.previous >= row - window)
        now = ended & (rows.confirmed == row)
        if known.any():
            history = History(_part(everything, known), len(cases.symbols), rules.reward_risk)
            share, expectancy = history.estimate(Group(*(x[now] for x in everything.group)))
            stated[now, 0], stated[now, 1] = share, expectancy
            stated[now, 2] = everything.won[known].mean()
        on_row(row / confirmed[-1])
    kept = ended & ~np.isnan(stated[:, 0])
    if not kept.any():
        return None
    share, expectancy, running = stated[kept].T
    return _compare(share, expectancy, running, everything.won[kept], everything.result[kept])


def _resolved(cases: Cases, rows: Rows, horizon: int) -> Resolved:
    group = (getattr(cases, x).astype(np.int64) for x in ("kind", "zone", "trend", "symbol"))
    return Resolved(
        Group(*group),
        cases.kind < LONG_KINDS,
        (rows.confirmed + 1) // horizon,
        (cases.fate == REACHED_TARGET).astype(np.float64),
        cases.result.astype(np.float64),
    )


def _part(everything: Resolved, known: NDArray[np.bool_]) -> Resolved:
    hours = everything.hours[known]
    return Resolved(
        Group(*(x[known] for x in everything.group)),
        everything.is_long[known],
        hours - hours.min(),
        everything.won[known],
        everything.result[known],
    )


def _compare(
    stated: Floats, expected: Floats, running: Floats, won: Floats, result: Floats
) -> Calibration:
    place = np.minimum((stated * BINS).astype(np.int64), BINS - 1)
    bins = tuple(
        Bin(
            number / BINS,
            (number + 1) / BINS,
            int(here.sum()),
            float(stated[here].mean()),
            float(won[here].mean()),
        )
        for number in range(BINS)
        if (here := place == number).any()
    )
    return Calibration(
        cases=len(won),
        share=float(won.mean()),
        stated=float(stated.mean()),
        brier=float(((stated - won) ** 2).mean()),
        brier_running=float(((running - won) ** 2).mean()),
        brier_constant=float(won.var()),
        calibration_error=sum(x.cases * abs(x.stated - x.happened) for x in bins) / len(won),
        expected=float(expected.mean()),
        result=float(result.mean()),
        bins=bins,
    )
