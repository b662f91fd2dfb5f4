"""Samples: past divergences tried as trades, and what became of each.

Documents and files count them as `cases`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNRESOLVED, NOT_ENTERED, REACHED_TARGET, REACHED_STOP, EXPIRED = range(5)
"""The kernels' numbers of what became of a trade."""
OUTCOMES = ("unresolved", "not_entered", "target", "stop", "expired")


@dataclass(frozen=True, slots=True)
class Samples:
    """What became of some divergences; arrays with one element for each."""

    outcome: NDArray[np.int8]
    held: NDArray[np.int32]
    """Candles from its entry to its end, both included; 0 without an end."""
    result: NDArray[np.float32]
    """In R, after fees and slippage; NaN without an end."""
