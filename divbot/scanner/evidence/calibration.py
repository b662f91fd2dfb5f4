"""Is what divbot states worth its name? Compared with what came, and with what anybody could say.

Nothing looks ahead: a statement is made of candles up to the confirming one, and of base rates. So
that these are judged on days they were not counted from, they are counted once more on the first
half of a recording, and judged on the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats
from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.scanner.evidence import weekly
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.chance import hit_rates
from divbot.scanner.evidence.expectations import Expectations, result_before_costs
from divbot.scanner.evidence.repetition import repetition
from divbot.scanner.evidence.walk import Walk
from divbot.scanner.evidence.weekly import FEWEST, Estimate
from divbot.scanner.signals.plan import PlanRules

BINS = 10
_FEWEST = 0.05
"""Of all samples: fewer are no third."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Statements of about the same confidence."""

    low: float
    high: float
    cases: int
    stated: float
    happened: float


@dataclass(frozen=True, slots=True)
class Statements:
    """What was stated, and what happened."""

    cases: int
    share: float
    """Of those that reached their target."""
    stated: float
    """The mean confidence."""
    brier: float
    """The mean squared difference of confidence and event: 0 is perfect, less is better."""
    brier_constant: float
    """The same for the hit rate of all these samples, which nobody knew beforehand."""
    calibration_error: float
    """The mean distance of stated and happened over ten bins of equal width, by samples."""
    expected: float
    """The mean expectancy stated, and the mean result that came, in R."""
    result: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Thirds:
    """What the lower and the upper third of signals by some figure brought, in R."""

    lower: float
    upper: float
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that a recording says of what is stated."""

    whole: Statements
    brier_running: float
    """On the whole, of the hit rate of all samples that had ended at each time."""
    second_half: Statements | None
    """Of the second half, stated from what the first half says; None where there are too few."""
    weeks: int
    result: Estimate
    """The mean result in R."""
    parts: Mapping[str, Thirds | None]
    """By part of the score; None where it is the same for nearly all."""
    repeated: Mapping[str, Estimate | None]
    """By group: which part of what the last window showed of it came again; see repetition."""


def calibrate(walk: Walk, rules: PlanRules, rate: BaseRate, window: int) -> Calibration | None:
    """Compare what is stated with what happened; None where nothing has ended.

    `rate` is what a scan would start from; `window` is how many rows it looks back.
    """
    if not len(walk):
        return None
    confidence, expectancy = _stated(walk, rules, rate)
    return Calibration(
        whole=compare(confidence, expectancy, walk),
        brier_running=_brier(_running_hit_rate(walk), walk.won),
        second_half=_second_half(walk, rules, rate.market, rate.interval),
        weeks=len(np.unique(walk.week)),
        result=weekly.mean(walk.result, walk.week),
        parts={
            name: thirds(values, walk)
            for name, values in {**walk.parts, "expectancy": expectancy}.items()
        },
        repeated=repetition(walk, walk.won - confidence, window),
    )


def count_rate(
    walk: Walk, rules: PlanRules, market: Market, interval: Interval, source: str
) -> BaseRate:
    """Return what the samples of `walk`, of which there are some, say beyond chance.

    Where they are of too few weeks, days are the observations: on years, that makes the errors
    a tenth too small.
    """
    weeks = len(np.unique(walk.week))
    period = walk.week if weeks >= FEWEST else walk.time // DAY
    chance = hit_rates(walk.way / walk.atr, walk.reward / walk.atr, rules.horizon)
    ratio = weekly.ratio(walk.won, chance, period)
    gross = weekly.mean(
        result_before_costs(walk.result, walk.won, walk.price / walk.way, rules), period
    )
    return BaseRate(
        market=market,
        interval=interval,
        source=source,
        cases=len(walk),
        weeks=weeks,
        ratio=ratio.value,
        # Where no target was reached nothing varies: how far that is off is not known.
        ratio_error=ratio.error or None,
        gross=gross.value,
        gross_error=gross.error,
    )


def thirds(values: Floats, walk: Walk) -> Thirds | None:
    """Return what the lower and the upper third by `values` brought; None for hardly any lower.

    Where both thirds reach one value, which many have, those below it are the lower ones.
    """
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    upper = values >= high
    lower = values <= low if low < high else ~upper
    if lower.mean() < _FEWEST:
        return None
    return Thirds(
        lower=float(walk.result[lower].mean()),
        upper=float(walk.result[upper].mean()),
        difference=weekly.difference(walk.result, upper, lower, walk.week),
    )


def compare(stated: Floats, expected: Floats, walk: Walk) -> Statements:
    """Return how statements and events compare."""
    won = walk.won
    place = np.minimum((stated * BINS).astype(np.int64), BINS - 1)
    bins = tuple(
        Bin(
            number / BINS,
            (number + 1) / BINS,
            int(here.sum()),
            float(stated[here].mean()),
            float(won[here].mean()),
        )
        for number in range(BINS)
        if (here := place == number).any()
    )
    return Statements(
        cases=len(won),
        share=float(won.mean()),
        stated=float(stated.mean()),
        brier=_brier(stated, won),
        brier_constant=float(won.var()),
        calibration_error=sum(x.cases * abs(x.stated - x.happened) for x in bins) / len(won),
        expected=float(expected.mean()),
        result=float(walk.result.mean()),
        bins=bins,
    )


def _stated(walk: Walk, rules: PlanRules, rate: BaseRate) -> tuple[Floats, Floats]:
    return Expectations(rules, rate).stated(walk.way, walk.reward, walk.price, walk.atr)


def _second_half(
    walk: Walk, rules: PlanRules, market: Market, interval: Interval
) -> Statements | None:
    middle = (int(walk.confirmed[0]) + int(walk.confirmed[-1])) // 2
    # What had not ended by the middle could not have been counted there.
    first, second = walk.chosen(walk.ended < middle), walk.chosen(walk.confirmed >= middle)
    if not (len(first) and len(second)):
        return None
    rate = count_rate(first, rules, market, interval, "the first half")
    confidence, expectancy = _stated(second, rules, rate)
    return compare(confidence, expectancy, second)


def _running_hit_rate(walk: Walk) -> Floats:
    """Return for each sample the hit rate of those that had ended before; of all for the first."""
    order = np.argsort(walk.ended, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(walk.won[order])])
    known = np.searchsorted(walk.ended[order], walk.confirmed, side="left")
    return np.where(known > 0, sums[known] / np.maximum(known, 1), walk.won.mean())


def _brier(stated: Floats, won: Floats) -> float:
    return float(((stated - won) ** 2).mean())
