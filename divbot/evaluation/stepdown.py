"""All settings against luck at once: the largest t statistic, step by step.

Let t be sorted, the largest first. p of the i-th is how often the largest t of settings i and
below is as large in worlds of other signs, and never less than p of one above it. So the chance
that any setting without an edge is claimed is kept, however many there are.

Settings that lose hopelessly, t <= -sqrt(2 ln ln T), are left out of it: they could not have won.

Sources: White, "A Reality Check for Data Snooping" (2000); Hansen, "A Test for Superior Predictive
Ability" (2005); Romano and Wolf, "Stepwise Multiple Testing as Formalized Data Snooping" (2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.evaluation.runs import shares, t_of
from divbot.evaluation.signs import Signs

TIE = 1e-12
"""What equals in mathematics differs in the last bits, depending on where a setting stands."""
_CELLS = 2_000_000
"""Settings times worlds that are looked at together: 16 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class StepDown:
    """What became of the settings, in their order, and of luck."""

    t: Floats
    p: Floats
    best: Floats
    """The largest t of each world; empty where every setting is hopeless."""


def hopeless_below(days: int) -> float:
    """Return the t statistic down to which a setting over `days` days might still have won.

    >>> round(hopeless_below(365), 4)
    -1.8841
    """
    return -math.sqrt(2 * math.log(math.log(days)))


def step_down(sums: Floats, signs: Signs, *, hopeless: float = -math.inf) -> StepDown:
    """Test all settings together: `sums` are of runs, (settings, runs), no row of zeros only.

    Those with t <= `hopeless` get p = 1. It takes memory for 2 million numbers beside its input,
    however many settings there are.
    """
    units = shares(sums)
    seen = units.sum(axis=1)
    t = t_of(seen, sums.shape[1])
    p = np.ones(len(t))
    rising = np.argsort(seen, kind="stable")
    rising = rising[t[rising] > hopeless]
    reached, best = _maxima(units[rising], seen[rising], signs)
    p[rising] = np.maximum.accumulate(signs.p_values(reached)[::-1])[::-1]
    return StepDown(t, p, t_of(best, sums.shape[1]))


def _maxima(units: Floats, seen: Floats, signs: Signs) -> tuple[Integers, Floats]:
    """Return how often the largest of each row and those before reaches it, and the largest."""
    reached = np.zeros(len(units), dtype=np.int64)
    if not len(units):
        return reached, np.empty(0)
    goal = seen[:, None] - TIE
    best = np.empty(len(signs.values))
    at_once = max(1, _CELLS // len(units))
    for first in range(0, len(best), at_once):
        worlds = slice(first, first + at_once)
        largest = units @ signs.values[worlds].T.astype(np.float64)
        np.maximum.accumulate(largest, axis=0, out=largest)
        reached += np.count_nonzero(largest >= goal, axis=1)
        best[worlds] = largest[-1]
    return reached, best
