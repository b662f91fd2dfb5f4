"""A recording as the past of a market: its own candles, and longer ones put together from them.

A longer candle is there once one of its parts is; the last one that a recording holds in part is
left out. Mark prices and funding are in no recording.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.history.candles import OPTIONAL, between, chosen, digest, no_candles
from divbot.history.funding import FundingTrack
from divbot.history.spans import Span, gaps
from divbot.recordings.grid import opens_of, serves, steps_of
from divbot.recordings.recording import read_tracks
from divbot.recordings.track import Track

_SUMS = ("volume", *OPTIONAL)


class JoinedHistory:
    """Candles of a recording's interval, and of every multiple of it; unpickled, it reads again."""

    def __init__(self, path: Path, market: Market, interval: Interval) -> None:
        self.market = market
        self.shortest = interval
        self._made_of = (path, market, interval)
        self._tracks = _tracks(path, interval)
        self._track = lru_cache(maxsize=None)(self._joined)

    def __reduce__(self) -> tuple[type[JoinedHistory], tuple[Path, Market, Interval]]:
        return type(self), self._made_of

    @property
    def is_simulated(self) -> None:
        """Return nothing: a recording does not say where it comes from."""

    def intervals(self) -> tuple[Interval, ...]:
        """Return the recording's own interval and all multiples of it, the shortest first."""
        return tuple(x for x in Interval if x.is_regular and serves(self.shortest, x))

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return what was recorded, sorted; InputError where it makes no such candles."""
        self._check(interval)
        return tuple(sorted(self._tracks))

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the first open and the last close, ms UTC."""
        if symbol not in self._tracks:
            return None
        times = self._track(symbol, interval).open_time
        return (int(times[0]), interval.close_of(int(times[-1]))) if len(times) else None

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open from `start` to before `end`."""
        return between(self._track(symbol, interval), start, end)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return a hash of those candles; empty where there are none."""
        return digest(self.candles(symbol, interval, start, end))

    def holes(self, symbol: str, interval: Interval) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""
        return gaps(self.candles(symbol, interval, EARLIEST, LATEST).open_time, interval)

    def unpaid(self, symbol: str, span: Span) -> tuple[Span, ...]:  # noqa: ARG002
        """Return nothing: nobody expects settlements of a recording."""
        return ()

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Track:  # noqa: ARG002
        """Return no candle: a recording has no mark prices."""
        return no_candles(symbol)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:  # noqa: ARG002
        """Return no settlement: a recording has none."""
        return FundingTrack.of([], [])

    def _check(self, interval: Interval) -> None:
        if not (interval.is_regular and serves(self.shortest, interval)):
            raise InputError(
                f"expected candles that {interval.value} ones can be made of, found a recording "
                f"of {self.shortest.value}; choose a multiple with --interval"
            )

    def _joined(self, symbol: str, interval: Interval) -> Track:
        self._check(interval)
        own = self._tracks[symbol]
        return own if interval is self.shortest else joined_candles(own, self.shortest, interval)


@lru_cache(maxsize=2)
def _tracks(path: Path, interval: Interval) -> dict[str, Track]:
    return {track.symbol: track for track in read_tracks(path, interval)[1]}


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
    return chosen(replace(track, **columns), slice(len(steps) - (not whole)))  # type: ignore[arg-type]
