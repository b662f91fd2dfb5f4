"""Does what the last window showed come again? Why confidence does not follow it.

At each confirmation the samples that ended within the window before it are taken, and by how much
more of them than stated reached their target: in the whole market, and beyond that in those of the
same side, kind and symbol. How much of this shows again in the sample at hand is the slope of the
one on the other: 1 where all of it comes again, 0 where it was luck, below 0 where it reverts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.scanner.evidence import weekly
from divbot.scanner.evidence.walk import Walk
from divbot.scanner.evidence.weekly import Estimate

_FEWEST = 30
"""Samples in a window below which it shows nothing."""
_STEADY = 20.0
"""Samples at a distance of 0 that each group counts besides its own: one is no habit."""


def repetition(walk: Walk, surprise: Floats, window: int) -> Mapping[str, Estimate | None]:
    """Return by group which part of the window's `surprise` came again; None where none showed.

    `surprise` is, of each sample of `walk`, event less confidence; `window` counts rows.
    """
    groups = {
        "side": walk.is_long.astype(np.int64),
        "kind": walk.kind,
        "symbol": walk.symbol,
    }
    shown = _shown(walk, surprise, window, groups)
    return {name: _slope(values, surprise, walk) for name, values in shown.items()}


def _shown(
    walk: Walk, surprise: Floats, window: int, groups: Mapping[str, Integers]
) -> dict[str, Floats]:
    """Return what the window before each sample showed, by group; NaN where it held too little."""
    shown = {name: np.full(len(walk), np.nan) for name in ("market", *groups)}
    rows, starts = np.unique(walk.confirmed, return_index=True)
    ends = np.append(starts[1:], len(walk))
    oldest = np.searchsorted(walk.confirmed, rows - window)
    for row, start, end, first in zip(rows, starts, ends, oldest, strict=True):
        before = slice(first, start)
        known = walk.ended[before] < row
        if known.sum() < _FEWEST:
            continue
        past = surprise[before][known]
        market = past.mean()
        shown["market"][start:end] = market
        for name, group in groups.items():
            size = int(group.max()) + 1
            own = group[before][known]
            count = np.bincount(own, minlength=size)
            beyond = (np.bincount(own, past, size) - count * market) / (count + _STEADY)
            shown[name][start:end] = beyond[group[start:end]]
    return shown


def _slope(shown: Floats, surprise: Floats, walk: Walk) -> Estimate | None:
    there = ~np.isnan(shown)
    if not there.any():
        return None
    return weekly.slope(shown[there], surprise[there], walk.week[there])
