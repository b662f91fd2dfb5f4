"""A recording: candles of one interval, one track for each symbol, wherever they lie."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.recordings.decoding import decoding
from divbot.recordings.table import read_table
from divbot.recordings.track import Track
from divbot.recordings.zips import read_archive


def read_tracks(path: Path, interval: Interval | None = None) -> tuple[Interval, list[Track]]:
    """Read a parquet or CSV file, or a folder of Binance archive zips.

    Without `interval`, the most common spacing of the data says what it is. Raise RecordingError,
    naming file, what was expected and what was found, when it cannot be served.
    """
    with decoding(path, "a recording", "check its name and permissions"):
        is_there, is_folder = path.exists(), path.is_dir()
    if not is_there:
        raise RecordingError(f"{path}: expected a recording, found nothing there")
    tracks = read_archive(path, interval) if is_folder else read_table(path)
    if not tracks:
        raise RecordingError(f"{path}: expected candles, found no row; record some first")
    return _interval(path, tracks, interval), tracks


def _interval(path: Path, tracks: list[Track], asked: Interval | None) -> Interval:
    spacing = _spacing(tracks)
    found = next((each for each in Interval if each.milliseconds == spacing), asked)
    if found is None or found.milliseconds > DAY:
        raise RecordingError(
            f"{path}: expected candles of an interval of at most 1d, found them "
            f"{spacing / 1000:g} s apart; say which it is with --interval"
        )
    if asked not in (None, found):
        raise RecordingError(
            f"{path}: expected {asked} candles, found {found} candles; use --interval={found}"
        )
    for track in tracks:
        _check_grid(track, found)
    return found


def _spacing(tracks: list[Track]) -> int:
    """Return the most common distance of two candles in ms; 0 when no symbol has two."""
    seen: Counter[int] = Counter()
    for track in tracks:
        distances, counts = np.unique(np.diff(track.open_time), return_counts=True)
        seen.update(dict(zip(distances.tolist(), counts.tolist(), strict=True)))
    return seen.most_common(1)[0][0] if seen else 0


def _check_grid(track: Track, interval: Interval) -> None:
    off = np.flatnonzero(track.open_time % interval.milliseconds)
    if len(off):
        raise RecordingError(
            f"{track.source}: expected {track.symbol} candles to open on whole {interval}, found "
            f"one at {track.open_time[off[0]]}; remove it, or say the interval with --interval"
        )
