"""Wilder's relative strength index and average true range (1978), exactly as on TradingView.

Hazard: unchanged closes make the RSI mathematically constant, so that what is a pivot hangs on the
last bit of each value. The order of operations below is part of the definition.

TA-Lib leaves the first candle's own range out of the ATR; the two agree to 1e-6 relative after
about 150 candles of the usual 14.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.division import divided, inverse_of
from divbot.kernels.jit import jit

FLAT = 1e-10
"""An average gain or loss up to this counts as none, as on TradingView."""

_GAINS, _LOSSES, _RANGES, _CLOSE, _CANDLES = range(5)
"""What is known of each symbol before a row: averages (sums, until there are enough), the last
close that exists, and how many there are."""


def rsi_and_atr(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    rsi_length: int,
    atr_length: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return RSI, and ATR in units of price, of each symbol; shape (bars, symbols) as the inputs.

    The first RSI of a symbol stands at its candle number `rsi_length`, counted from 0, the first
    ATR at number `atr_length` - 1. NaN in `close` marks a missing candle: its values are NaN, and
    the averages run on as if its row were not there. A flat series has an RSI of 100. Too few
    candles give only NaN.
    """
    rsi, atr = np.empty(close.shape), np.empty(close.shape)
    state = np.zeros((5, close.shape[1]))
    state[_CLOSE] = np.nan
    _walk(high, low, close, float(rsi_length), float(atr_length), state, rsi, atr)
    return rsi, atr


@jit
def _walk(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    rsi_length: float,
    atr_length: float,
    state: NDArray[np.float64],
    rsi: NDArray[np.float64],
    atr: NDArray[np.float64],
) -> None:
    inverse, rest = inverse_of(rsi_length)
    atr_inverse, atr_rest = inverse_of(atr_length)
    for t in range(close.shape[0]):
        # Free of branches, so that it takes several symbols at a time: up to the first average
        # values are summed, then divided once, from there smoothed, and to multiply or divide by
        # 1.0 is exact. Comparisons with NaN are false.
        for s in range(close.shape[1]):
            price, before, count = close[t, s], state[_CLOSE, s], state[_CANDLES, s]
            present = price == price
            change = price - before
            known = change == change
            # There are as many changes, this one included, as candles before.
            keep = 1.0 if count <= rsi_length else rsi_length - 1.0
            scale = 1.0 if count < rsi_length else inverse
            scale_rest = 0.0 if count < rsi_length else rest
            gain, loss = change if change > 0.0 else 0.0, -change if change < 0.0 else 0.0
            up = divided(state[_GAINS, s] * keep + gain, scale, scale_rest)
            down = divided(state[_LOSSES, s] * keep + loss, scale, scale_rest)
            value = 100.0 - 100.0 / (1.0 + up / down)
            value = 0.0 if up <= FLAT else value
            value = 100.0 if down <= FLAT else value
            rsi[t, s] = value if known & (count >= rsi_length) else np.nan
            state[_GAINS, s] = up if known else state[_GAINS, s]
            state[_LOSSES, s] = down if known else state[_LOSSES, s]

            above, below = abs(high[t, s] - before), abs(low[t, s] - before)
            span = high[t, s] - low[t, s]
            span = above if above > span else span
            span = below if below > span else span
            count += 1.0
            keep = 1.0 if count <= atr_length else atr_length - 1.0
            scale = 1.0 if count < atr_length else atr_inverse
            scale_rest = 0.0 if count < atr_length else atr_rest
            average = divided(state[_RANGES, s] * keep + span, scale, scale_rest)
            atr[t, s] = average if present & (count >= atr_length) else np.nan
            state[_RANGES, s] = average if present else state[_RANGES, s]

            state[_CLOSE, s] = price if present else before
            state[_CANDLES, s] = count if present else count - 1.0
