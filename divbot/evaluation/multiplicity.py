"""p values of many tests, adjusted for their number, by classic rules.

They are here for comparison and for other people's use. An adjusted p value is the level at which
its test is just rejected. Bonferroni bounds the chance of any false claim; the other two bound the
expected share of false claims, so once one edge is real others may be claimed falsely.

>>> published = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .324, .4262, .5719,
...     .6528, .759, 1]
>>> rules = benjamini_hochberg, benjamini_yekutieli, bonferroni
>>> [int(sum(rule(published) <= .05)) for rule in rules]
[4, 3, 3]

Source of the numbers: Benjamini and Hochberg (1995), section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from divbot.arrays import Floats


def bonferroni(p_values: ArrayLike) -> Floats:
    """Return m p, at most 1, for m tests.

    Source: Dunn, "Multiple Comparisons among Means", Journal of the American Statistical
    Association 56 (1961).

    >>> bonferroni([0.01, 0.04, 0.5]).round(4).tolist()
    [0.03, 0.12, 1.0]
    """
    p = _checked(p_values)
    return np.minimum(p * len(p), 1.0)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Return the least of m p_(j) / j over all j from a test's rank i upwards.

    It holds for tests that are independent or hang together positively.

    Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", Journal of the Royal
    Statistical Society B 57 (1995).

    >>> benjamini_hochberg([0.01, 0.04, 0.5]).round(4).tolist()
    [0.03, 0.06, 0.5]
    """
    p = _checked(p_values)
    falling = np.argsort(-p, kind="stable")
    factors = len(p) / np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[falling] = np.minimum.accumulate(np.minimum(p[falling] * factors, 1.0))
    return adjusted


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """Return the values of Benjamini and Hochberg times 1 + 1/2 + ... + 1/m, at most 1.

    It holds however the tests hang together.

    Source: Benjamini and Yekutieli, "The Control of the False Discovery Rate in Multiple Testing
    under Dependency", Annals of Statistics 29 (2001).

    >>> benjamini_yekutieli([0.01, 0.04, 0.5]).round(4).tolist()
    [0.055, 0.11, 0.9167]
    """
    p = _checked(p_values)
    harmonic = (1 / np.arange(1, len(p) + 1)).sum()
    return np.asarray(np.minimum(benjamini_hochberg(p) * harmonic, 1.0))


def _checked(p_values: ArrayLike) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a list of p values is expected, each between 0 and 1")
    return p
