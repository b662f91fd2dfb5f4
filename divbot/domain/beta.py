"""The beta distribution: how likely each share is, after so many hits and misses."""

from __future__ import annotations

import math

_TINY = 1e-300
_EXACT = 1e-14
_MOST_STEPS = 10_000
_NEAR = 1e-10


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return how likely a share up to `x` is: the regularised incomplete beta function I_x(a, b).

    `a` and `b` are above 0, `x` is in [0, 1]. Good to about 1e-12 where both are below 10,000.
    Source: Lentz's continued fraction, Press et al., "Numerical Recipes" (2007), 6.4.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    # The fraction converges fast left of the mean; right of it, the mirrored one does.
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_cdf(1.0 - x, b, a)
    return beta_density(x, a, b) * x * (1.0 - x) * _fraction(x, a, b) / a


def beta_density(x: float, a: float, b: float) -> float:
    """Return the density at `x`, which is between 0 and 1."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(front + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the share below which a part of `probability` lies, to 1e-10.

    By Newton's steps, halved where one would leave what is known to hold the share.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    while high - low > _NEAR:
        surplus = beta_cdf(x, a, b) - probability
        low, high = (low, x) if surplus > 0 else (x, high)
        slope = beta_density(x, a, b)
        step = surplus / slope if slope > 0 else math.inf
        if abs(step) < _NEAR and low <= x - step <= high:
            return x - step
        x = x - step if low < x - step < high else (low + high) / 2
    return x


def _fraction(x: float, a: float, b: float) -> float:
    # Written out, as a ranking spends most of its time here. A sum with 1 is 0 or far from tiny:
    # where it is 0, the tiny number stands for it.
    total = a + b
    ahead, behind = 1.0, 1.0 / ((1.0 - total * x / (a + 1.0)) or _TINY)
    value = behind
    for m in range(1, _MOST_STEPS):
        twice = a + 2 * m
        term = m * (b - m) * x / ((twice - 1.0) * twice)
        behind = 1.0 / ((1.0 + term * behind) or _TINY)
        ahead = (1.0 + term / ahead) or _TINY
        value *= ahead * behind
        term = -(a + m) * (total + m) * x / (twice * (twice + 1.0))
        behind = 1.0 / ((1.0 + term * behind) or _TINY)
        ahead = (1.0 + term / ahead) or _TINY
        change = ahead * behind
        value *= change
        if -_EXACT < change - 1.0 < _EXACT:
            break
    return value
