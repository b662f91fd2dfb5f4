"""All kernels in their order: from candles to divergences.

Each is one loop over rows and symbols, whatever is missing. Twins of its parts for rows without a
gap, for few symbols and for four rows at once were no faster in a scan, whose workers analyse 20
symbols at a time: 10 ns a candle with them and 6 without, on one core shared with others. They were
three times as fast with one symbol: 1 ms instead of 2 for a year of 5m candles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.divergence import HISTORY, PIVOT, divergences
from divbot.kernels.indicator import TRADINGVIEW, Indicator
from divbot.kernels.pivots import pivots
from divbot.kernels.wilder import rsi_and_atr


class Analysis(NamedTuple):
    """What the kernels say of one block; arrays of shape (bars, symbols)."""

    rsi: NDArray[np.float64]
    atr: NDArray[np.float64]
    pivots: NDArray[np.int8]
    divergences: NDArray[np.int64]
    """One row per divergence, in the order of confirmation; see kernels.divergence."""
    indicator: Indicator
    """What they were counted with."""

    def after_warm_up(self) -> NDArray[np.int64]:
        """Return those divergences whose previous pivot no longer depends on the beginning."""
        return self.divergences[self.divergences[:, HISTORY] >= self.indicator.warm_up]

    def confirmed(self, divergences: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of the candles that confirmed `divergences`, some of its own."""
        rows: NDArray[np.int64] = divergences[..., PIVOT] + self.indicator.pivot_right
        return rows


def analyse(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    indicator: Indicator = TRADINGVIEW,
) -> Analysis:
    """Return RSI, ATR, pivots and divergences of a block of symbols.

    The arrays are float64, C-contiguous, of shape (bars, symbols), one row per step of the
    interval. NaN marks a missing candle, in all three arrays alike.
    """
    rsi, atr = rsi_and_atr(high, low, close, indicator.rsi_length, indicator.atr_length)
    marks = pivots(rsi, indicator.pivot_left, indicator.pivot_right)
    found = divergences(rsi, high, low, close, marks, indicator)
    return Analysis(rsi, atr, marks, found, indicator)


def warm() -> None:
    """Compile or load every kernel, so that the first real block does not wait for it."""
    candles = np.ones((2, 1))
    analyse(candles, candles, candles)
