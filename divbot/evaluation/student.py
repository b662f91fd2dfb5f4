"""Student's t distribution, to 12 digits, of the standard library alone.

The chance beyond t > 0 with f degrees of freedom is I(f / (f + t^2); f/2, 1/2) / 2, where I is the
regularised incomplete beta function. It is a continued fraction.

Source: Press, Teukolsky, Vetterling and Flannery, "Numerical Recipes" (2007), 6.4 and 6.14.3;
the fraction is evaluated as Lentz (1976) does.
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300
_TERMS = 10_000


def upper_tail(t: float, freedom: float) -> float:
    """Return the chance of a value above `t`, with `freedom` degrees of freedom.

    >>> round(upper_tail(2.0, 16), 4)
    0.0314
    """
    odds = t * t / freedom
    if odds == 0:
        return 0.5
    beyond = _incomplete_beta(1 / (1 + odds), 1 / (1 + 1 / odds), freedom / 2, 0.5) / 2
    return beyond if t >= 0 else 1 - beyond


@lru_cache
def upper_quantile(chance: float, freedom: float) -> float:
    """Return the value that is exceeded with a `chance` between 0 and 1.

    >>> round(upper_quantile(0.025, 16), 4)
    2.1199
    """
    if not 0 < chance < 1:
        raise ValueError(f"a chance between 0 and 1 is expected, not {chance}")
    if chance > 0.5:
        return -upper_quantile(1 - chance, freedom)
    low, high = 0.0, 1.0
    while upper_tail(high, freedom) > chance:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if upper_tail(middle, freedom) > chance else (low, middle)
    return high


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """Return I(x; a, b); `rest` is 1 - x, which has lost its digits where x is near 1."""
    if x > (a + 1) / (a + b + 2):  # the fraction converges below
        return 1 - _incomplete_beta(rest, x, b, a)
    if x == 0:
        return 0.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    density = math.exp(scale + a * math.log(x) + b * math.log(rest))
    return density / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    value = upper = 1.0
    lower = 0.0
    for step in range(1, _TERMS):
        coefficient = _coefficient(step, x, a, b)
        lower = 1 / _not_zero(1 + coefficient * lower)
        upper = _not_zero(1 + coefficient / upper)
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value


def _coefficient(step: int, x: float, a: float, b: float) -> float:
    m = step // 2
    if step % 2:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
