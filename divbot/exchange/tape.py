"""What a market's source gives: its listings, and final candles of one base interval.

Candles are rows of one int64 matrix, so that they can be cut, joined, summed and written as text
without a rounding anywhere. Prices count units of 10**-price_decimals, which is also the tick;
volumes units of 10**-volume_decimals, which is also the step; quote volumes 10**-quote_decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Interval

Rows: TypeAlias = NDArray[np.int64]
"""Candles: shape (n, COLUMNS), ascending by open time."""

OPEN_TIME = 0
OPEN = 1
HIGH = 2
LOW = 3
CLOSE = 4
VOLUME = 5
QUOTE_VOLUME = 6
TRADES = 7
TAKER_VOLUME = 8
TAKER_QUOTE_VOLUME = 9
COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol as a tape knows it."""

    symbol: str
    base: str
    quote: str
    price_decimals: int
    volume_decimals: int
    quote_decimals: int
    listed_at: int
    """Open time of its first candle, in ms UTC."""
    spread_ppm: int
    """Distance of ask and bid in millionths of the price; never less than a tick."""


class Tape(Protocol):
    """Give the final candles of a market."""

    @property
    def listings(self) -> Sequence[Listing]:
        """Every symbol ever listed; elsewhere a symbol is named by its place in here."""

    @property
    def interval(self) -> Interval:
        """The length of the candles it holds."""

    @property
    def first(self) -> int:
        """Open time of the earliest candle of any symbol, in ms UTC."""

    @property
    def last(self) -> int:
        """Open time of the latest candle of any symbol, in ms UTC."""

    @property
    def is_recorded(self) -> bool:
        """Tell whether the prices were once real."""

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""


def no_rows() -> Rows:
    """Return no candles."""
    return np.empty((0, COLUMNS), dtype=np.int64)
