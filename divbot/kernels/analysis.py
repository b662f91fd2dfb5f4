"""All kernels in their order, with the house's parameters: from candles to divergences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.atr import atr
from divbot.kernels.divergence import HISTORY, divergences
from divbot.kernels.pivots import pivots
from divbot.kernels.rsi import rsi

PERIOD = 14
PIVOT_LEFT = 5
PIVOT_RIGHT = 5
NEAREST = 6
FARTHEST = 61
"""TradingView writes 5 to 60, counted from the bar after the previous pivot."""
WARM_UP = 114
"""Candles before a previous pivot whose RSI no longer depends on where the window begins."""


class Analysis(NamedTuple):
    """What the kernels say of one block; arrays of shape (bars, symbols)."""

    rsi: NDArray[np.float64]
    atr: NDArray[np.float64]
    pivots: NDArray[np.int8]
    divergences: NDArray[np.int64]
    """One row per divergence, in the order of confirmation; see kernels.divergence."""


def analyse(
    high: NDArray[np.float64], low: NDArray[np.float64], close: NDArray[np.float64]
) -> Analysis:
    """Return RSI, ATR, pivots and divergences of a block of symbols.

    The arrays are float64, C-contiguous, of shape (bars, symbols), one row per step of the
    interval. NaN marks a missing candle, in all three arrays alike.
    """
    strength = rsi(close, PERIOD)
    marks = pivots(strength, PIVOT_LEFT, PIVOT_RIGHT)
    events = divergences(
        strength, high, low, close, marks, PIVOT_LEFT, PIVOT_RIGHT, NEAREST, FARTHEST
    )
    return Analysis(strength, atr(high, low, close, PERIOD), marks, events)


def after_warm_up(events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those events whose previous pivot no longer depends on the window's beginning."""
    return events[events[:, HISTORY] >= WARM_UP]


def warm() -> None:
    """Compile or load every kernel, so that the first real block does not wait for it."""
    candles = np.ones((2, 1))
    analyse(candles, candles, candles)
