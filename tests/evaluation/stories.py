"""Short histories of a few settings, made for one test each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from divbot.evaluation.daily import DailyResults, Floats
from divbot.evaluation.development import search
from divbot.evaluation.judgement import judge
from divbot.evaluation.split import Split, divide
from divbot.evaluation.verdict import Verdict

DAY = 86_400_000
YEAR = divide(range(365), DAY)
"""One day of gap, 34 runs of development and 17 of holdout, a week each."""


def columns(days: range, of: range = YEAR.days) -> slice:
    """Return where some days stand in arrays with a column for each."""
    return slice(days.start - of.start, days.stop - of.start)


def runs_of(
    means: Mapping[str, tuple[float, float]], *, split: Split = YEAR, seed: int = 1
) -> DailyResults:
    """Return settings of a mean R a day in development and another in the holdout, and luck of 1.

    They share half of their luck; each trades twice a day.
    """
    rng = np.random.default_rng(seed)
    days = len(split.days)
    luck = np.sqrt(0.5) * (rng.normal(size=(1, days)) + rng.normal(size=(len(means), days)))
    for row, (before, after) in enumerate(means.values()):
        luck[row, columns(range(split.days.start, split.holdout.start), split.days)] += before
        luck[row, columns(range(split.holdout.start, split.days.stop), split.days)] += after
    return results_of(dict(zip(means, luck, strict=True)), split.days)


def results_of(rows: Mapping[str, Floats], days: range) -> DailyResults:
    """Return daily results of named settings, of two trades each day that is not 0."""
    net_r = np.array(list(rows.values()))
    return DailyResults(tuple(rows), days, net_r, 2 * (net_r != 0))


def verdict_on(
    results: DailyResults,
    split: Split = YEAR,
    *,
    look: int = 1,
    reveal: bool = False,
    seed: int = 0,
) -> Verdict:
    return judge(search(results, split, seed=seed, draws=999), results, look=look, reveal=reveal)
