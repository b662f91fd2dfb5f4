"""Divergences: price and RSI disagree between two neighbouring pivots of the RSI.

Theory of operation. The rows are walked in the order of time, as a trader lives them. At row i the
pivot of row p = i - RIGHT becomes known, and never earlier. It is compared with the pivot q of the
same side just before it, whether or not that took part in a divergence, and then takes its place.
Price is read at the two pivot rows: lows at lows, highs at highs. All comparisons are strict:
equal price or equal RSI is no event.

Hazard. Where few distinct closes repeat, RSI values that are equal in mathematics differ in
their last bit. TradingView's language takes numbers within 1e-10 for equal when a script compares
them (but not inside its pivot function, which is exact), and so does the comparison of RSI here.
Prices need no such tolerance: what differs, differs by a tick, and without it a change of the
price unit changes nothing.

Gaps. Rows are a grid of time; a NaN close is a candle that the venue never made. No divergence
spans one: every row that had a say in it, from q - LEFT to i, must hold a candle. Under that
rule it makes no difference that a chart without the empty rows has some other pivots
near the gap: none of them can take part, and each stands between the same neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit
from divbot.kernels.past import Past, no_past, passed
from divbot.kernels.pivots import HIGH, LEFT, RIGHT

REGULAR_BULLISH = 0
HIDDEN_BULLISH = 1
REGULAR_BEARISH = 2
HIDDEN_BEARISH = 3

SAME_RSI = 1e-10
"""Two RSI values no farther apart than this are equal."""

SYMBOL, KIND, PREVIOUS, PIVOT, HISTORY = range(5)
"""The columns of an event."""

ROW, RSI, PRICE, _UNUSED = range(4)
"""The columns of a last pivot: a power of two of them."""


class LastPivots(NamedTuple):
    """The newest pivot of each side of each symbol."""

    sides: NDArray[np.float64]
    """Its ROW, RSI and PRICE, one beside the other; a symbol's low, then its high."""
    columns: NDArray[np.uint64]
    """Room for the columns of a row that have a pivot."""


@jit
def no_pivots(symbols: int) -> LastPivots:
    """Return what is known before the first row."""
    sides = np.full((2 * symbols, 4), np.nan)
    sides[:, ROW] = -1.0
    return LastPivots(sides, np.empty(symbols, np.uint64))


@jit
def divergences(
    rsi: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    marks: NDArray[np.int8],
    nearest: int,
    farthest: int,
) -> NDArray[np.int64]:
    """Return one row per divergence, in the order in which they were confirmed.

    The columns are the symbol's column, the kind, the rows of the previous pivot and of the pivot,
    and how many candles the symbol has before the previous pivot. The confirming row is the pivot's
    plus RIGHT. The two pivots are `nearest` to `farthest` rows apart, both included. The arrays
    are of shape (bars, symbols); NaN in `close` marks a missing candle.
    """
    bars, symbols = marks.shape
    past, last = no_past(symbols), no_pivots(symbols)
    events, found = np.empty((symbols, 5), np.int64), 0
    for i in range(bars):
        passed(past, close[i], i)
        p = i - RIGHT
        if p >= 0:
            if found + symbols > len(events):
                events = with_room(events, found, symbols)
            found = diverge_rows(
                p, i + 1, rsi, high, low, marks, past, last, nearest, farthest, events, found
            )
    return events[:found]


@jit
def with_room(events: NDArray[np.int64], found: int, more: int) -> NDArray[np.int64]:
    """Return `events`, the first `found` of which count, with room for `more`."""
    roomier = np.empty((2 * len(events) + more, 5), np.int64)
    roomier[:found] = events[:found]
    return roomier


@jit
def diverge_rows(
    first: int,
    end: int,
    rsi: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    marks: NDArray[np.int8],
    past: Past,
    last: LastPivots,
    nearest: int,
    farthest: int,
    events: NDArray[np.int64],
    found: int,
) -> int:
    """Put the divergences confirmed up to row `end` into `events`; return how many there are then.

    They are those of the pivots from row `first` on. `past` includes all rows before `end`; those
    that confirm anything must be whole if they are several. There must be room for one more event
    of each symbol and row.
    """
    # Free of branches: what becomes of a pivot is anybody's guess, the processor's too. What does
    # not count is overwritten by the next. Unsigned indices are not asked whether they count from
    # the end.
    sides, columns = last.sides, last.columns
    for p in range(first, end - RIGHT):
        count = np.uint64(0)
        for s in range(marks.shape[1]):
            columns[count] = s
            count += np.uint64(marks[p, s] != 0)
        row = float(p)
        for k in range(count):
            s = columns[k]
            is_high = marks[p, s] == HIGH
            side = np.uint64(2) * s + np.uint64(is_high)
            # Both are read: one or the other would be a branch.
            top, bottom, strength = high[p, s], low[p, s], rsi[p, s]
            price = top if is_high else bottom
            q = sides[side, ROW]
            distance = row - q
            # Of no pivot at all, RSI and price are NaN: all comparisons with them are false.
            rsi_rise = strength - sides[side, RSI]
            is_above, is_below = price > sides[side, PRICE], price < sides[side, PRICE]
            is_one = (is_below & (rsi_rise > SAME_RSI)) | (is_above & (rsi_rise < -SAME_RSI))
            is_one &= (nearest <= distance) & (distance <= farthest)
            is_one &= past.last_missing[s] < q - LEFT
            # A low that is higher and a high that is lower go on with the trend: hidden.
            is_hidden = is_above ^ is_high
            e = np.uint64(found)
            events[e, SYMBOL] = s
            events[e, KIND] = 2 * is_high + is_hidden
            events[e, PREVIOUS] = q
            events[e, PIVOT] = p
            events[e, HISTORY] = past.candles[s] - (end - q)
            found += is_one
            sides[side, ROW] = row
            sides[side, RSI] = strength
            sides[side, PRICE] = price
    return found
