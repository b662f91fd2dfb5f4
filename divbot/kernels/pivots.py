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
AT_ONCE = 4
"""Bars marked together where no value is NaN: neighbours share most of what they look at."""


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
    mark_each(padded, 0, max(bars - RIGHT, 0), marks)
    return marks


@jit
def padding(bars: int, symbols: int) -> NDArray[np.float64]:
    """Return room for so many bars, with LEFT rows of NaN before them, which block no pivot."""
    padded = np.empty((LEFT + bars, symbols))
    padded[:LEFT] = np.nan
    return padded


@jit
def mark_each(padded: NDArray[np.float64], first: int, end: int, marks: NDArray[np.int8]) -> None:
    """Put LOW, HIGH or 0 for the bars from `first` to before `end` into their rows.

    Bar p stands LEFT rows further down in `padded`. Both arrays are C-contiguous.
    """
    # One loop over all of them, whatever their rows: one may be a single number.
    step = marks.shape[1]
    start, count = first * step, (end - first) * step
    flat, out = padded.reshape(-1)[start:], marks.reshape(-1)[start : start + count]
    x0, x1, x2, x3, x4 = flat, flat[step:], flat[2 * step :], flat[3 * step :], flat[4 * step :]
    values, y1, y2 = flat[5 * step :], flat[6 * step :], flat[7 * step :]
    y3, y4, y5 = flat[8 * step :], flat[9 * step :], flat[10 * step :]
    for j in range(count):
        value = values[j]
        lowest, highest = np.inf, -np.inf
        for before in (x0[j], x1[j], x2[j], x3[j], x4[j]):
            lowest = before if before < lowest else lowest
            highest = before if before > highest else highest
        # Written so that a NaN is neither: comparisons with it are false.
        is_low = lowest >= value
        is_high = highest <= value
        for after in (y1[j], y2[j], y3[j], y4[j], y5[j]):
            is_low &= value < after
            is_high &= value > after
        out[j] = HIGH * is_high + LOW * is_low


@jit
def mark_rows(padded: NDArray[np.float64], p: int, marks: NDArray[np.int8]) -> None:
    """Do as `mark_each` does, for the AT_ONCE bars from `p` on; no value near them may be NaN."""
    near, out = padded[p : p + LEFT + AT_ONCE + RIGHT], marks[p : p + AT_ONCE]
    for s in range(out.shape[1]):
        x0, x1, x2, x3, x4 = near[0, s], near[1, s], near[2, s], near[3, s], near[4, s]
        x5, x6, x7, x8, x9 = near[5, s], near[6, s], near[7, s], near[8, s], near[9, s]
        x10, x11, x12, x13 = near[10, s], near[11, s], near[12, s], near[13, s]
        before = _lowest(x0, x1, x2, x3, x4, x5, x6, x7)
        after = _lowest(x6, x7, x8, x9, x10, x11, x12, x13)
        over = _highest(x0, x1, x2, x3, x4, x5, x6, x7)
        under = _highest(x6, x7, x8, x9, x10, x11, x12, x13)
        out[0, s] = _mark(x5, before[0], after[0], over[0], under[0])
        out[1, s] = _mark(x6, before[1], after[1], over[1], under[1])
        out[2, s] = _mark(x7, before[2], after[2], over[2], under[2])
        out[3, s] = _mark(x8, before[3], after[3], over[3], under[3])


@jit
def _mark(
    value: float, low_before: float, low_after: float, high_before: float, high_after: float
) -> int:
    # Bitwise, so that this stays free of branches.
    is_low = (value <= low_before) & (value < low_after)
    is_high = (value >= high_before) & (value > high_after)
    return HIGH * is_high + LOW * is_low


@jit
def _lowest(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> tuple[float, float, float, float]:
    """Return the lowest of each five in a row: two parts of them serve all four."""
    de = d if d < e else e
    cde = c if c < de else de
    bcde = b if b < cde else cde
    fg = f if f < g else g
    fgh = h if h < fg else fg
    return (
        a if a < bcde else bcde,
        f if f < bcde else bcde,
        fg if fg < cde else cde,
        fgh if fgh < de else de,
    )


@jit
def _highest(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> tuple[float, float, float, float]:
    de = d if d > e else e
    cde = c if c > de else de
    bcde = b if b > cde else cde
    fg = f if f > g else g
    fgh = h if h > fg else fg
    return (
        a if a > bcde else bcde,
        f if f > bcde else bcde,
        fg if fg > cde else cde,
        fgh if fgh > de else de,
    )
