"""A history made of arrays, in this process; and candles to put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Interval, Market
from divbot.recordings.track import Track

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_704_067_200_000  # 2024-01-01


@dataclass(frozen=True)
class MadeHistory:
    tracks: Mapping[str, Track]
    market: Market = Market.USDM
    interval: Interval = Interval.H1
    asked: list[str] = field(default_factory=list)

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        return tuple(sorted(self.tracks))

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        times = self.tracks[symbol].open_time
        return (int(times[0]), int(times[-1]) + interval.milliseconds) if len(times) else None

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        self.asked.append(symbol)
        times = self.tracks[symbol].open_time
        return chosen(self.tracks[symbol], (times >= start) & (times < end))

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        found = self.candles(symbol, interval, start, end)
        told = (found.open_time, found.open, found.high, found.low, found.close, found.volume)
        digest = hashlib.sha256(b"".join(x.tobytes() for x in told))
        return digest.hexdigest() if len(found.open_time) else ""

    @property
    def end(self) -> int:
        return max(int(x.open_time[-1]) for x in self.tracks.values()) + self.interval.milliseconds


def chosen(track: Track, which: NDArray[np.bool_] | slice) -> Track:
    columns = ("open_time", "open", "high", "low", "close", "volume")
    return replace(track, **{name: getattr(track, name)[which] for name in columns})


def walked(
    symbol: str,
    seed: int,
    rows: int,
    *,
    start: int = START,
    price: float = 100.0,
    tick: int = 2,
    volume: float = 1000.0,
    move: float = 0.01,
    step: int = HOUR,
) -> Track:
    """Return a random walk of hours whose prices have `tick` decimals."""
    random = np.random.default_rng(seed)
    close = np.round(price * np.exp(random.normal(0, move, rows).cumsum()), tick)
    close = np.maximum(close, 10.0**-tick)
    opened = np.concatenate([close[:1], close[:-1]])
    spread = np.round(random.exponential(move / 3, (2, rows)) * price, tick)
    high = np.round(np.maximum(opened, close) + spread[0], tick)
    low = np.maximum(np.round(np.minimum(opened, close) - spread[1], tick), 10.0**-tick)
    return Track(
        symbol,
        "made",
        start + step * np.arange(rows),
        opened,
        high,
        low,
        close,
        np.round(random.exponential(volume, rows), 3),
    )


def spliced(*tracks: Track) -> Track:
    return Track.joined(tracks, np.arange(sum(len(x.open_time) for x in tracks)), source="made")


def without(track: Track, *rows: int) -> Track:
    kept = np.ones(len(track.open_time), np.bool_)
    kept[list(rows)] = False
    return chosen(track, kept)


def quiet(track: Track, first: int) -> Track:
    """Return it flat and without trades from a row on."""
    changed = {name: getattr(track, name).copy() for name in ("open", "high", "low", "close")}
    for values in changed.values():
        values[first:] = track.close[first - 1]
    volume = track.volume.copy()
    volume[first:] = 0.0
    return replace(track, volume=volume, **changed)
