"""How results depend on the length of the history: shorter windows against all there is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats
from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import HISTORY, PIVOT, PREVIOUS
from divbot.kernels.indicator import Indicator
from divbot.scanner.block import Block

LENGTHS = (50, 100, 150, 200, 250, 300, 400, 499, 750, 1000)


@dataclass(frozen=True, slots=True)
class ShorterWindow:
    """What the newest `candles` say, compared with what all candles say."""

    candles: int
    rsi: float
    """The largest difference of the newest RSI, in points; NaN where there is none."""
    atr: float
    """The largest difference of the newest ATR, as a part of it."""
    divergences: int
    """Those of the whole history whose previous pivot is past the window's warm-up."""
    missing: int
    """Of these, not found in the window."""
    surplus: int
    """Found in the window past its warm-up, but not in the whole history."""


def windows(
    block: Block, indicator: Indicator, lengths: tuple[int, ...] = LENGTHS
) -> tuple[ShorterWindow, ...]:
    """Return how windows of `lengths` compare with the whole, those that are shorter than it."""
    bars = len(block.close)
    return tuple(_window(block, indicator, length) for length in lengths if length < bars)


def _window(block: Block, indicator: Indicator, length: int) -> ShorterWindow:
    whole = analyse(block.high, block.low, block.close, indicator)
    first = len(block.close) - length
    part = analyse(block.high[first:], block.low[first:], block.close[first:], indicator)
    begin = first + indicator.warm_up
    expected = {tuple(x) for x in whole.divergences[:, :HISTORY].tolist() if x[PREVIOUS] >= begin}
    shifted = part.after_warm_up()[:, :HISTORY]
    shifted[:, [PREVIOUS, PIVOT]] += first
    found = {tuple(x) for x in shifted.tolist()}
    return ShorterWindow(
        length,
        _largest(np.abs(part.rsi[-1] - whole.rsi[-1])),
        _largest(np.abs(part.atr[-1] / whole.atr[-1] - 1)),
        len(expected),
        len(expected - found),
        len(found - expected),
    )


def _largest(differences: Floats) -> float:
    known = differences[np.isfinite(differences)]
    return float(known.max()) if len(known) else float("nan")
