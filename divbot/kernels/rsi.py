"""Wilder's relative strength index (1978), exactly as TradingView draws it.

Hazard: unchanged closes make the RSI mathematically constant, so that what is a pivot hangs on the
last bit of each value. The order of operations below is part of the definition.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.division import divided, inverse_of
from divbot.kernels.jit import jit
from divbot.kernels.past import Past, no_past, passed

FLAT = 1e-10
"""An average gain or loss up to this counts as none, as on TradingView."""


class Changes(NamedTuple):
    """Averages of what the close gained and lost, by symbol; sums, until there are enough."""

    gains: NDArray[np.float64]
    losses: NDArray[np.float64]


@jit
def no_changes(symbols: int) -> Changes:
    """Return the averages before the first row."""
    return Changes(np.zeros(symbols), np.zeros(symbols))


@jit
def rsi(close: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    """Return the RSI of each symbol, shape (bars, symbols) as `close`.

    The first value of a symbol stands at its candle number `period`, counted from 0. NaN marks a
    missing candle: its RSI is NaN and the averages run on as if its row were not there. A flat
    series gives 100. Too few candles give only NaN.
    """
    values = np.empty(close.shape)
    past, changes = no_past(close.shape[1]), no_changes(close.shape[1])
    for t in range(len(close)):
        rsi_row(close[t], past, changes, period, values[t])
        passed(past, close[t], t)
    return values


@jit
def rsi_row(
    close: NDArray[np.float64],
    past: Past,
    changes: Changes,
    period: int,
    values: NDArray[np.float64],
) -> None:
    """Put the RSI of one row into `values`, and take the row into `changes`."""
    full = float(period)
    inverse, rest = inverse_of(full)
    for s in range(len(close)):
        change = close[s] - past.close[s]
        known = change == change
        # Up to the first average the gains are summed, then divided once, from there smoothed.
        # Multiplying and dividing by 1.0 is exact, and keeps this loop free of branches. There are
        # as many changes, this one included, as candles before.
        count = past.candles[s]
        keep = 1.0 if count <= full else full - 1.0
        share = 1.0 if count < full else inverse
        share_rest = 0.0 if count < full else rest
        gains, losses = changes.gains[s], changes.losses[s]
        up = divided(gains * keep + gain(change), share, share_rest)
        down = divided(losses * keep + gain(-change), share, share_rest)
        changes.gains[s] = up if known else gains
        changes.losses[s] = down if known else losses
        values[s] = strength(up, down) if known and count >= full else np.nan


@jit
def gain(change: float) -> float:
    """Return what a change of the close gained; of minus the change, what it lost."""
    return change if change > 0.0 else 0.0


@jit
def strength(up: float, down: float) -> float:
    """Return the RSI of an average gain and an average loss."""
    value = 100.0 - 100.0 / (1.0 + up / down)
    value = 0.0 if up <= FLAT else value
    return 100.0 if down <= FLAT else value
