"""Local extremes of a series, known only some bars after they stand.

Hazard: of equal extremes the newest wins, so the comparison to the left is loose, the one to the
right strict, and both are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

LOW = -1
HIGH = 1
_TOGETHER = 5
"""Bars to either side that are looked at in one go; what is beyond the last one is the last one
again, which changes nothing."""


def pivots(values: NDArray[np.float64], left: int, right: int) -> NDArray[np.int8]:
    """Return LOW, HIGH or 0 for each bar of each symbol, shape (bars, symbols) as `values`.

    A low is at most each of the `left` values before it and below each of the `right` values after
    it; a high mirrors it. NaN to the left does not block a pivot; NaN at the bar or to its right
    does. The first `left` and the last `right` bars are never pivots.
    """
    marks = np.zeros(values.shape, np.int8)
    _mark(values, left, right, marks)
    return marks


@jit
def _mark(values: NDArray[np.float64], left: int, right: int, marks: NDArray[np.int8]) -> None:
    for p in range(left, values.shape[0] - right):
        for near in range(0, left if left > right else right, _TOGETHER):
            b1, a1 = p - min(near + 1, left), p + min(near + 1, right)
            b2, a2 = p - min(near + 2, left), p + min(near + 2, right)
            b3, a3 = p - min(near + 3, left), p + min(near + 3, right)
            b4, a4 = p - min(near + 4, left), p + min(near + 4, right)
            b5, a5 = p - min(near + 5, left), p + min(near + 5, right)
            for s in range(values.shape[1]):
                value = values[p, s]
                lowest, highest = np.inf, -np.inf
                for row in (b1, b2, b3, b4, b5):
                    before = values[row, s]
                    lowest = before if before < lowest else lowest
                    highest = before if before > highest else highest
                # Written so that a NaN is neither: comparisons with it are false.
                is_low, is_high = lowest >= value, highest <= value
                for row in (a1, a2, a3, a4, a5):
                    after = values[row, s]
                    is_low &= value < after
                    is_high &= value > after
                mark = HIGH * is_high + LOW * is_low
                marks[p, s] = mark if (near == 0) | (mark == marks[p, s]) else 0
