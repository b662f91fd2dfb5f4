"""Blocks of candles to try kernels on, and what kernels say of them in a comparable form."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from divbot.kernels.analysis import Analysis
from divbot.scanner.signals.measurement import KINDS

Floats = NDArray[np.float64]


def walk(
    seed: int, bars: int, symbols: int, *, ticks: int = 100_000
) -> tuple[Floats, Floats, Floats]:
    """Return high, low, close of random walks; few `ticks` to a price make many equal closes."""
    random = np.random.default_rng(seed)
    path = np.cumprod(1 + 0.01 * random.standard_normal((bars, symbols)), axis=0)
    # A venue's prices are whole ticks, so that equal prices are equal floats.
    close = np.round(path * ticks) + 10
    high = close + random.integers(0, 4, close.shape)
    low = close - random.integers(0, 4, close.shape)
    return high / ticks, low / ticks, close / ticks


def with_gaps(seed: int, block: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Return the block with candles missing: late listings, single holes and outages."""
    random = np.random.default_rng(seed)
    bars, symbols = block[0].shape
    missing = random.random((bars, symbols)) < random.choice([0.0, 0.002, 0.02], symbols)
    for s in range(symbols):
        missing[: random.integers(0, bars // 3 + 1), s] = True
        start = random.integers(0, bars)
        missing[start : start + random.integers(0, 12), s] = True
    high, low, close = (np.where(missing, np.nan, column) for column in block)
    return high, low, close


def events_of(analysis: Analysis, symbol: int) -> list[tuple[str, int, int]]:
    """Return the divergences of one symbol as sorted (kind, previous row, pivot row)."""
    return sorted(
        (KINDS[kind].value, previous, pivot)
        for column, kind, previous, pivot, _ in analysis.divergences.tolist()
        if column == symbol
    )


def blocks(**bounds: Any) -> st.SearchStrategy[tuple[Floats, Floats, Floats]]:
    """Draw blocks of every coarseness, of few symbols and of many."""
    return st.builds(
        walk,
        seed=st.integers(0, 2**32 - 1),
        bars=st.integers(bounds.get("least", 1), bounds.get("most", 220)),
        symbols=st.sampled_from([1, 2, 5, 12, 13]),
        ticks=st.sampled_from([20, 200, 100_000]),
    )
