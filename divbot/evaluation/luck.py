"""The luck curve: the best t statistic of worlds without an edge, and the real settings in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats

_BARS = 60


@dataclass(frozen=True, slots=True)
class LuckCurve:
    """A histogram of the best t statistics that luck alone brought."""

    edges: tuple[float, ...]
    """Of the bars, one more than there are bars."""
    counts: tuple[int, ...]
    """Worlds in each bar."""
    usual: float
    """The best t that half of the worlds reach."""
    rare: float
    """The best t that one world of twenty reaches."""


def luck_curve(best: Floats) -> LuckCurve:
    """Return the histogram of `best`, the largest t statistic of each world.

    >>> curve = luck_curve(np.array([1.0, 1.5, 2.0, 2.5, 3.0]))
    >>> sum(curve.counts), curve.usual
    (5, 2.0)
    """
    within = best[np.isfinite(best)]
    counts, edges = np.histogram(within, _BARS)
    usual, rare = np.quantile(best, [0.5, 0.95], method="higher").tolist()
    return LuckCurve(tuple(edges.tolist()), tuple(counts.tolist()), usual, rare)
