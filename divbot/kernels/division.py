"""Division by a number that stays the same, without dividing: exact to the last bit, and faster.

A processor divides once in the time of some twenty other operations. With `inverse`, the correctly
rounded 1/divisor, and a fused multiply-add, which rounds but once, the remainder of a rounded
quotient is known exactly, and corrects it; corrected twice, it is the correctly rounded one
(P. Markstein, IBM Journal of Research and Development 34, 1990). That holds as long as neither
overflows nor sinks below the normal numbers (2e-308), which no price comes near.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba import types
from numba.extending import intrinsic

from divbot.kernels.jit import jit


def _fused(_: Any, x: Any, y: Any, z: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001
    signature = types.float64(types.float64, types.float64, types.float64)
    return signature, lambda _context, builder, _signature, arguments: builder.fma(*arguments)


_fma = cast("Callable[[float, float, float], float]", intrinsic(_fused))
"""x * y + z, rounded once."""


@jit
def divided(x: float, divisor: float, inverse: float) -> float:
    """Return x / divisor; `inverse` is 1 / divisor."""
    quotient = x * inverse
    quotient = _fma(_fma(-quotient, divisor, x), inverse, quotient)
    return _fma(_fma(-quotient, divisor, x), inverse, quotient)


@jit
def divided_well(x: float, divisor: float, inverse: float) -> float:
    """Do as `divided` does, in half the steps, for a divisor whose inverse is a good one.

    Off by no more than 2**-54 of itself, as that of 14 is, it makes the first quotient one of the
    two numbers beside the true one; so near, one correction suffices (Markstein's theorem).
    """
    quotient = x * inverse
    return _fma(_fma(-quotient, divisor, x), inverse, quotient)
