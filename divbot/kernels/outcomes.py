"""What became of trades: each entered at an open, ended by its stop, its target or its horizon.

The rules are those of paper trading (divbot.domain.fills and positions), on candles alone:

- The entry is the open of its row, worse by the slippage. There is none where that open is missing
  or lies at or beyond stop or target already, or where the way to the stop is less than what the
  trade costs.
- A stop is touched at its price, and fills at the worse of stop and open, worse by the slippage.
- A target is reached once the market trades beyond it, and fills at its own price, gap or not.
- Stop before target where one candle holds both.
- At the horizon's last row what is still open is closed at the close, worse by the slippage.
- Both fills pay the fee. Results are in R, the loss of a plain stop with slippage and both fees
  (divbot.domain.risk): that is -1. The spread is not in candles, and not in the results.

Gaps. NaN marks a missing candle: nothing is touched in it, and its row counts for the horizon. A
stop that was passed over in a gap fills at the next open that exists; where the horizon's last row
is missing, the next open that exists ends the trade.

Hazard. A result is known at the close of the row in which the trade ended, and no earlier: whoever
decides at an earlier row must not use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

UNRESOLVED = 0
"""The candles end before the trade does."""
NOT_ENTERED = 1
REACHED_TARGET = 2
REACHED_STOP = 3
EXPIRED = 4

SYMBOL, ENTRY, SIDE = range(3)
"""The columns of a trade: its symbol's column, the row of the entry, 1 to buy and -1 to sell."""
STOP, TARGET = range(2)
"""The columns of a plan."""
OUTCOME, ENDED = range(2)
"""The columns of an end: one of the five above, and the row in which it ended, -1 without one."""


def outcomes(
    trades: NDArray[np.int64],
    plans: NDArray[np.float64],
    opened: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    fee: float,
    slippage: float,
    horizon: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how each trade ended, shape (trades, 2), and with what result in R, shape (trades,).

    `trades` is of shape (trades, 3), `plans` of shape (trades, 2), the prices of shape
    (bars, symbols) with NaN for missing candles. `fee` and `slippage` are parts of the price;
    `horizon` counts rows from the entry's, which is the first, and is at least 1. Results are NaN
    where a trade was not entered or has not ended.
    """
    ends = np.empty((len(trades), 2), np.int64)
    results = np.full(len(trades), np.nan)
    _end_each(trades, plans, opened, high, low, close, fee, slippage, horizon, ends, results)
    return ends, results


@jit
def _end_each(
    trades: NDArray[np.int64],
    plans: NDArray[np.float64],
    opened: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    fee: float,
    slippage: float,
    horizon: int,
    ends: NDArray[np.int64],
    results: NDArray[np.float64],
) -> None:
    """Fill `ends` and `results`, of which the latter are NaN so far."""
    bars = len(close)
    for k in range(len(trades)):
        s, entry, side = trades[k, SYMBOL], trades[k, ENTRY], trades[k, SIDE]
        stop, target = plans[k, STOP], plans[k, TARGET]
        ends[k, OUTCOME], ends[k, ENDED] = UNRESOLVED, -1
        if entry >= bars:
            continue
        at = opened[entry, s]
        price = at * (1.0 + side * slippage)
        way = side * (price - stop)
        can_enter = side * (at - stop) > 0.0 and side * (target - price) > 0.0
        # NaN fails both comparisons: without a candle there is no entry.
        if not (can_enter and way > 0.0 and way >= (2.0 * fee + slippage) * price):
            ends[k, OUTCOME] = NOT_ENTERED
            continue
        stopped = stop * (1.0 - side * slippage)
        risk = side * (price - stopped) + fee * (price + stopped)
        for i in range(entry, bars):
            if close[i, s] != close[i, s]:
                continue
            adverse = low[i, s] if side > 0 else high[i, s]
            favourable = high[i, s] if side > 0 else low[i, s]
            outcome = UNRESOLVED
            if i - entry >= horizon:
                outcome, out = EXPIRED, opened[i, s]
            elif side * (stop - adverse) >= 0.0:
                outcome = REACHED_STOP
                out = opened[i, s] if side * (stop - opened[i, s]) > 0 else stop
            elif side * (favourable - target) > 0.0:
                outcome, out = REACHED_TARGET, target
            elif i - entry == horizon - 1:
                outcome, out = EXPIRED, close[i, s]
            if outcome != UNRESOLVED:
                if outcome != REACHED_TARGET:
                    out *= 1.0 - side * slippage
                ends[k, OUTCOME], ends[k, ENDED] = outcome, i
                results[k] = (side * (out - price) - fee * (price + out)) / risk
                break


def warm() -> None:
    """Compile or load the kernel, so that the first real block does not wait for it."""
    prices = np.ones((2, 1))
    trades = np.array([[0, 1, 1]], np.int64)
    outcomes(trades, np.ones((1, 2)), prices, prices, prices, prices, 0.0, 0.0, 1)
