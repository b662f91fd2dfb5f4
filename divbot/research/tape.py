"""Candles of the past on a grid, a stretch at a time: what was known of a symbol at any look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from divbot.arrays import Floats
from divbot.domain.durations import DAY
from divbot.research.port import Prices

_ROWS = 1024
"""Of a stretch, about, where candles are longer than a minute."""
_KEPT = 1024
"""Stretches that are kept: of minutes, 60 MB."""
_SEARCHED = 400 * DAY
"""A symbol without any candle for so long has no last price any more."""

Read = Callable[[str, int, int], Prices]
"""Gives the candles of a symbol that open from a time to before another (ms UTC)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive candles of one symbol, one row for each step; NaN where there is none."""

    start: int
    """When the first row opens, ms UTC."""
    length: int
    """Of a candle, in ms."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    seen: Floats
    """The last price as each row opens: its open, else the close before; NaN before any."""

    @property
    def end(self) -> int:
        """Return when the last row closes, ms UTC."""
        return self.start + len(self.open) * self.length

    def row(self, time: int) -> int:
        """Return the row that holds `time`."""
        return (time - self.start) // self.length


class PastTape:
    """The candles of all symbols, read where they are asked for."""

    def __init__(self, read: Read, length: int) -> None:
        self.length = length
        self._read = read
        # Whole days; of minutes one, as stores group them.
        self._span = -(-length * _ROWS // DAY) * DAY
        self.stretch_at = lru_cache(_KEPT)(self._stretch)

    def at(self, symbol: str, time: int) -> Stretch:
        """Return the stretch that holds `time` (ms UTC)."""
        return self.stretch_at(symbol, time // self._span)

    def has(self, symbol: str, time: int) -> bool:
        """Tell whether there is a candle that holds `time`."""
        stretch = self.at(symbol, time)
        close = stretch.close[stretch.row(time)]
        return bool(close == close)

    def last_price(self, symbol: str, time: int) -> float:
        """Return the last price as the candle at `time` opens; NaN where there was none yet."""
        stretch = self.at(symbol, time)
        return float(stretch.seen[stretch.row(time)])

    def between(self, symbol: str, start: int, end: int) -> list[tuple[int, tuple[float, ...]]]:
        """Return the candles that open from `start` to before `end`: open time and prices."""
        found = []
        start = -(-start // self.length) * self.length
        while start < end:
            stretch = self.at(symbol, start)
            first, last = stretch.row(start), stretch.row(min(end, stretch.end) - 1)
            for row in range(first, last + 1):
                if stretch.close[row] == stretch.close[row]:
                    columns = (stretch.open, stretch.high, stretch.low, stretch.close)
                    at = stretch.start + row * self.length
                    found.append((at, tuple(float(x[row]) for x in columns)))
            start = stretch.end
        return found

    def last_open_before(self, symbol: str, start: int, end: int) -> int | None:
        """Return when the last candle opens from `start` to before `end`; None: none does."""
        while end > start:
            stretch = self.at(symbol, end - 1)
            first = stretch.row(max(start, stretch.start))
            present = np.flatnonzero(~np.isnan(stretch.close[first : stretch.row(end - 1) + 1]))
            if len(present):
                return int(stretch.start + (first + present[-1]) * self.length)
            end = stretch.start
        return None

    def _stretch(self, symbol: str, number: int) -> Stretch:
        start = number * self._span
        candles = self._read(symbol, start, start + self._span)
        rows = (candles.open_time - start) // self.length
        wide = np.full((4, self._span // self.length), np.nan)
        for line, column in zip(
            wide, (candles.open, candles.high, candles.low, candles.close), strict=True
        ):
            line[rows] = column
        opened, high, low, close = wide
        seen = self._seen(symbol, start, opened, close)
        return Stretch(start, self.length, opened, high, low, close, seen)

    def _seen(self, symbol: str, start: int, opened: Floats, close: Floats) -> Floats:
        present = ~np.isnan(opened)
        if present.all():
            return opened
        before = np.empty(len(opened))
        before[0], before[1:] = np.nan, close[:-1]
        known = np.where(present, opened, before)
        last = np.maximum.accumulate(np.where(np.isnan(known), -1, np.arange(len(known))))
        # What was known last before the row: its own open, or else the newest close.
        seen = np.where(last >= 0, known[last], np.nan)
        if last[0] < 0:
            seen[last < 0] = self._close_before(symbol, start)
        return seen

    def _close_before(self, symbol: str, time: int) -> float:
        """Return the newest close before `time`, however long ago; NaN where there is none."""
        span = self._span
        while span < _SEARCHED:
            candles = self._read(symbol, time - span, time)
            if len(candles.close):
                return float(candles.close[-1])
            span *= 4
        return float("nan")
