"""What makes one divergence like another: kind, RSI zone and trend."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from divbot.domain.signals import Kind

KIND_NUMBERS = {kind: number for number, kind in enumerate(Kind)}
"""The kernels' numbers."""
_ZONES = (30.0, 50.0)
_TRENDS = (-0.5, 0.5)


def zone_of(extreme: float) -> int:
    """Return 0 below an RSI of 30, 1 below 50, else 2; of a short its mirror image counts.

    `extreme` is the lower RSI of the two pivots; of a short 100 less the higher one.
    """
    return bisect_right(_ZONES, extreme)


def zones_of(extremes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the zone of each."""
    return np.digitize(extremes, _ZONES)


def trend_of(trend: float) -> int:
    """Return 0 against the trend, 1 without one, 2 with it.

    `trend` is how far the price went in the signal's direction before it was confirmed, over what
    it would go by chance; see scanner.trial.
    """
    return bisect_right(_TRENDS, trend)


def trends_of(trends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return `trend_of` each."""
    return np.digitize(trends, _TRENDS)
