"""Integers for recorded floats such that the decimal text reads back as the same float.

Hazard: a price must come back bit for bit. An integer below 2**53 and a power of ten up to 10**22
are both exact as floats, so their quotient is rounded once, exactly as a parser rounds the text.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.errors import RecordingError

_MOST_DECIMALS = 12
_EXACT = 2.0**53


def decimals_of(values: Floats, name: str) -> int:
    """Return the least decimals, at most 12, that write every one of `values` exactly.

    Raise RecordingError, naming `name`, when there are none.
    """
    for decimals in range(_MOST_DECIMALS + 1):
        if _is_exact(values[:64], decimals) and _is_exact(values, decimals):
            return decimals
    odd = float(values[~_exact_at(values, _MOST_DECIMALS)][0])
    raise RecordingError(
        f"{name}: expected prices with at most {_MOST_DECIMALS} decimals, found {odd!r}; "
        "round them to the symbol's tick"
    )


def units_of(values: Floats, decimals: int) -> Integers:
    """Return `values` in units of 10**-decimals, rounded to the nearest."""
    return np.rint(values * 10.0**decimals).astype(np.int64)


def _is_exact(values: Floats, decimals: int) -> bool:
    return bool(_exact_at(values, decimals).all())


def _exact_at(values: Floats, decimals: int) -> Flags:
    units = np.rint(values * 10.0**decimals)
    exact: Flags = (np.abs(units) < _EXACT) & (units / 10.0**decimals == values)
    return exact
