"""RSI and ATR of rows that hold every symbol's candle, once every symbol has enough of them.

Most rows are such, and need no tests for what is missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.atr import true_range
from divbot.kernels.division import divided, inverse_of
from divbot.kernels.jit import jit
from divbot.kernels.past import Past
from divbot.kernels.rsi import Changes, gain, strength

State = tuple[float, float, float, float]
"""Average gain and loss, average true range and last close of one symbol."""


@jit
def settled_rows(
    t: int,
    rows: int,
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    past: Past,
    changes: Changes,
    averages: NDArray[np.float64],
    period: int,
    rsi: NDArray[np.float64],
    atr: NDArray[np.float64],
    is_narrow: bool,  # noqa: FBT001 - a kernel takes all by position
) -> None:
    """Do as `rsi_row`, `atr_row` and `passed` do, for so many rows from `t` on.

    Each must hold a candle of every symbol, and each symbol must have more than `period` before.
    If it `is_narrow`, symbols are taken one after the other: faster where there are few.
    """
    full = float(period)
    inverse, rest = inverse_of(full)
    end = t + rows
    # Counted from 0, rows are not asked, each time, whether they count from the end.
    highs, lows, closes = high[t:end], low[t:end], close[t:end]
    strengths, ranges = rsi[t:end], atr[t:end]
    symbols = close.shape[1]
    if is_narrow:
        for s in range(symbols):
            state = changes.gains[s], changes.losses[s], averages[s], past.close[s]
            for i in range(rows):
                state = _after(state, highs[i, s], lows[i, s], closes[i, s], full, inverse, rest)
                strengths[i, s], ranges[i, s] = strength(state[0], state[1]), state[2]
            changes.gains[s], changes.losses[s], averages[s], past.close[s] = state
    else:
        # One loop for both: an RSI waits for its divisions, and an ATR has none.
        for i in range(rows):
            for s in range(symbols):
                state = changes.gains[s], changes.losses[s], averages[s], past.close[s]
                state = _after(state, highs[i, s], lows[i, s], closes[i, s], full, inverse, rest)
                strengths[i, s], ranges[i, s] = strength(state[0], state[1]), state[2]
                changes.gains[s], changes.losses[s], averages[s], past.close[s] = state
    for s in range(symbols):
        past.candles[s] += rows


@jit
def _after(
    state: State,
    high: float,
    low: float,
    close: float,
    full: float,
    inverse: float,
    rest: float,
) -> State:
    """Return what one more candle of a symbol makes of its averages and last close."""
    up, down, average, before = state
    change = close - before
    return (
        divided(up * (full - 1.0) + gain(change), inverse, rest),
        divided(down * (full - 1.0) + gain(-change), inverse, rest),
        divided(average * (full - 1.0) + true_range(high, low, before), inverse, rest),
        close,
    )
