"""How much a setting earns a trade, and how sure that is.

Trades of one night go the same way together: an interval that counts them as independent is five
to nine times too narrow. So runs are what is counted. With S_b and N_b the R and the trades of run
b of q,

    R = sum S / sum N,   e_b = S_b - R N_b,   se = sqrt(q / (q - 1) sum e_b^2) / sum N

and the interval is R +- t(.975, q - 1) se. It is nominally one of 95 %; where results of
neighbouring days resemble each other it held the truth in 92 to 94 of 100, so call it "about 9 in
10".

Source: Cochran, "Sampling Techniques" (1977), chapter 6, the ratio estimator; Ibragimov and
Mueller (2010), Student's t on few groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.evaluation.student import upper_quantile

_OUTSIDE = 0.025
"""On either side of the interval."""
_USUALLY = 0.86
"""The t statistic above which 8 in 10 lie: t(.8) with some 16 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Effect:
    """R a trade over some runs."""

    r: float
    standard_error: float
    trades: int
    runs: int
    """All of them, also those without a trade."""

    @property
    def interval(self) -> tuple[float, float]:
        """Return the bounds of the 95 % interval of R a trade."""
        reach = upper_quantile(_OUTSIDE, self.runs - 1) * self.standard_error
        return self.r - reach, self.r + reach

    def over(self, runs: int) -> Effect:
        """Return what `runs` more of the same kind would let one see."""
        factor = math.sqrt(self.runs / runs)
        return Effect(
            self.r, self.standard_error * factor, round(self.trades * runs / self.runs), runs
        )

    def smallest_confirmable(self, alpha: float) -> float:
        """Return the R a trade that a test at `alpha` would find 8 times in 10."""
        return (upper_quantile(alpha, self.runs - 1) + _USUALLY) * self.standard_error


def effects_of(net_r: Floats, trades: Integers) -> list[Effect]:
    """Return the effect of each setting: sums of R and of trades by run, (settings, runs).

    Each has a trade, and there are two runs at least.

    >>> effect = effects_of(np.array([[10.0, -5, 8, 2]]), np.array([[20, 10, 20, 10]]))[0]
    >>> round(effect.r, 4), round(effect.standard_error, 5)
    (0.25, 0.18308)
    >>> [round(bound, 4) for bound in effect.interval]
    [-0.3326, 0.8326]
    """
    runs = net_r.shape[1]
    entered = trades.sum(axis=1)
    r = net_r.sum(axis=1) / entered
    errors = net_r - r[:, None] * trades
    spread = np.sqrt(runs / (runs - 1) * np.square(errors).sum(axis=1)) / entered
    rows = zip(r.tolist(), spread.tolist(), entered.tolist(), strict=True)
    return [Effect(*row, runs) for row in rows]
