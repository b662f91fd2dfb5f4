"""Division by a number that stays the same, without dividing: exact to the last bit, and faster.

A processor divides once in the time of some twenty other operations. With 1/divisor known to twice
as many digits, in two parts, and a fused multiply-add, which rounds but once, the quotient is known
to twice as many digits before it is rounded (N. Brisebarre, J.-M. Muller and S. K. Raina, IEEE
Transactions on Computers 53, 2004). Rounding goes wrong only where a quotient lies that near to the
middle between two numbers; and one by a whole number n comes no nearer than a 2n-th of their
distance. That holds as long as nothing overflows nor sinks towards the end of the normal numbers
(4e-307), which no price comes near.
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
def inverse_of(divisor: float) -> tuple[float, float]:
    """Return 1 / divisor, and what its rounding left out."""
    inverse = 1.0 / divisor
    return inverse, _fma(-inverse, divisor, 1.0) / divisor


@jit
def divided(x: float, inverse: float, rest: float) -> float:
    """Return x divided by the whole number that `inverse_of` gave the other two for."""
    return _fma(x, inverse, x * rest)
