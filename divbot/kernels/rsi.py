"""Wilder's relative strength index (1978), exactly as TradingView draws it.

Hazard: unchanged closes make the RSI mathematically constant, so that what is a pivot hangs on the
last bit of each value. The order of operations below is part of the definition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

FLAT = 1e-10
"""An average gain or loss up to this counts as none, as on TradingView."""


@jit
def rsi(close: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    """Return the RSI of each symbol, shape (bars, symbols) as `close`.

    The first value of a symbol stands at its candle number `period`, counted from 0. NaN marks a
    missing candle: its RSI is NaN and the averages run on as if its row were not there. A flat
    series gives 100. Too few candles give only NaN.
    """
    bars, symbols = close.shape
    values = np.empty((bars, symbols))
    previous = np.full(symbols, np.nan)
    gains = np.zeros(symbols)
    losses = np.zeros(symbols)
    changes = np.zeros(symbols)
    for t in range(bars):
        for s in range(symbols):
            price = close[t, s]
            change = price - previous[s]
            known = change == change
            gain = change if change > 0.0 else 0.0
            loss = -change if change < 0.0 else 0.0
            # Up to the first average the gains are summed, then divided once, from there smoothed.
            # Multiplying and dividing by 1.0 is exact, and keeps this loop free of branches.
            count = changes[s] + (1.0 if known else 0.0)
            keep = 1.0 if count <= period else period - 1.0
            share = 1.0 if count < period else float(period)
            up = (gains[s] * keep + gain) / share
            down = (losses[s] * keep + loss) / share
            value = 100.0 - 100.0 / (1.0 + up / down)
            value = 0.0 if up <= FLAT else value
            value = 100.0 if down <= FLAT else value
            values[t, s] = value if known and count >= period else np.nan
            gains[s] = up if known else gains[s]
            losses[s] = down if known else losses[s]
            changes[s] = count
            previous[s] = price if price == price else previous[s]
    return values
