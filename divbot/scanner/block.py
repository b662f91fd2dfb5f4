"""Candles of many symbols side by side: one row per step of the interval, one column per symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.candle_arrays import Candles
from divbot.domain.market import Interval
from divbot.kernels.rows import transposed
from divbot.recordings.grid import opens_of, steps_of


@dataclass(frozen=True, slots=True)
class Block:
    """Arrays of shape (rows, symbols), time-major; NaN where the venue made no candle."""

    symbols: tuple[str, ...]
    interval: Interval
    first_step: int
    """The step of the interval's grid that row 0 stands for."""
    offsets: Integers
    """By symbol: what its open times have over the grid's, ms."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def newest(self, count: int) -> Block:
        """Return the newest `count` rows."""
        rows = len(self.close)
        return self.between(max(rows - count, 0), rows)

    def between(self, start: int, end: int) -> Block:
        """Return the rows from `start` to before `end`, in arrays of their own."""
        prices = {x: getattr(self, x)[start:end].copy() for x in ("open", "high", "low", "close")}
        return replace(self, first_step=self.first_step + start, **prices)

    def open_times(self, rows: Integers, columns: Integers) -> Integers:
        """Return the open times, ms UTC, of the candles at `rows` of `columns`."""
        return opens_of(self.first_step + rows, self.interval) + self.offsets[columns]


def build_block(series: Mapping[str, Candles], interval: Interval, rows: int) -> Block:
    """Lay candles side by side, at most `rows` steps back from each symbol's own newest.

    No series may be empty, and none may end more than `rows` steps before another.
    """
    symbols = tuple(series)
    steps = [steps_of(series[symbol].open_time, interval) for symbol in symbols]
    starts = [int(np.searchsorted(own, own[-1] - rows, side="right")) for own in steps]
    first = min(int(own[start]) for own, start in zip(steps, starts, strict=True))
    last = max(int(own[-1]) for own in steps)
    places = [_place(own[start:] - first) for own, start in zip(steps, starts, strict=True)]
    shape = (len(symbols), last - first + 1)

    def laid(column: str) -> Floats:
        wide = np.full(shape, np.nan)
        for line, symbol, at, start in zip(wide, symbols, places, starts, strict=True):
            line[at] = getattr(series[symbol], column)[start:]
        return transposed(wide)

    newest = np.array([series[symbol].open_time[-1] for symbol in symbols], np.int64)
    offsets = newest - opens_of(np.array([own[-1] for own in steps], np.int64), interval)
    return Block(
        symbols, interval, first, offsets, laid("open"), laid("high"), laid("low"), laid("close")
    )


def _place(rows: Integers) -> slice | Integers:
    """Return what indexes `rows`; where none is missing, what does it in one move."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows
