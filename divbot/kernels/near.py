"""Divergences that another beginning of the same candles could show: what may be one, nearly.

Averages never forget where they began, so that the RSI of a window differs in its last digits from
that of a longer history. Where a comparison is that close, the window may show a divergence that
the history does not, by another pivot or by another pivot before it. These are the places to look
at; all others are what `divbot.kernels.divergence` finds. Nothing is decided here: a place too many
costs a look, and one too few would be a signal missed.

A row is nearly a pivot where it is one with RSI values moved by at most the tolerance. It is
compared with all that nearly are pivots of its side before it, back to the first that is one for
sure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats, Integers
from divbot.kernels.divergence import SAME_RSI
from divbot.kernels.indicator import Indicator
from divbot.kernels.jit import jit

SYMBOL, SIDE, PIVOT = range(3)
"""The columns of a place: its symbol's column, 1 for a low and -1 for a high, the pivot's row."""
RISE, DISTANCE, EXTREME = range(3)
"""The columns of what is possible there: the most by which RSI and price differ between the pivots,
and the most extreme RSI of a pivot; of highs, 100 less it."""

_UNSURE, _SURE = 1, 2


def near_divergences(
    rsi: Floats,
    high: Floats,
    low: Floats,
    indicator: Indicator,
    tolerance: float,
) -> tuple[Integers, Floats]:
    """Return the places at which a divergence hangs on less than `tolerance` points of RSI.

    Beside each place stands what is possible there, with this history's RSI.

    The arrays are of shape (bars, symbols), NaN where a candle is missing. No place is told for a
    divergence that is clear.
    """
    marks = np.zeros((2, *rsi.shape), np.int8)
    left, right = indicator.pivot_left, indicator.pivot_right
    count = _mark(rsi, left, right, tolerance, marks)
    # One row more, for what counts for nothing.
    found, possible = np.empty((count + 1, 3), np.int64), np.empty((count + 1, 3))
    bounds = (indicator.nearest, indicator.farthest)
    places = _compare(rsi, high, low, marks, left, right, *bounds, tolerance, found, possible)
    return found[:places], possible[:places]


@jit
def _mark(rsi: Floats, left: int, right: int, tolerance: float, marks: NDArray[np.int8]) -> int:
    """Mark lows in marks[0] and highs in marks[1]; return how many there are."""
    count = 0
    for p in range(left, rsi.shape[0] - right):
        for s in range(rsi.shape[1]):
            for side in range(2):
                sign = 1.0 if side == 0 else -1.0
                value = sign * rsi[p, s]
                sure = value == value
                near = sure
                for k in range(1, right + 1):
                    after = sign * rsi[p + k, s]
                    near &= after > value - tolerance
                    sure &= after > value + tolerance
                    if not near:
                        break
                if not near:
                    continue
                for k in range(1, left + 1):
                    before = sign * rsi[p - k, s]
                    # What is missing to the left blocks nothing.
                    near &= not before < value - tolerance
                    sure &= not before < value + tolerance
                    if not near:
                        break
                if near:
                    marks[side, p, s] = _SURE if sure else _UNSURE
                    count += 1
    return count


@jit
def _compare(
    rsi: Floats,
    high: Floats,
    low: Floats,
    marks: NDArray[np.int8],
    left: int,
    right: int,
    nearest: int,
    farthest: int,
    tolerance: float,
    found: Integers,
    possible: Floats,
) -> int:
    """Put the places into `found` and return how many there are."""
    count = 0
    for p in range(left, rsi.shape[0] - right):
        for side in range(2):
            prices = low if side == 0 else high
            for s in range(rsi.shape[1]):
                if marks[side, p, s] == 0:
                    continue
                is_clear, is_place = marks[side, p, s] == _SURE, False
                possible[count, RISE] = possible[count, DISTANCE] = 0.0
                possible[count, EXTREME] = np.inf
                for q in range(p - 1, max(p - farthest, 0) - 1, -1):
                    mark = marks[side, q, s]
                    if mark == 0:
                        continue
                    is_clear &= mark == _SURE
                    rise = rsi[p, s] - rsi[q, s]
                    away = prices[p, s] - prices[q, s]
                    may_be = (away < 0.0) & (rise > SAME_RSI - tolerance)
                    may_be |= (away > 0.0) & (rise < tolerance - SAME_RSI)
                    if may_be and p - q >= nearest:
                        is_place |= not (is_clear and abs(rise) > tolerance)
                        first, second = rsi[q, s], rsi[p, s]
                        lower = first if first < second else second
                        extreme = lower if side == 0 else 100.0 - (first + second - lower)
                        possible[count, RISE] = max(possible[count, RISE], abs(rise))
                        possible[count, DISTANCE] = max(possible[count, DISTANCE], abs(away))
                        possible[count, EXTREME] = min(possible[count, EXTREME], extreme)
                    if mark == _SURE:
                        break
                if is_place:
                    found[count, SYMBOL] = s
                    found[count, SIDE] = 1 if side == 0 else -1
                    found[count, PIVOT] = p
                    count += 1
    return count


def warm() -> None:
    """Compile or load the kernels, so that the first real block does not wait for them."""
    candles = np.ones((2, 1))
    near_divergences(candles, candles, candles, Indicator(), 0.0)
