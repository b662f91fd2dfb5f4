"""Wilder's average true range (1978), in the form that counts the first candle's own range.

TA-Lib leaves that first range out; the two agree to 1e-6 relative after about 150 candles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.division import divided, inverse_of
from divbot.kernels.jit import jit
from divbot.kernels.past import Past, no_past, passed


@jit
def atr(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    period: int,
) -> NDArray[np.float64]:
    """Return the ATR of each symbol in units of price, shape (bars, symbols) as the inputs.

    The first value of a symbol stands at its candle number `period - 1`, counted from 0. NaN in
    `close` marks a missing candle: its ATR is NaN, and the next true range is measured from the
    last close that exists. Too few candles give only NaN.
    """
    values = np.empty(close.shape)
    past, averages = no_past(close.shape[1]), np.zeros(close.shape[1])
    for t in range(len(close)):
        atr_row(high[t], low[t], close[t], past, averages, period, values[t])
        passed(past, close[t], t)
    return values


@jit
def atr_row(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    past: Past,
    averages: NDArray[np.float64],
    period: int,
    values: NDArray[np.float64],
) -> None:
    """Put the ATR of one row into `values`, and take the row into `averages`."""
    full = float(period)
    inverse, rest = inverse_of(full)
    for s in range(len(close)):
        present = close[s] == close[s]
        # Summed, then divided once, then smoothed: as the RSI's averages are.
        count = past.candles[s] + 1.0
        keep = 1.0 if count <= full else full - 1.0
        share = 1.0 if count < full else inverse
        share_rest = 0.0 if count < full else rest
        span = true_range(high[s], low[s], past.close[s])
        average = divided(averages[s] * keep + span, share, share_rest)
        values[s] = average if present and count >= full else np.nan
        averages[s] = average if present else averages[s]


@jit
def true_range(high: float, low: float, previous: float) -> float:
    """Return how far the price went; a `previous` close of NaN has no say."""
    span = high - low
    # Comparisons with the NaN before a symbol's first candle are false: span stays.
    above = abs(high - previous)
    below = abs(low - previous)
    span = above if above > span else span
    return below if below > span else span
