"""From signals to opportunities: a plan, a score, an order.

The plan is made at the close that confirmed the divergence, see plan; the score says how
much speaks for it, see score; what to expect of it is evidence, see scanner.evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from divbot.domain.market import Interval
from divbot.domain.money import price_above, price_below, price_of
from divbot.domain.signals import Evidence, Kind, Opportunity, Side, Signal
from divbot.domain.universe import Listed
from divbot.scanner.signals.plan import PlanRules, stop_and_target
from divbot.scanner.signals.score import Weights, score_parts

EvidenceOf = Callable[[float, float, float, float], Evidence | None]
"""Tells what to expect of an entry at a price, given stop, target and ATR."""


@dataclass(frozen=True, slots=True)
class RankingRules:
    """What counts as an opportunity, how it would be traded, and what counts how much."""

    kinds: frozenset[Kind]
    sides: frozenset[Side]
    max_age: int
    trade: PlanRules
    weights: Weights

    def wants(self, kind: Kind) -> bool:
        """Tell whether divergences of this kind are asked for."""
        return kind in self.kinds and kind.side in self.sides

    def is_fresh(self, age: int) -> bool:
        """Tell whether what was confirmed `age` candles ago is no history yet."""
        return age <= self.max_age


class TradePlan(NamedTuple):
    """Where to get out; valid prices of the venue."""

    stop: Decimal
    target: Decimal

    def touched(self, lowest: Decimal, highest: Decimal) -> str:
        """Return which of the two these prices reach, "stop" before "target"; empty for neither."""
        is_buy = self.stop < self.target
        if lowest <= self.stop if is_buy else highest >= self.stop:
            return "stop"
        return "target" if (highest >= self.target if is_buy else lowest <= self.target) else ""


def rank(
    signals: Iterable[Signal],
    listed: Mapping[str, Listed],
    rules: RankingRules,
    interval: Interval,
    age_of: Callable[[Signal], int],
    evidence_of: EvidenceOf,
) -> tuple[Opportunity, ...]:
    """Return what can still be traded: by score, then confidence, then symbol."""
    found = [
        opportunity
        for signal in signals
        if rules.wants(signal.divergence.kind)
        and rules.is_fresh(age_of(signal))
        and (
            opportunity := _opportunity(
                signal,
                listed[signal.divergence.symbol],
                rules,
                interval,
                age_of(signal),
                evidence_of,
            )
        )
    ]
    return in_order(found)


def in_order(found: Iterable[Opportunity]) -> tuple[Opportunity, ...]:
    """Return opportunities by score, then confidence, then symbol, with their ranks."""
    return tuple(replace(x, rank=rank) for rank, x in enumerate(sorted(found, key=_order), 1))


def _order(x: Opportunity) -> tuple[float, float, str, str, int]:
    confidence = x.evidence.confidence if x.evidence else 0.0
    return -x.score, -confidence, x.divergence.symbol, x.divergence.kind, -x.confirmed_at


def plan_of(signal: Signal, tick: Decimal | None, rules: PlanRules) -> TradePlan | None:
    """Return stop and target, both rounded away from optimism; None where there is no risk left.

    There is none when the price closed beyond the stop before the divergence was confirmed.
    """
    is_buy = signal.divergence.kind.side is Side.BUY
    stop, target = unrounded_plan_of(signal, rules)
    if (signal.confirmed_close > stop) is not is_buy:
        return None
    if is_buy:
        plan = TradePlan(price_below(stop, tick), price_above(target, tick))
    else:
        plan = TradePlan(price_above(stop, tick), price_below(target, tick))
    return plan if plan.stop > 0 and plan.target > 0 else None


def unrounded_plan_of(signal: Signal, rules: PlanRules) -> tuple[float, float]:
    """Return where stop and target would be at any price, valid or not."""
    side = float(signal.divergence.kind.side.sign)
    close, atr = signal.confirmed_close, signal.confirmed_atr
    return stop_and_target(side, signal.price, close, atr, rules)


def _opportunity(
    signal: Signal,
    listed: Listed,
    rules: RankingRules,
    interval: Interval,
    age: int,
    evidence_of: EvidenceOf,
) -> Opportunity | None:
    tick = listed.instrument.tick_size if listed.instrument else None
    plan = plan_of(signal, tick, rules.trade)
    price = price_of(signal.last_close, tick)
    if plan is None or _is_spent(signal, plan, price, tick):
        return None
    evidence = evidence_of(float(price), float(plan.stop), float(plan.target), signal.last_atr)
    freshness = 1 - age / (rules.max_age + 1)
    parts = score_parts(signal, freshness, listed.quote_volume, evidence, rules.weights)
    return Opportunity(
        rank=0,
        divergence=signal.divergence,
        side=signal.divergence.kind.side,
        score=round(10 * sum(part.value * part.weight for part in parts), 2),
        parts=parts,
        evidence=evidence,
        rsi_previous=signal.rsi_previous,
        rsi=signal.rsi,
        pivot_price_previous=price_of(signal.price_previous, tick),
        pivot_price=price_of(signal.price, tick),
        price=price,
        atr_percent=100 * signal.last_atr / signal.last_close,
        stop=plan.stop,
        target=plan.target,
        reward_risk=float(abs(plan.target - price) / abs(price - plan.stop)),
        age=age,
        confirmed_at=interval.close_of(signal.divergence.confirmed),
        quote_volume=listed.quote_volume,
        spread=listed.spread,
        instrument=listed.instrument,
    )


def _is_spent(signal: Signal, plan: TradePlan, price: Decimal, tick: Decimal | None) -> bool:
    """Tell whether stop or target was touched since the confirmation, or the price is there."""
    lowest = min(price_of(signal.lowest_since, tick), price)
    highest = max(price_of(signal.highest_since, tick), price)
    return bool(plan.touched(lowest, highest))
