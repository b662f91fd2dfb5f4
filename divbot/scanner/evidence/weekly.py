"""Means of trades and what is known of them, with a week as one observation.

Trades of one week share its market: they fall and rise together, and the next day goes on where the
last one ended. Counted one by one, intervals come out five to nine times too narrow. So what each
trade contributes to a figure is summed by week, and those sums are what varies.

Source: Ibragimov and Mueller, "t-Statistic Based Correlation and Heterogeneity Robust Inference"
(2010); the ratio of sums as in Cochran, "Sampling Techniques" (1977), 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.domain.beta import beta_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY = 86_400_000
WEEK = 7 * DAY
"""ms."""
FEWEST = 5
"""Observations below which their spread is not worth telling."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and how far it may be off by chance."""

    value: float
    error: float | None
    """Its standard error; None where there are fewer than FEWEST weeks."""
    weeks: int

    @property
    def low(self) -> float | None:
        """Return the lower end of what holds the true one about 9 times in 10 (nominally 95 %)."""
        return None if self.error is None else self.value - _t_95(self.weeks - 1) * self.error

    @property
    def high(self) -> float | None:
        """Return the upper end."""
        return None if self.error is None else self.value + _t_95(self.weeks - 1) * self.error

    @property
    def differs(self) -> bool:
        """Tell whether it is other than 0 by more than chance makes it."""
        low, high = self.low, self.high
        return low is not None and high is not None and not low <= 0 <= high


def mean(values: Floats, week: Integers) -> Figure:
    """Return the mean of `values`; `week` numbers the week of each."""
    value = float(values.mean())
    return _figure(value, (values - value) / len(values), week)


def ratio(sums: Floats, of: Floats, week: Integers) -> Figure:
    """Return the sum of `sums` over that of `of`."""
    whole = float(of.sum())
    value = float(sums.sum()) / whole
    return _figure(value, (sums - value * of) / whole, week)


def difference(values: Floats, upper: Flags, lower: Flags, week: Integers) -> Figure:
    """Return the mean of the `upper` values less that of the `lower` ones."""
    high, low = float(values[upper].mean()), float(values[lower].mean())
    moved = np.where(upper, (values - high) / upper.sum(), 0.0)
    moved = moved - np.where(lower, (values - low) / lower.sum(), 0.0)
    return _figure(high - low, moved, week)


def slope(x: Floats, y: Floats, week: Integers) -> Figure | None:
    """Return by how much `y` goes with `x`, through the origin; None where `x` never moves."""
    whole = float((x * x).sum())
    if whole <= 0:
        return None
    value = float((x * y).sum()) / whole
    return _figure(value, x * (y - value * x) / whole, week)


def _figure(value: float, moved: Floats, week: Integers) -> Figure:
    """Return a figure with the error of it; `moved` is how far each case moves it."""
    _, number = np.unique(week, return_inverse=True)
    sums = np.bincount(number, moved)
    weeks = len(sums)
    if weeks < FEWEST:
        return Figure(value, None, weeks)
    return Figure(value, math.sqrt(weeks / (weeks - 1) * float((sums**2).sum())), weeks)


def _t_95(degrees: int) -> float:
    """Return what Student's t lies beyond, either way, in one case of twenty."""
    share = beta_quantile(0.05, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 / share - 1))
