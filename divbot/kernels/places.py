"""Who is on a list that is chosen by rank, again and again, and keeps who is near its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags
from divbot.kernels.jit import jit


def keep_places(
    ranks: NDArray[np.int16],
    taken_out: Flags,
    listed: Flags,
    always: Flags,
    enters: int,
    stays: int,
) -> Flags:
    """Return who is on the list in each row, shape (rows, symbols) as `ranks`.

    `ranks` begin with 1; 0: cannot be on it. Who is `taken_out` in a row counts for no rank.
    `listed` tells who was on the list before the first row. Up to rank `enters` all are on it, up
    to `stays` those who were on it just before, and those of `always` at any rank.
    """
    chosen = np.zeros(ranks.shape, np.bool_)
    _keep(ranks, taken_out, listed, always, enters, stays, chosen)
    return chosen


@jit
def _keep(
    ranks: NDArray[np.int16],
    taken_out: Flags,
    listed: Flags,
    always: Flags,
    enters: int,
    stays: int,
    chosen: Flags,
) -> None:
    rows, symbols = ranks.shape
    before = listed.copy()
    out = np.empty(symbols, np.int64)
    for t in range(rows):
        count = 0
        for s in range(symbols):
            if taken_out[t, s] and ranks[t, s] > 0:
                out[count] = ranks[t, s]
                count += 1
        for s in range(symbols):
            rank = ranks[t, s]
            if rank == 0 or taken_out[t, s]:
                before[s] = False
                continue
            better = 0
            for k in range(count):
                better += out[k] < rank
            last = stays if before[s] else enters
            before[s] = (rank - better <= last) | always[s]
            chosen[t, s] = before[s]


def warm() -> None:
    """Compile or load the kernel, so that the first month does not wait for it."""
    flags = np.zeros((1, 1), np.bool_)
    keep_places(np.zeros((1, 1), np.int16), flags, flags[0], flags[0], 1, 1)
