"""What files of the archive say, as the store keeps it: sorted, each candle once, on the grid.

A file whose rows contradict each other is refused whole: nobody can tell which of them is right.
Rows that are there twice, out of order, off the grid or of another month or day cost nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divbot.binance.archive.keys import ArchiveSeries, Product
from divbot.domain.clock import utc_text
from divbot.domain.durations import MINUTE
from divbot.domain.errors import RecordingError
from divbot.domain.market import Interval
from divbot.history.candles import ALWAYS, OPTIONAL, between, chosen, told
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, last_of_each
from divbot.recordings.grid import Grid
from divbot.recordings.track import Track, check_track
from divbot.recordings.zips import rows_in, track_in

PRODUCTS = {
    StoredKind.KLINES: Product.KLINES,
    StoredKind.MARK: Product.MARK_KLINES,
    StoredKind.FUNDING: Product.FUNDING,
}
_LONGEST_ROW = 400
"""Bytes; real ones have about a hundred. What is longer is no month of candles."""
_ROOM = 100
_FUNDING_FIELDS = 3
_FUNDING_ROWS = 31 * 24 * 2


def series_of(shelf: Shelf) -> ArchiveSeries:
    """Return where the archive keeps what a shelf is filled with."""
    return ArchiveSeries(shelf.market, PRODUCTS[shelf.kind], shelf.symbol, shelf.interval)


def archived_candles(name: str, packed: bytes, shelf: Shelf, span: Span) -> Track:
    """Return the candles of one file that open in `span`; RecordingError for a bad file."""
    interval = shelf.interval
    assert interval is not None  # noqa: S101 - only funding has none
    rows = (span.end - span.start) // interval.milliseconds + _ROOM
    track = track_in(Path(name), packed, shelf.symbol, rows * _LONGEST_ROW)
    if not len(track.open_time):
        return track
    track = settled(track, interval)
    if shelf.kind is StoredKind.MARK:  # all but its prices are placeholders
        nothing: dict[str, Any] = dict.fromkeys(OPTIONAL)
        track = replace(track, volume=np.zeros(len(track.open_time)), **nothing)
    if len(track.open_time):
        check_track(track)
    return between(track, *span)


def settled(track: Track, interval: Interval) -> Track:
    """Return the candles in the order of time, each once, without those that are off the grid."""
    track = chosen(track, np.argsort(track.open_time, kind="stable"))
    is_last = last_of_each(track.open_time)
    again = np.flatnonzero(~is_last)
    for name in (*ALWAYS, *OPTIONAL):
        values = told(track, name)
        differs = again[values[again] != values[again + 1]]
        if len(differs):
            raise _contradiction(track.source, int(track.open_time[differs[0]]), "candle")
    return chosen(track, np.flatnonzero(is_last & _on_grid(track, interval)))


def _on_grid(track: Track, interval: Interval) -> NDArray[np.bool_]:
    rest = track.open_time % interval.milliseconds
    anchor = 0
    if interval is Interval.D3 and len(rest):  # nobody says where it is: where most candles are
        found, counts = np.unique(rest, return_counts=True)
        anchor = int(found[counts.argmax()])
    if interval.is_regular and interval is not Interval.W1:
        return np.equal(rest, anchor)
    grid = Grid(interval)
    return np.array([grid.open_at(int(x)) == x for x in track.open_time], np.bool_)


def archived_funding(name: str, packed: bytes, span: Span) -> FundingTrack:
    """Return the settlements of one file that were due in `span`."""
    most = _FUNDING_ROWS * _LONGEST_ROW
    rows = rows_in(Path(name), packed, _FUNDING_FIELDS, most)
    times, hours, rates = rows.T
    if not (np.isfinite(rows).all() and (np.abs(rates) < 1).all() and (times > 0).all()):
        raise RecordingError(f"{name}: expected times, hours and rates, found what makes no sense")
    found = FundingTrack.of(times.astype(np.int64), rates, hours)
    at = times.astype(np.int64) // MINUTE * MINUTE
    differs = np.flatnonzero(found.rate[np.searchsorted(found.at, at)] != rates)
    if len(differs):
        raise _contradiction(name, int(at[differs[0]]), "settlement")
    return found.between(*span)


def _contradiction(name: str, time: int, what: str) -> RecordingError:
    return RecordingError(
        f"{name}: expected each {what} once, found two of {utc_text(time)} UTC that contradict "
        "each other"
    )
