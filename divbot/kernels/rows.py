"""Rows of numbers made columns, and columns made rows: plain moves of memory.

Hazard: a stride of whole rows meets another cache line, and soon another page, with each number. So
blocks are transposed a few columns at a time, as many as share a line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

_TOGETHER = 8
"""Numbers in a cache line."""
_SALT, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(29)


@jit
def _checksum(rows: NDArray[np.uint64], t: int) -> np.uint64:
    """Return what all words of row `t` but the last one come to, one after the other.

    Each step keeps apart what it was given, so that one word that differs, in whatever bits,
    differs in the end; and the shift carries high bits down to where a further word meets them.
    """
    total = _SALT
    for column in range(rows.shape[1] - 1):
        total = (total ^ rows[t, column]) * _FACTOR
        total ^= total >> _SHIFT
    return total


@jit
def seal(rows: NDArray[np.uint64]) -> None:
    """Write into the last column of `rows` a checksum of the others."""
    for t in range(len(rows)):
        rows[t, rows.shape[1] - 1] = _checksum(rows, t)


@jit
def checked_columns(rows: NDArray[np.uint64], columns: NDArray[np.uint64]) -> bool:
    """Put the columns of `rows`, all but the last one, into `columns`; tell whether they are right.

    `rows` is of shape (length, width + 1), `columns` of shape (width, length). The last of each row
    must be what `seal` writes there; and the first column, read as int64, must grow from row to
    row.
    """
    width = len(columns)
    for t in range(len(rows)):
        for column in range(width):
            columns[column, t] = rows[t, column]
        if _checksum(rows, t) != rows[t, width]:
            return False
        if t > 0 and np.int64(rows[t, 0]) <= np.int64(rows[t - 1, 0]):
            return False
    return True


@jit
def transposed(wide: NDArray[np.float64]) -> NDArray[np.float64]:
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
    seal(np.empty((1, 2), np.uint64))
    # What is read from a file cannot be written to, and is typed so.
    rows = np.frombuffer(bytes(16), np.uint64).reshape(1, 2)
    checked_columns(rows, np.empty((1, 1), np.uint64))
    transposed(np.zeros((1, 1)))
