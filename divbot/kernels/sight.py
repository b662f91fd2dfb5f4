"""Straight lines from pivot to pivot, and whether anything stands in their way.

Hazard: a line that only touches what it passes is clear, so that the order of operations is part of
the definition: from the first end, so many steps.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.kernels.jit import jit

SYMBOL, FIRST, LAST, SIDE = range(4)
"""The columns of a line: its symbol's column, its two rows, 1 for lows and -1 for highs."""


def lines_of_sight(
    lines: Integers, rsi: Floats, high: Floats, low: Floats, close: Floats
) -> Floats:
    """Return how clear the two lines between the rows of each of `lines` are: 1, 0.5 or 0.

    One half for each of price and RSI: no close beyond the line of the prices, no RSI beyond that
    of the RSI. The arrays are of shape (bars, symbols); what is missing between stands in the way.
    """
    clear = np.empty(len(lines))
    _look(lines, rsi, high, low, close, clear)
    return clear


@jit
def _look(
    lines: Integers, rsi: Floats, high: Floats, low: Floats, close: Floats, clear: Floats
) -> None:
    for k in range(len(lines)):
        s, first, last = lines[k, SYMBOL], lines[k, FIRST], lines[k, LAST]
        sign = 1.0 if lines[k, SIDE] > 0 else -1.0
        ends = low if lines[k, SIDE] > 0 else high
        steps = float(last - first)
        price, strength = sign * ends[first, s], sign * rsi[first, s]
        price_step = (sign * ends[last, s] - price) / steps
        strength_step = (sign * rsi[last, s] - strength) / steps
        over_price, over_strength = True, True
        for i in range(first + 1, last):
            away = float(i - first)
            over_price &= sign * close[i, s] >= away * price_step + price
            over_strength &= sign * rsi[i, s] >= away * strength_step + strength
        clear[k] = (0.5 if over_price else 0.0) + (0.5 if over_strength else 0.0)


def warm() -> None:
    """Compile or load the kernel, so that the first signal does not wait for it."""
    candles = np.ones((2, 1))
    lines_of_sight(np.array([[0, 0, 1, 1]]), candles, candles, candles, candles)
