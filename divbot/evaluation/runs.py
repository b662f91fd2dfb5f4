"""Runs of days, each one observation: their sums, and how far a mean is from 0."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats, Integers

Number = TypeVar("Number", np.float64, np.int64)


def run_sums(daily: NDArray[Number], run: int) -> NDArray[Number]:
    """Return the sums of runs of `run` days: (settings, days) becomes (settings, runs)."""
    settings, days = daily.shape
    if days % run:
        raise ValueError(f"{days} days are not whole runs of {run} days")
    return np.asarray(daily.reshape(settings, days // run, run).sum(axis=2), dtype=daily.dtype)


def active_runs(trades: Integers, run: int) -> Integers:
    """Return in how many runs each setting entered a trade.

    `trades` counts them by day; nothing of what they brought is looked at.
    """
    return np.asarray(np.count_nonzero(run_sums(trades, run), axis=1), dtype=np.int64)


def t_statistics(sums: Floats) -> Floats:
    """Return mean * sqrt(n) / sd (n - 1 in the denominator) of each row; NaN where all are 0.

    >>> t_statistics(np.array([[1.0, 2.0, 3.0, -1.0]])).round(4)
    array([1.4639])
    """
    return t_of(shares(sums).sum(axis=1), sums.shape[1])


def shares(sums: Floats) -> Floats:
    """Return each row over the root of n times its sum of squares.

    The sum of such a row, u, lies within -1 and 1 and rises with its t statistic. Signs change
    no square, so u of a row with other signs is one product.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(
            sums / np.sqrt(sums.shape[1] * np.square(sums).sum(axis=1, keepdims=True))
        )


def t_of(u: Floats, runs: int) -> Floats:
    """Return the t statistics that u of `runs` runs stand for."""
    with np.errstate(divide="ignore"):
        return np.asarray(u * np.sqrt(runs - 1) / np.sqrt(np.maximum(1 - u * u, 0.0)))
