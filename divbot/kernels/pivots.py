"""Local extremes of a series, known only `right` bars after they stand.

Hazard: of equal extremes the newest wins, so the comparison to the left is loose, the one to the
right strict, and both are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

LOW = -1
HIGH = 1


@jit
def pivots(values: NDArray[np.float64], left: int, right: int) -> NDArray[np.int8]:
    """Return LOW, HIGH or 0 for each bar of each symbol, shape (bars, symbols) as `values`.

    A low is at most each of the `left` values before it and below each of the `right` values
    after it; a high mirrors it. NaN to the left does not block a pivot; NaN at the bar or to its
    right does. The last `right` bars are never pivots yet. With `right` of at least 1 no bar is
    both.
    """
    bars, symbols = values.shape
    marks = np.zeros((bars, symbols), np.int8)
    for p in range(bars - right):
        _mark(values, p, min(left, p), right, marks[p])
    return marks


@jit
def _mark(
    values: NDArray[np.float64], p: int, left: int, right: int, marks: NDArray[np.int8]
) -> None:
    symbols = marks.shape[0]
    is_low = np.ones(symbols, np.bool_)
    is_high = np.ones(symbols, np.bool_)
    for k in range(1, right + 1):
        for s in range(symbols):
            is_low[s] &= values[p, s] < values[p + k, s]
            is_high[s] &= values[p, s] > values[p + k, s]
    for k in range(1, left + 1):
        for s in range(symbols):
            is_low[s] &= not values[p - k, s] < values[p, s]
            is_high[s] &= not values[p - k, s] > values[p, s]
    for s in range(symbols):
        marks[s] = LOW if is_low[s] else (HIGH if is_high[s] else 0)
