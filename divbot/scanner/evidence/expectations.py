"""What to expect of a signal: from where its stop lies, from what it costs, and from years.

Confidence is how likely the target is reached before the stop and within the horizon. Two things
were found to tell it, on every recorded market and in both halves of each: how far away the stop
is (see chance), and next to nothing else. Kind, RSI, trend and symbol do not; nor does what the
last days showed, which reverts rather than repeats (`divbot verify calibration` measures all of
it on candles that anybody can bring). Years of a market and interval may move the hit rate as a
whole (see base_rates).

Expectancy is what such a trade brings on average, in R: before costs what a price without memory
brings, which is nothing, and what years have shown beyond that; less fees and slippage, which are
known beforehand and hit a near stop hardest. 1 R is what a plain stop loses, costs and all.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Floats
from divbot.domain.signals import Evidence
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.chance import hit_rates
from divbot.scanner.signals.plan import PlanRules


class Expectations:
    """What is to be expected of the signals of one market and interval, traded by one rule."""

    def __init__(self, rules: PlanRules, rate: BaseRate) -> None:
        self._rules = rules
        self._rate = rate

    def stated(
        self, way: Floats, reward: Floats, price: Floats, atr: Floats
    ) -> tuple[Floats, Floats]:
        """Return confidence and expectancy of each sample; arrays of one length.

        `way` is from the entry to the stop, `reward` from there to the target, both above 0;
        `price` is that of the entry and `atr` the ATR there; all in units of the price.
        """
        chance = hit_rates(way / atr, reward / atr, self._rules.horizon)
        return self._of(chance, way, price)

    def at_most(self, way: Floats, reward: Floats, price: Floats) -> tuple[Floats, Floats]:
        """Return what confidence and expectancy are not above, whatever the ATR."""
        return self._of(way / (way + reward), way, price)

    def _of(self, chance: Floats, way: Floats, price: Floats) -> tuple[Floats, Floats]:
        rules, rate = self._rules, self._rate
        confidence = np.clip(chance * rate.believed_ratio, 0.0, 1.0)
        relative = price / way
        gained = rate.believed_gross - _costs(relative, confidence, rules)
        return confidence, gained / _planned_loss(relative, rules)

    def evidence(self, price: float, stop: float, target: float, atr: float) -> Evidence | None:
        """Return what to expect of an entry at `price`; None where there is no way to measure."""
        way, reward = abs(price - stop), abs(target - price)
        # NaN fails each of them.
        if not (way > 0 and reward > 0 and atr > 0):
            return None
        sample = (np.array([x]) for x in (way, reward, price, atr))
        confidence, expectancy = (float(x[0]) for x in self.stated(*sample))
        return Evidence(
            confidence=confidence,
            error=confidence * self._rate.ratio_doubt / self._rate.believed_ratio,
            expectancy=expectancy,
            cases=self._rate.cases,
        )


def result_before_costs(result: Floats, won: Floats, relative: Floats, rules: PlanRules) -> Floats:
    """Return what trades brought before costs, as multiples of the way to the stop.

    `result` is in R, after costs; `relative` is the price over the way to the stop.
    """
    return result * _planned_loss(relative, rules) + _costs(relative, won, rules)


def _planned_loss(relative: Floats, rules: PlanRules) -> Floats:
    """Return 1 R as a multiple of the way to the stop: that way, two fees and slippage twice.

    That of divbot.domain.risk, but for what a stop's price differs from the entry's.
    """
    return 1 + 2 * relative * (rules.fee + rules.slippage)


def _costs(relative: Floats, target: Floats, rules: PlanRules) -> Floats:
    """Return fees and slippage as multiples of the way to the stop.

    `target` is how likely the exit is a target, which fills at its own price: without slippage.
    """
    return relative * (2 * rules.fee + (2 - target) * rules.slippage)
