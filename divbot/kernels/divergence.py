"""Divergences: price and RSI disagree between two neighbouring pivots of the RSI.

Theory of operation. The rows are walked in the order of time, as a trader lives them. At row i the
pivot of row p = i - right becomes known, and never earlier. It is compared with the pivot q of the
same side just before it, whether or not that took part in a divergence, and then takes its place.
Price is read at the two pivot rows: lows at lows, highs at highs. All comparisons are strict:
equal price or equal RSI is none.

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

from divbot.kernels.indicator import Indicator
from divbot.kernels.jit import jit
from divbot.kernels.pivots import HIGH

REGULAR_BULLISH = 0
HIDDEN_BULLISH = 1
REGULAR_BEARISH = 2
HIDDEN_BEARISH = 3

SAME_RSI = 1e-10
"""Two RSI values no farther apart than this are equal."""

SYMBOL, KIND, PREVIOUS, PIVOT, HISTORY = range(5)
"""The columns of a row."""

_CANDLES, _LAST_MISSING = range(2)
"""What is known of each symbol up to a row: its candles, the row of the last one the venue never
made (-1 for none)."""
_ROW, _RSI, _PRICE = range(3)
"""What is known of each symbol's newest low, and then of its newest high."""


def divergences(
    rsi: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    marks: NDArray[np.int8],
    indicator: Indicator,
) -> NDArray[np.int64]:
    """Return one row per divergence, in the order in which they were confirmed.

    The columns are the symbol's column, the kind, the rows of the previous pivot and of the pivot,
    and how many candles the symbol has before the previous pivot. The confirming row is the pivot's
    plus the indicator's `pivot_right`. The arrays are of shape (bars, symbols); NaN in `close`
    marks a missing candle; `marks` are those of `pivots`.
    """
    symbols = marks.shape[1]
    seen = np.zeros((2, symbols), np.int64)
    seen[_LAST_MISSING] = -1
    # Of no pivot at all, RSI and price are NaN: all comparisons with them are false.
    newest = np.full((2, 3, symbols), np.nan)
    newest[:, _ROW] = -1.0
    # Each divergence is a pivot's; and one row more, for what counts for nothing.
    rows = np.empty((np.count_nonzero(marks) + 1, 5), np.int64)
    found = _walk(
        *(rsi, high, low, close, marks),
        *(indicator.pivot_left, indicator.pivot_right, indicator.nearest, indicator.farthest),
        *(seen, newest, rows),
    )
    return rows[:found]


@jit
def _walk(
    rsi: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    marks: NDArray[np.int8],
    left: int,
    right: int,
    nearest: int,
    farthest: int,
    seen: NDArray[np.int64],
    newest: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> int:
    """Put the divergences into `rows` and return how many there are."""
    found = 0
    for i in range(close.shape[0]):
        for s in range(close.shape[1]):
            present = close[i, s] == close[i, s]
            seen[_CANDLES, s] += 1 if present else 0
            seen[_LAST_MISSING, s] = seen[_LAST_MISSING, s] if present else i
        p = i - right
        if p < 0:
            continue
        for s in range(close.shape[1]):
            if marks[p, s] == 0:
                continue
            is_high = marks[p, s] == HIGH
            side = 1 if is_high else 0
            price = high[p, s] if is_high else low[p, s]
            q = int(newest[side, _ROW, s])
            rise = rsi[p, s] - newest[side, _RSI, s]
            is_above = price > newest[side, _PRICE, s]
            is_below = price < newest[side, _PRICE, s]
            is_one = (is_below & (rise > SAME_RSI)) | (is_above & (rise < -SAME_RSI))
            is_one &= (nearest <= p - q) & (p - q <= farthest)
            is_one &= seen[_LAST_MISSING, s] < q - left
            # What is none is overwritten by the next.
            rows[found, SYMBOL] = s
            # A low that is higher and a high that is lower go on with the trend: hidden.
            rows[found, KIND] = 2 * side + (is_above ^ is_high)
            rows[found, PREVIOUS] = q
            rows[found, PIVOT] = p
            # All rows from q on are whole.
            rows[found, HISTORY] = seen[_CANDLES, s] - (i + 1 - q)
            found += is_one
            newest[side, _ROW, s] = p
            newest[side, _RSI, s] = rsi[p, s]
            newest[side, _PRICE, s] = price
    return found
