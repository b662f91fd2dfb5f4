"""A recording as the past of a market: its own candles, and longer ones put together from them.

A longer candle is there once one of its parts is; the last one that a recording holds in part is
left out. Mark prices and funding are in no recording.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.history.recorded import RecordedHistory
from divbot.history.spans import Span, gaps
from divbot.recordings.grid import opens_of, serves, steps_of
from divbot.recordings.track import Track

_SUMS = ("volume", "quote_volume", "trades", "taker_volume", "taker_quote_volume")


class NoFunding(NamedTuple):
    """No settlement."""

    settled_at: Integers
    rate: Floats
    mark_price: Floats


class JoinedHistory(RecordedHistory):
    """Candles of a recording's interval, and of every multiple of it."""

    def __init__(self, path: Path, market: Market, interval: Interval) -> None:
        super().__init__(path, market, interval)
        self.shortest = interval
        self._joined = lru_cache(maxsize=None)(self._join)

    @property
    def is_simulated(self) -> None:
        """Return nothing: a recording does not say where it comes from."""

    def intervals(self) -> tuple[Interval, ...]:
        """Return the recording's own interval and all multiples of it, the shortest first."""
        return tuple(x for x in Interval if x.is_regular and serves(self.shortest, x))

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open from `start` to before `end`."""
        if interval is self.shortest:
            return super().candles(symbol, interval, start, end)
        track = self._joined(symbol, interval)
        first, last = np.searchsorted(track.open_time, [start, end])
        return _rows(track, slice(int(first), int(last)))

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the first open and the last close, ms UTC."""
        if interval is self.shortest:
            return super().span(symbol, interval)
        track = self._joined(symbol, interval) if symbol in self._tracks else None
        if track is None or not len(track.open_time):
            return None
        return int(track.open_time[0]), interval.close_of(int(track.open_time[-1]))

    def holes(self, symbol: str, interval: Interval) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""
        return gaps(self.candles(symbol, interval, EARLIEST, LATEST).open_time, interval)

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Track:  # noqa: ARG002
        """Return no candle: a recording has no mark prices."""
        return super().candles(symbol, self.shortest, end, end)

    def funding(self, symbol: str, start: int, end: int) -> NoFunding:  # noqa: ARG002
        """Return no settlement: a recording has none."""
        return NoFunding(np.empty(0, np.int64), np.empty(0), np.empty(0))

    def _check(self, interval: Interval) -> None:
        if not (interval.is_regular and serves(self._interval, interval)):
            raise InputError(
                f"expected candles that {interval.value} ones can be made of, found a recording "
                f"of {self._interval.value}; choose a multiple with --interval"
            )

    def _join(self, symbol: str, interval: Interval) -> Track:
        self._check(interval)
        return joined_candles(self._tracks[symbol], self._interval, interval)


def joined_candles(track: Track, own: Interval, interval: Interval) -> Track:
    """Return candles of `interval` put together from those of `own`, one of its parts."""
    steps, first = np.unique(steps_of(track.open_time, interval), return_index=True)
    last = np.append(first[1:], len(track.open_time)) - 1
    columns: dict[str, Integers | Floats] = {
        "open_time": opens_of(steps, interval),
        "open": track.open[first],
        "high": np.maximum.reduceat(track.high, first),
        "low": np.minimum.reduceat(track.low, first),
        "close": track.close[last],
    }
    for name in _SUMS:
        values = getattr(track, name)
        if values is not None:
            columns[name] = np.add.reduceat(values, first)
    # Of the newest one the recording may hold a part.
    end = own.close_of(int(track.open_time[-1]))
    whole = interval.close_of(int(columns["open_time"][-1])) <= end
    return _rows(replace(track, **columns), slice(len(steps) - (not whole)))  # type: ignore[arg-type]


def _rows(track: Track, rows: slice) -> Track:
    names = ("open_time", "open", "high", "low", "close", *_SUMS)
    cut = {x: values[rows] for x in names if (values := getattr(track, x)) is not None}
    return replace(track, **cut)
