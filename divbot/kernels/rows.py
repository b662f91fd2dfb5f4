"""Rows of numbers turned into columns, and columns into rows: plain moves of memory.

Hazard: a stride of whole rows meets another cache line, and soon another page, with each number. So
blocks are turned a few columns at a time, as many as share a line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

_TOGETHER = 8
"""Numbers in a cache line."""


@jit
def checked_columns(
    rows: NDArray[np.uint64],
    weights: NDArray[np.uint64],
    salt: np.uint64,
    columns: NDArray[np.uint64],
) -> bool:
    """Put the columns of `rows`, all but the last one, into `columns`; tell whether they are right.

    `rows` is of shape (length, width + 1), `columns` of shape (width, length). The last of each row
    must be the sum of the others, each times its weight, and of `salt`, modulo 2**64; and the first
    column, read as int64, must grow from row to row.
    """
    width = len(weights)
    for t in range(len(rows)):
        total = salt
        for column in range(width):
            word = rows[t, column]
            total += word * weights[column]
            columns[column, t] = word
        if total != rows[t, width]:
            return False
        if t > 0 and np.int64(rows[t, 0]) <= np.int64(rows[t - 1, 0]):
            return False
    return True


@jit
def turned(wide: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transpose of `wide`, shape (symbols, bars), as an array of its own."""
    symbols, bars = wide.shape
    tall = np.empty((bars, symbols))
    for start in range(0, symbols, _TOGETHER):
        end = min(start + _TOGETHER, symbols)
        for t in range(bars):
            for s in range(start, end):
                tall[t, s] = wide[s, t]
    return tall


def warm() -> None:
    """Compile or load the kernels, so that the first block does not wait for them."""
    # What is read from a file cannot be written to, and is typed so.
    rows = np.frombuffer(bytes(16), np.uint64).reshape(1, 2)
    checked_columns(rows, np.ones(1, np.uint64), np.uint64(0), np.empty((1, 1), np.uint64))
    turned(np.zeros((1, 1)))
