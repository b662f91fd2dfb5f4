"""All kernels in their order, with the house's parameters: from candles to divergences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.atr import atr_row
from divbot.kernels.divergence import HISTORY, diverge_rows, no_pivots, with_room
from divbot.kernels.jit import jit
from divbot.kernels.past import no_past, passed, whole_rows
from divbot.kernels.pivots import AT_ONCE, LEFT, RIGHT, mark_each, mark_rows
from divbot.kernels.rsi import no_changes, rsi_row
from divbot.kernels.settled import settled_rows

PERIOD = 14
NEAREST = 6
FARTHEST = 61
"""TradingView writes 5 to 60, counted from the bar after the previous pivot."""
WARM_UP = 114
"""Candles before a previous pivot whose RSI no longer depends on where the window begins."""

NARROW = 12
"""Up to so many symbols are taken one after the other, each many rows further."""
_STRETCH = 256
"""Candles in those rows."""
_EVENTS = 32
"""Divergences of a symbol that there is room for, until there are more."""


class Analysis(NamedTuple):
    """What the kernels say of one block; arrays of shape (bars, symbols)."""

    rsi: NDArray[np.float64]
    atr: NDArray[np.float64]
    pivots: NDArray[np.int8]
    divergences: NDArray[np.int64]
    """One row per divergence, in the order of confirmation; see kernels.divergence."""


def analyse(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    room: Room | None = None,
) -> Analysis:
    """Return RSI, ATR, pivots and divergences of a block of symbols.

    The arrays are float64, C-contiguous, of shape (bars, symbols), one row per step of the
    interval. NaN marks a missing candle, in all three arrays alike. Given `room`, the results lie
    in it, until the next block does.
    """
    room = Room() if room is None else room
    padded, ranges, marks = room.of(*close.shape)
    room.events, found = _walk(high, low, close, padded, ranges, marks, room.events)
    return Analysis(padded[LEFT:], ranges, marks, room.events[:found])


class Room:
    """Memory for the results of one block after another.

    New memory costs more than the mathematics done in it: the system hands it out page by page.
    """

    def __init__(self) -> None:
        self._floats = np.empty(0)
        self._marks = np.empty(0, np.int8)
        self._arrays = self._floats, self._floats, self._marks
        self._shape = (-1, -1)
        self.events = np.empty((0, 5), np.int64)

    def of(
        self, bars: int, symbols: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
        """Return arrays for RSI (with LEFT rows more, before it), ATR and pivots of a block."""
        if self._shape != (bars, symbols):
            self._arrays, self._shape = self._cut(bars, symbols), (bars, symbols)
        return self._arrays

    def _cut(
        self, bars: int, symbols: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
        padded, plain = (LEFT + bars) * symbols, bars * symbols
        if len(self._floats) < padded + plain:
            self._floats = np.empty(padded + plain)
            self._marks = np.empty(plain, np.int8)
        if len(self.events) < _EVENTS * symbols:
            self.events = np.empty((_EVENTS * symbols, 5), np.int64)
        return (
            self._floats[:padded].reshape(LEFT + bars, symbols),
            self._floats[padded : padded + plain].reshape(bars, symbols),
            self._marks[:plain].reshape(bars, symbols),
        )


@jit
def _walk(
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    padded: NDArray[np.float64],
    ranges: NDArray[np.float64],
    marks: NDArray[np.int8],
    events: NDArray[np.int64],
) -> tuple[NDArray[np.int64], int]:
    """Take all kernels one row further at a time: what one has written, the next finds at hand.

    Return `events`, or more room where they were too few for these, and how many count.
    """
    bars, symbols = close.shape
    padded[:LEFT] = np.nan
    marks[max(bars - RIGHT, 0) :] = 0
    found = 0
    past, last = no_past(symbols), no_pivots(symbols)
    changes, averages = no_changes(symbols), np.zeros(symbols)
    strength = padded[LEFT:]
    is_settled, is_narrow = False, symbols <= NARROW
    most = _STRETCH // max(symbols, 1) if is_narrow else AT_ONCE
    t = full = 0
    while t < bars:
        rows = whole_rows(close, t, most if is_settled else PERIOD + 1)
        before, full = full, full + rows
        if rows and is_settled:
            settled_rows(
                *(t, rows, high, low, close, past, changes, averages, PERIOD, strength, ranges),
                is_narrow,
            )
        else:
            rows, full = max(rows, 1), 0
            for i in range(t, t + rows):
                rsi_row(close[i], past, changes, PERIOD, strength[i])
                atr_row(high[i], low[i], close[i], past, averages, PERIOD, ranges[i])
                passed(past, close[i], i)
            is_settled = symbols > 0 and past.candles.min() > PERIOD
        t += rows
        first = max(t - rows - RIGHT, 0)
        if not is_narrow and rows == AT_ONCE and before >= LEFT + RIGHT:
            mark_rows(padded, first, marks)
        else:
            mark_each(padded, first, max(t - RIGHT, first), marks)
        if found + rows * symbols > len(events):
            events = with_room(events, found, rows * symbols)
        found = diverge_rows(
            first, t, strength, high, low, marks, past, last, NEAREST, FARTHEST, events, found
        )
    return events, found


def after_warm_up(events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those events whose previous pivot no longer depends on the window's beginning."""
    return events[events[:, HISTORY] >= WARM_UP]


def warm() -> None:
    """Compile or load every kernel, so that the first real block does not wait for it."""
    candles = np.ones((2, 1))
    analyse(candles, candles, candles)
