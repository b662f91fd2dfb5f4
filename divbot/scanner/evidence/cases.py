"""Past divergences as trades: what became of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNRESOLVED, NOT_ENTERED, REACHED_TARGET, REACHED_STOP, EXPIRED = range(5)
"""The kernels' numbers of what became of a case."""
FATES = ("unresolved", "not_entered", "target", "stop", "expired")


@dataclass(frozen=True, slots=True)
class Cases:
    """What became of some divergences; arrays with one element for each."""

    fate: NDArray[np.int8]
    held: NDArray[np.int32]
    """Candles from its entry to its end, both included; 0 without an end."""
    result: NDArray[np.float32]
    """In R, after fees and slippage; NaN without an end."""
