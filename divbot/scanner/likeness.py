"""What makes one divergence like another: kind, RSI zone and trend; numbers and arrays alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divbot.domain.signals import Kind

KIND_NUMBERS = {kind: number for number, kind in enumerate(Kind)}
"""The kernels' numbers."""
_ZONES = (30.0, 50.0)
_TRENDS = (-0.5, 0.5)


def zone_of(extreme: ArrayLike) -> NDArray[np.int64]:
    """Return 0 below an RSI of 30, 1 below 50, else 2; of a short its mirror image counts.

    `extreme` is the lower RSI of the two pivots; of a short 100 less the higher one.
    """
    return np.digitize(np.atleast_1d(np.asarray(extreme, np.float64)), _ZONES)


def trend_of(trend: ArrayLike) -> NDArray[np.int64]:
    """Return 0 against the trend, 1 without one, 2 with it.

    `trend` is how far the price went in the signal's direction before it was confirmed, over what
    it would go by chance; see scanner.trial.
    """
    return np.digitize(np.atleast_1d(np.asarray(trend, np.float64)), _TRENDS)
