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

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.beta import beta_quantile
from divbot.domain.durations import DAY

WEEK = 7 * DAY
"""ms."""
FEWEST = 5
"""Observations below which their spread is not worth telling."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and how far it may be off by chance."""

    value: float
    error: float | None
    """Its standard error; None where there are fewer than FEWEST observations."""
    observations: int
    """Weeks, or of few weeks days."""

    @property
    def low(self) -> float | None:
        """Return the lower end of what holds the true one about 9 times in 10 (nominally 95 %)."""
        reach = self._reach()
        return None if reach is None else self.value - reach

    @property
    def high(self) -> float | None:
        """Return the upper end."""
        reach = self._reach()
        return None if reach is None else self.value + reach

    def _reach(self) -> float | None:
        return None if self.error is None else _t_95(self.observations - 1) * self.error

    @property
    def differs(self) -> bool:
        """Tell whether it is other than 0 by more than chance makes it."""
        low, high = self.low, self.high
        return low is not None and high is not None and not low <= 0 <= high


def mean(values: Floats, period: Integers) -> Estimate:
    """Return the mean of `values`; `period` numbers the week, or the day, of each."""
    value = float(values.mean())
    return _estimate(value, (values - value) / len(values), period)


def ratio(sums: Floats, of: Floats, period: Integers) -> Estimate:
    """Return the sum of `sums` over that of `of`."""
    whole = float(of.sum())
    value = float(sums.sum()) / whole
    return _estimate(value, (sums - value * of) / whole, period)


def difference(values: Floats, upper: Flags, lower: Flags, period: Integers) -> Estimate:
    """Return the mean of the `upper` values less that of the `lower` ones."""
    high, low = float(values[upper].mean()), float(values[lower].mean())
    moved = np.where(upper, (values - high) / upper.sum(), 0.0)
    moved = moved - np.where(lower, (values - low) / lower.sum(), 0.0)
    return _estimate(high - low, moved, period)


def slope(x: Floats, y: Floats, period: Integers) -> Estimate | None:
    """Return by how much `y` goes with `x`, through the origin; None where `x` never moves."""
    whole = float((x * x).sum())
    if whole <= 0:
        return None
    value = float((x * y).sum()) / whole
    return _estimate(value, x * (y - value * x) / whole, period)


def _estimate(value: float, moved: Floats, period: Integers) -> Estimate:
    """Return a figure with the error of it; `moved` is how far each sample moves it."""
    _, number = np.unique(period, return_inverse=True)
    sums = np.bincount(number, moved)
    count = len(sums)
    if count < FEWEST:
        return Estimate(value, None, count)
    return Estimate(value, math.sqrt(count / (count - 1) * float((sums**2).sum())), count)


def _t_95(degrees: int) -> float:
    """Return what Student's t lies beyond, either way, once in twenty times."""
    quantile = beta_quantile(0.05, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 / quantile - 1))
