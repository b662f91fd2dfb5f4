"""What came before a row of candles: kept by symbol, while the rows are walked in their order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit


class Past(NamedTuple):
    """What is known before a row; each array has one element per symbol."""

    close: NDArray[np.float64]
    """The last close that exists, NaN before a symbol's first candle."""
    candles: NDArray[np.float64]
    """How many there are."""
    last_missing: NDArray[np.int64]
    """The row of the last candle that the venue never made, -1 for none."""


@jit
def no_past(symbols: int) -> Past:
    """Return what is known before the first row."""
    return Past(np.full(symbols, np.nan), np.zeros(symbols), np.full(symbols, -1, np.int64))


@jit
def whole_rows(close: NDArray[np.float64], t: int, most: int) -> int:
    """Return how many rows from `t` on hold a candle of every symbol; `most` ends the count."""
    end = min(t + most, len(close))
    # A symbol that is missing is mostly missing for long.
    if _missing(close[t : t + 1]):
        return 0
    if not _missing(close[t:end]):
        return end - t
    for i in range(t, end):
        if _missing(close[i : i + 1]):
            return i - t
    return end - t


@jit
def _missing(close: NDArray[np.float64]) -> int:
    """Return how many candles of some rows are missing; one loop: a row may be a single number."""
    prices, missing = close.reshape(-1), 0
    for j in range(len(prices)):
        missing += prices[j] != prices[j]
    return missing


@jit
def passed(past: Past, close: NDArray[np.float64], t: int) -> None:
    """Let row `t`, of those closes, be the last one."""
    for s in range(len(close)):
        present = close[s] == close[s]
        past.close[s] = close[s] if present else past.close[s]
        past.candles[s] += 1.0 if present else 0.0
        past.last_missing[s] = past.last_missing[s] if present else t
