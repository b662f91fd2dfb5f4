"""Candles of one symbol as arrays: what the venue, kept files and workers hand to each other.

A module of its own: the domain is standard library only, and kernels know no candle, only arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Candles in the order of time; every array has one element for each."""

    open_time: Integers
    """ms UTC."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """In units of the base asset."""

    def __len__(self) -> int:
        return len(self.open_time)

    @property
    def values(self) -> tuple[Floats, ...]:
        """Return open, high, low, close and volume."""
        return self.open, self.high, self.low, self.close, self.volume

    @property
    def columns(self) -> tuple[Integers | Floats, ...]:
        """Return all arrays, in the order of the fields."""
        return self.open_time, *self.values

    def between(self, start: int, end: int) -> Candles:
        """Return those from number `start` to before number `end`, counted from 0."""
        return Candles(self.open_time[start:end], *(x[start:end] for x in self.values))

    def followed_by(self, later: Candles) -> Candles:
        """Return these and then `later` ones."""
        open_time = np.concatenate((self.open_time, later.open_time))
        pairs = zip(self.values, later.values, strict=True)
        return Candles(open_time, *(np.concatenate(pair) for pair in pairs))
