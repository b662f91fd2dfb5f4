"""Divergences: price and RSI disagree between two neighbouring pivots of the RSI.

Theory of operation. The rows are walked in the order of time, as a trader lives them. At row i the
pivot of row p = i - right becomes known, and never earlier. It is compared with the pivot q of the
same side just before it, whether or not that took part in a divergence, and then takes its place.
Price is read at the two pivot rows: lows at lows, highs at highs. All comparisons are strict:
equal price or equal RSI is no event.

Hazard. Where few distinct closes repeat, RSI values that are equal in mathematics differ in
their last bit. TradingView's language takes numbers within 1e-10 for equal when a script compares
them (but not inside its pivot function, which is exact), and so does the comparison of RSI here.
Prices need no such tolerance: what differs, differs by a tick, and without it a change of the
price unit changes nothing.

Gaps. Rows are a grid of time; a NaN close is a candle that the venue never made. No divergence
spans one: every row that had a say in it, from q - left to i, must hold a candle. Under that
rule it makes no difference that a chart without the empty rows has some other pivots
near the gap: none of them can take part, and each stands between the same neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit
from divbot.kernels.pivots import LOW

REGULAR_BULLISH = 0
HIDDEN_BULLISH = 1
REGULAR_BEARISH = 2
HIDDEN_BEARISH = 3
NONE = -1

SAME_RSI = 1e-10
"""Two RSI values no farther apart than this are equal."""

SYMBOL, KIND, PREVIOUS, PIVOT, HISTORY = range(5)
"""The columns of an event."""


@jit
def divergences(
    rsi: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    marks: NDArray[np.int8],
    left: int,
    right: int,
    nearest: int,
    farthest: int,
) -> NDArray[np.int64]:
    """Return one row per divergence, in the order in which they were confirmed.

    The columns are the symbol's column, the kind, the rows of the previous pivot and of the pivot,
    and how many candles the symbol has before the previous pivot. The confirming row is the pivot's
    plus `right`. The two pivots are `nearest` to `farthest` rows apart, both included. The arrays
    are of shape (bars, symbols); NaN in `close` marks a missing candle.
    """
    bars, symbols = marks.shape
    events = np.empty((np.count_nonzero(marks), 5), np.int64)
    found = 0
    candles = np.zeros(symbols, np.int64)
    last_missing = np.full(symbols, -1, np.int64)
    last_low = np.full(symbols, -1, np.int64)
    last_high = np.full(symbols, -1, np.int64)
    for i in range(bars):
        for s in range(symbols):
            present = close[i, s] == close[i, s]
            candles[s] += present
            last_missing[s] = last_missing[s] if present else i
        p = i - right
        if p < 0:
            continue
        for s in range(symbols):
            if marks[p, s] == 0:
                continue
            if marks[p, s] == LOW:
                q = last_low[s]
                last_low[s] = p
                kind = _bullish(rsi, low, q, p, s)
            else:
                q = last_high[s]
                last_high[s] = p
                kind = _bearish(rsi, high, q, p, s)
            if kind == NONE or last_missing[s] >= q - left:
                continue
            if nearest <= p - q <= farthest:
                events[found, SYMBOL] = s
                events[found, KIND] = kind
                events[found, PREVIOUS] = q
                events[found, PIVOT] = p
                events[found, HISTORY] = candles[s] - 1 - (i - q)
                found += 1
    return events[:found]


@jit
def _bullish(rsi: NDArray[np.float64], low: NDArray[np.float64], q: int, p: int, s: int) -> int:
    if q < 0:
        return NONE
    rise = rsi[p, s] - rsi[q, s]
    if low[p, s] < low[q, s] and rise > SAME_RSI:
        return REGULAR_BULLISH
    if low[p, s] > low[q, s] and rise < -SAME_RSI:
        return HIDDEN_BULLISH
    return NONE


@jit
def _bearish(rsi: NDArray[np.float64], high: NDArray[np.float64], q: int, p: int, s: int) -> int:
    if q < 0:
        return NONE
    rise = rsi[p, s] - rsi[q, s]
    if high[p, s] > high[q, s] and rise < -SAME_RSI:
        return REGULAR_BEARISH
    if high[p, s] < high[q, s] and rise > SAME_RSI:
        return HIDDEN_BEARISH
    return NONE
