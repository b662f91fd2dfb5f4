"""What a Sharpe ratio is worth, by formulas of others.

They are here for comparison and for other people's use: divbot's verdict rests on none of them.
The deflated ratio hangs on how many *independent* settings there were, which nobody knows (in our
worlds without an edge it claimed one in 0.7 to 34 of 100 searches, by the way they were counted),
and finds nothing where most settings lose.

All Sharpe ratios here are per observation: that of a day is the yearly one / sqrt(365).
"""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL = NormalDist()
_EULER = 0.5772156649015329


def probabilistic_sharpe(
    sharpe: float,
    observations: int,
    *,
    benchmark: float = 0.0,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the chance that the true Sharpe ratio is above `benchmark`.

    PSR = Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2))

    Source: Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15
    (2012). Its example, two years of a hedge fund's months:

    >>> round(probabilistic_sharpe(0.458, 24, skew=-2.448, kurtosis=10.164), 3)
    0.913
    >>> round(probabilistic_sharpe(0.458, 24), 3)  # as if its returns were normal
    0.982
    """
    variance = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if variance <= 0:
        raise ValueError(f"no distribution has skew {skew} and kurtosis {kurtosis} at {sharpe}")
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(observations - 1) / math.sqrt(variance))


def expected_maximum(trials: int) -> float:
    """Return the largest of `trials` independent standard normal numbers that one may expect.

    E = (1 - g) Z(1 - 1 / N) + g Z(1 - 1 / (N e)), with g = 0.5772... and Z the normal quantile.

    Source: Bailey, Borwein, Lopez de Prado and Zhu, "Pseudo-Mathematics and Financial
    Charlatanism", Notices of the AMS 61 (2014), proposition 1.

    >>> round(expected_maximum(10), 4), round(expected_maximum(45), 4)
    (1.5746, 2.2356)
    """
    if trials < 1:
        raise ValueError(f"1 trial at least is expected, not {trials}")
    if trials == 1:
        return 0.0
    normal = -_NORMAL.inv_cdf(1 / trials)
    further = -_NORMAL.inv_cdf(1 / (trials * math.e))
    return (1 - _EULER) * normal + _EULER * further


def deflated_sharpe(
    sharpe: float,
    observations: int,
    *,
    trials: int,
    variance: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the chance that the best Sharpe ratio of `trials` independent ones is above luck.

    DSR = PSR with SR* = sqrt(V) E[largest of N], V the `variance` of the trials' Sharpe ratios.

    Source: Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management
    40 (2014). Its example, a yearly ratio of 2.5 over five years of 250 days:

    >>> shape = {"variance": 0.5 / 250, "skew": -3, "kurtosis": 10}
    >>> round(deflated_sharpe(2.5 / math.sqrt(250), 1250, trials=100, **shape), 4)
    0.9004
    """
    benchmark = math.sqrt(variance) * expected_maximum(trials)
    return probabilistic_sharpe(
        sharpe, observations, benchmark=benchmark, skew=skew, kurtosis=kurtosis
    )


def minimum_backtest_years(trials: int, sharpe: float = 1.0) -> float:
    """Return the years below which the best of worthless settings reaches `sharpe` by luck.

    MinBTL = (E[largest of N] / SR)^2, with `sharpe` a yearly ratio.

    Source: Bailey, Borwein, Lopez de Prado and Zhu (2014), theorem 1: after 45 settings on five
    years a Sharpe ratio of 1 is to be expected where there is nothing.

    >>> round(minimum_backtest_years(45), 1)
    5.0
    """
    return (expected_maximum(trials) / sharpe) ** 2
