"""The beta distribution: how likely each hit rate is, after so many hits and misses."""

from __future__ import annotations

import math

_TINY = 1e-300
_EXACT = 1e-14
_MOST_STEPS = 10_000
_NEAR = 1e-10
_MOST_EXPONENT = 30.0
"""Keeps a guess inside of 0 and 1."""


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return how likely a hit rate up to `x` is: the regularised incomplete beta function.

    `a` and `b` are above 0, `x` is in [0, 1]. Good to about 1e-12 where both are below 10,000.
    Source: Lentz's continued fraction, Press et al., "Numerical Recipes" (2007), 6.4.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    return _below(x, a, b, _density(x, a, b, _constant(a, b)))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the hit rate below which a part of `probability` lies, to 1e-10.

    By Newton's steps, halved where one would leave what is known to hold the hit rate.
    """
    low, high, x = 0.0, 1.0, _first_guess(probability, a, b)
    constant = _constant(a, b)
    while high - low > _NEAR:
        slope = _density(x, a, b, constant)
        surplus = _below(x, a, b, slope) - probability
        low, high = (low, x) if surplus > 0 else (x, high)
        step = surplus / slope if slope > 0 else math.inf
        # Near an end the slope may change within less than that.
        is_near = abs(step) < min(_NEAR, 1e-3 * x, 1e-3 * (1.0 - x))
        if is_near and low <= x - step <= high:
            return x - step
        x = x - step if low < x - step < high else (low + high) / 2
    return x


def _first_guess(probability: float, a: float, b: float) -> float:
    """Return about where the quantile is; source: Abramowitz and Stegun (1964), 26.5.22."""
    if a <= 1.0 or b <= 1.0:
        return a / (a + b)
    z = _about_normal(probability)
    left, right = 1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0)
    h, bend = 2.0 / (left + right), (z * z - 3.0) / 6.0
    if h + bend <= 0.0:
        return a / (a + b)
    w = z * math.sqrt(h + bend) / h + (right - left) * (bend + 5.0 / 6.0 - 2.0 / (3.0 * h))
    return a / (a + b * math.exp(max(min(-2.0 * w, _MOST_EXPONENT), -_MOST_EXPONENT)))


def _about_normal(probability: float) -> float:
    """Return the quantile of a normal distribution, to 0.0005; source: as above, 26.2.23."""
    t = math.sqrt(-2.0 * math.log(min(probability, 1.0 - probability)))
    upper = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    return math.copysign(upper, probability - 0.5)


def _constant(a: float, b: float) -> float:
    """Return the logarithm of what every density of these parameters is multiplied by."""
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def _density(x: float, a: float, b: float, constant: float) -> float:
    """Return the density at `x`, which is between 0 and 1."""
    return math.exp(constant + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x))


def _below(x: float, a: float, b: float, density: float) -> float:
    """Return how likely a hit rate up to `x` is, where the density is `density`."""
    # The fraction converges fast left of the mean; right of it, the mirrored one does.
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - density * x * (1.0 - x) * _fraction(1.0 - x, b, a) / b
    return density * x * (1.0 - x) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    # Written out, as a quantile spends most of its time here. A sum with 1 is 0 or far from tiny:
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
