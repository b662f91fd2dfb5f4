"""What the account earned each day, and the yearly figures made of it.

A day is a whole UTC day, from midnight to midnight; at midnight the account is worth what it was
valued at last before. Days on which nothing was valued (the program did not run) stand with a
return of 0, and the next one has all of it: the sum is right, the dates are not, so that such days
do not count towards the days that a figure needs. The riskless rate is 0.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from divbot.domain.clock import month_text
from divbot.domain.durations import DAY
from divbot.trading.figures.curve import Valuation
from divbot.trading.figures.drawdown import Drawdown

DAYS_A_YEAR = 365
"""This market never closes."""
RATIO_DAYS = 30
"""Fewer daily returns than this say nothing of how much they vary."""
ANNUAL_DAYS = 90
"""From less than a quarter nobody should conclude what a year brings."""
_NOISE = 1e-12
"""Floats that should be the same differ by less than this."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number, or why there is none."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DailyReturns:
    """Parts gained (below zero: lost) on each whole UTC day, in order."""

    returns: tuple[float, ...]
    valued: int
    """On how many of these days the account was valued."""


def daily_returns(curve: Sequence[Valuation]) -> DailyReturns:
    """Return what each whole UTC day between the first and the last valuation brought."""
    times = [x.at for x in curve]
    first, last = -(-times[0] // DAY), times[-1] // DAY
    seen = [bisect_right(times, day * DAY) for day in range(first, last + 1)]
    at_midnight = [curve[count - 1].equity for count in seen]
    return DailyReturns(
        returns=tuple(
            float(now / before) - 1 if before else 0.0 for before, now in pairwise(at_midnight)
        ),
        valued=sum(now > before for before, now in pairwise(seen)),
    )


def monthly_returns(curve: Sequence[Valuation]) -> dict[str, float]:
    """Return what each UTC month, `2024-07`, brought as a part; the first and last may be short."""
    ends: dict[str, float] = {}
    for valuation in curve:
        # What is valued at midnight is what the day before, and the month before, came to.
        ends[month_text(max(valuation.at - 1, curve[0].at))] = float(valuation.equity)
    before = (float(curve[0].equity), *ends.values())
    return {
        month: now / then - 1 if then else 0.0
        for (month, now), then in zip(ends.items(), before, strict=False)
    }


def sharpe(daily: DailyReturns) -> Metric:
    """Return the mean daily return over its standard deviation (n - 1), times sqrt(365).

    Source: Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994).
    """
    if reason := _too_few(daily):
        return Metric(None, reason)
    deviation = statistics.stdev(daily.returns)
    if deviation < _NOISE:
        return Metric(None, "the equity changed by the same part every day")
    return Metric(statistics.fmean(daily.returns) / deviation * math.sqrt(DAYS_A_YEAR))


def sortino(daily: DailyReturns) -> Metric:
    """Return the mean daily return over the deviation of the losses, times sqrt(365).

    That deviation is the root of the mean square over all days, a gain counting as 0. Source:
    Sortino and Price, "Performance Measurement in a Downside Risk Framework", Journal of
    Investing 3 (1994), with a target of 0.
    """
    if reason := _too_few(daily):
        return Metric(None, reason)
    downside = math.sqrt(statistics.fmean(min(x, 0.0) ** 2 for x in daily.returns))
    if downside < _NOISE:
        return Metric(None, "no day lost anything")
    return Metric(statistics.fmean(daily.returns) / downside * math.sqrt(DAYS_A_YEAR))


def annual_return(curve: Sequence[Valuation]) -> Metric:
    """Return what a year of the same growth, compounded, would bring, as a part."""
    days = (curve[-1].at - curve[0].at) / DAY
    if days < ANNUAL_DAYS:
        return Metric(None, f"needs {ANNUAL_DAYS} days")
    growth = float(curve[-1].equity / curve[0].equity)
    return Metric(growth ** (DAYS_A_YEAR / days) - 1)


def calmar(annual: Metric, drawdown: Drawdown | None) -> Metric:
    """Return the annual return over the depth of the maximum drawdown.

    Source: Young, "Calmar Ratio: A Smoother Tool", Futures 20 (1991), over all of the run rather
    than over three years.
    """
    if annual.value is None:
        return annual
    if drawdown is None:
        return Metric(None, "the equity never fell")
    return Metric(annual.value / drawdown.depth)


def _too_few(daily: DailyReturns) -> str:
    if daily.valued >= RATIO_DAYS:
        return ""
    return f"needs {RATIO_DAYS} whole days"
