"""A recording as a history: a parquet or CSV file, or a folder of the archive's zips."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.recordings.recording import read_tracks
from divbot.recordings.track import Track

_COLUMNS = ("open_time", "open", "high", "low", "close", "volume", "quote_volume", "trades")


class RecordedHistory:
    """Candles of one interval out of one recording; read again by whoever unpickles it."""

    def __init__(self, path: Path, market: Market, interval: Interval) -> None:
        self.market = market
        self._made_of = (path, market, interval)
        self._interval = interval
        self._tracks = _tracks(path, interval)

    def __reduce__(self) -> tuple[type[RecordedHistory], tuple[Path, Market, Interval]]:
        return type(self), self._made_of

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return what was recorded, sorted; InputError for another interval."""
        self._check(interval)
        return tuple(sorted(self._tracks))

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the first open and the last close, ms UTC."""
        self._check(interval)
        track = self._tracks.get(symbol)
        if track is None:
            return None
        return int(track.open_time[0]), interval.close_of(int(track.open_time[-1]))

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open from `start` to before `end`."""
        self._check(interval)
        track = self._tracks[symbol]
        first, last = np.searchsorted(track.open_time, [start, end])
        cut = {
            name: values[first:last]
            for name in _COLUMNS
            if (values := getattr(track, name)) is not None
        }
        return replace(track, taker_volume=None, taker_quote_volume=None, **cut)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return a hash of those candles."""
        found = self.candles(symbol, interval, start, end)
        if not len(found.open_time):
            return ""
        digest = hashlib.sha256()
        for name in _COLUMNS:
            values = getattr(found, name)
            digest.update(name.encode() if values is None else values.tobytes())
        return digest.hexdigest()

    def _check(self, interval: Interval) -> None:
        if interval is not self._interval:
            raise InputError(
                f"expected candles of {interval.value}, found a recording of "
                f"{self._interval.value}; choose --interval {self._interval.value}"
            )


@lru_cache(maxsize=2)
def _tracks(path: Path, interval: Interval) -> dict[str, Track]:
    return {track.symbol: track for track in read_tracks(path, interval)[1]}
