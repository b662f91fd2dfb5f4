"""Candles as the store gives and takes them: a `Track`, in which a number may be unknown.

A column that is None was told by no source; NaN in one: that candle's source did not tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats
from divbot.history.spans import last_of_each
from divbot.recordings.track import Track

PRICES = ("open", "high", "low", "close")
ALWAYS = (*PRICES, "volume")
_TOLD = ("open_time", *ALWAYS)
OPTIONAL = ("quote_volume", "trades", "taker_volume", "taker_quote_volume")


def no_candles(symbol: str, source: str = "") -> Track:
    """Return a track without candles."""
    return Track(symbol, source, np.empty(0, np.int64), *(np.empty(0) for _ in ALWAYS))


def between(track: Track, start: int, end: int) -> Track:
    """Return the candles that open from `start` to before `end` (ms UTC)."""
    first, last = np.searchsorted(track.open_time, [start, end])
    return chosen(track, slice(int(first), int(last)))


def chosen(track: Track, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Track:
    """Return some rows of `track`."""
    columns = {name: getattr(track, name) for name in (*_TOLD, *OPTIONAL)}
    return replace(
        track, **{name: values[rows] for name, values in columns.items() if values is not None}
    )


def digest(track: Track) -> str:
    """Return a hash of the candles; empty where there are none."""
    found = hashlib.sha256()
    for name in (*_TOLD, *OPTIONAL):
        values = getattr(track, name)
        found.update(name.encode() if values is None else values.tobytes())
    return found.hexdigest() if len(track.open_time) else ""


def in_a_row(tracks: Sequence[Track], symbol: str = "") -> Track:
    """Return all `tracks`, one after the other."""
    if not tracks:
        return no_candles(symbol)
    if len(tracks) == 1:
        return tracks[0]
    known = [name for name in OPTIONAL if any(getattr(x, name) is not None for x in tracks)]
    columns: dict[str, Any] = {
        **{name: np.concatenate([getattr(x, name) for x in tracks]) for name in _TOLD},
        **{name: np.concatenate([told(x, name) for x in tracks]) for name in known},
    }
    return replace(tracks[0], **columns)


def told(track: Track, name: str) -> Floats:
    """Return an optional column, NaN where nothing was told."""
    values: Floats | None = getattr(track, name)
    return np.full(len(track.open_time), np.nan) if values is None else values


def merged(old: Track, new: Track) -> Track:
    """Return the candles of both in the order of time, each once; a `new` one beats an old one.

    But what a new one does not tell, and the old one of the same prices and volume did, stays.
    """
    both = in_a_row([old, new])
    order = np.argsort(both.open_time, kind="stable")
    is_last = last_of_each(both.open_time[order])
    result = chosen(both, order[is_last])
    earlier = np.flatnonzero(~is_last)
    if not len(earlier):
        return result
    one, other = chosen(both, order[earlier]), chosen(both, order[earlier + 1])
    same = np.logical_and.reduce([getattr(one, x) == getattr(other, x) for x in ALWAYS])
    rows = np.searchsorted(result.open_time, one.open_time[same])
    filled = {}
    for name in OPTIONAL:
        if getattr(result, name) is not None:
            values = getattr(result, name).copy()
            values[rows] = np.where(np.isnan(values[rows]), told(one, name)[same], values[rows])
            filled[name] = values
    return replace(result, **filled)


def quote_volumes(track: Track) -> Floats:
    """Return what was traded in the quote asset; volume times typical price where nobody tells."""
    typical = (track.high + track.low + track.close) / 3 * track.volume
    known = told(track, "quote_volume")
    return np.where(np.isnan(known), typical, known)
