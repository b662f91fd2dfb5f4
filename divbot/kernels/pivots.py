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
LEFT = 5
RIGHT = 5
"""How many bars to either side have a say. Constants, so that the loops over them are unrolled."""


@jit
def pivots(values: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return LOW, HIGH or 0 for each bar of each symbol, shape (bars, symbols) as `values`.

    A low is at most each of the LEFT values before it and below each of the RIGHT values after
    it; a high mirrors it. NaN to the left does not block a pivot; NaN at the bar or to its right
    does. The last RIGHT bars are never pivots yet.
    """
    bars, symbols = values.shape
    marks = np.zeros((bars, symbols), np.int8)
    padded = padding(bars, symbols)
    padded[LEFT:] = values
    for p in range(bars - RIGHT):
        mark_row(padded, p, marks[p])
    return marks


@jit
def padding(bars: int, symbols: int) -> NDArray[np.float64]:
    """Return room for so many bars, with LEFT rows of NaN before them, which block no pivot."""
    padded = np.empty((LEFT + bars, symbols))
    padded[:LEFT] = np.nan
    return padded


@jit
def mark_row(padded: NDArray[np.float64], p: int, marks: NDArray[np.int8]) -> None:
    """Put LOW, HIGH or 0 for bar `p`, which stands LEFT rows further down, into `marks`."""
    row = p + LEFT
    for s in range(len(marks)):
        value = padded[row, s]
        lowest, highest = np.inf, -np.inf
        for k in range(1, LEFT + 1):
            before = padded[row - k, s]
            lowest = before if before < lowest else lowest
            highest = before if before > highest else highest
        # Written so that a NaN is neither: comparisons with it are false.
        is_low = lowest >= value
        is_high = highest <= value
        for k in range(1, RIGHT + 1):
            is_low &= value < padded[row + k, s]
            is_high &= value > padded[row + k, s]
        marks[s] = HIGH * is_high + LOW * is_low
