"""Candles that do not hang together, though their file fits its checksum.

A candle opens about where the one before it closed. In files of the archive that were wrong, rows
have had the values of other times: what is out of place jumps. Of 102,000 recorded days of futures
(1m, 1h, 4h) nine have two jumps within six candles; of stretches of six candles that were put in
reverse, 95 in 100 have. Rarely traded coins of spot jump all the time: where most days do, nothing
can be told.

Nobody is convicted by this: what is doubtful is fetched from somewhere else, and that is believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.history.spans import Span, joined
from divbot.recordings.track import Track

_JUMP = 0.3
"""Of the range of either candle, or of the usual one where that is more."""
_WINDOW, _JUMPS = 6, 2
_NEAR = 2 * DAY
"""Doubtful days that are no farther apart have one cause."""
_MOST_DAYS = 0.35


def doubtful(track: Track, interval: Interval) -> tuple[Span, ...]:
    """Return the whole days (UTC) in which candles do not hang together; none where most do not."""
    if len(track.open_time) <= _WINDOW or not interval.is_regular:
        return ()
    jumps = np.flatnonzero(_jumps(track, interval))
    # Where there are enough of them within a window, all of them are out of place.
    apart = jumps[_JUMPS - 1 :] - jumps[: len(jumps) - _JUMPS + 1]
    close = np.flatnonzero(apart < _WINDOW)
    rows = np.unique(np.concatenate([jumps[close + n] for n in range(_JUMPS)]))
    days = np.unique(track.open_time // DAY)
    found = np.unique(track.open_time[rows] // DAY)
    if len(found) > _MOST_DAYS * len(days):
        return ()
    near = joined(Span(int(x) * DAY, int(x + 1) * DAY + _NEAR) for x in found)
    return tuple(Span(x.start, x.end - _NEAR) for x in near)


def _jumps(track: Track, interval: Interval) -> NDArray[np.bool_]:
    """Tell of each candle but the last whether the one right after it opens somewhere else."""
    ranges = track.high - track.low
    usual = np.maximum(np.maximum(ranges[1:], ranges[:-1]), np.median(ranges))
    is_next = np.diff(track.open_time) == interval.milliseconds
    moved = np.abs(track.open[1:] - track.close[:-1]) > _JUMP * usual
    found: NDArray[np.bool_] = is_next & moved
    return found
