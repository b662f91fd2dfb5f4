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
) -> None:
    """Do as `rsi_row`, `atr_row` and `passed` do, for so many rows from `t` on.

    Each must hold a candle of every symbol, and each symbol must have more than `period` before.
    """
    full = float(period)
    inverse, rest = inverse_of(full)
    # One loop for both: an RSI waits for its divisions, and an ATR has none.
    for i in range(t, t + rows):
        for s in range(close.shape[1]):
            before = past.close[s]
            change = close[i, s] - before
            up = divided(changes.gains[s] * (full - 1.0) + gain(change), inverse, rest)
            down = divided(changes.losses[s] * (full - 1.0) + gain(-change), inverse, rest)
            span = true_range(high[i, s], low[i, s], before)
            average = divided(averages[s] * (full - 1.0) + span, inverse, rest)
            rsi[i, s] = strength(up, down)
            atr[i, s] = average
            changes.gains[s] = up
            changes.losses[s] = down
            averages[s] = average
            past.close[s] = close[i, s]
    for s in range(close.shape[1]):
        past.candles[s] += rows


@jit
def settled_columns(
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
) -> None:
    """Do as `settled_rows` does, one symbol after the other: faster where there are few."""
    full = float(period)
    inverse, rest = inverse_of(full)
    for s in range(close.shape[1]):
        before, average = past.close[s], averages[s]
        up, down = changes.gains[s], changes.losses[s]
        for i in range(t, t + rows):
            change = close[i, s] - before
            up = divided(up * (full - 1.0) + gain(change), inverse, rest)
            down = divided(down * (full - 1.0) + gain(-change), inverse, rest)
            span = true_range(high[i, s], low[i, s], before)
            average = divided(average * (full - 1.0) + span, inverse, rest)
            rsi[i, s] = strength(up, down)
            atr[i, s] = average
            before = close[i, s]
        past.close[s], averages[s] = before, average
        changes.gains[s], changes.losses[s] = up, down
        past.candles[s] += rows
