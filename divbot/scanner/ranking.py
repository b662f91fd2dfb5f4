"""From signals to opportunities: a plan, a score, an order.

The plan is made at the close that confirmed the divergence: the stop lies beyond the later pivot
by a part of the ATR, the target at a multiple of that risk. The score says how marked, how
extreme and how fresh the divergence is; its parts and weights are in SCORE_WEIGHTS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from divbot.domain.market import Interval
from divbot.domain.money import price_above, price_below, price_of
from divbot.domain.signals import Kind, Opportunity, ScorePart, Side, Signal
from divbot.scanner.port import Listed

SCORE_WEIGHTS = {"rsi": 0.35, "price": 0.25, "zone": 0.25, "freshness": 0.15}
"""How much each part counts; together 1.

- rsi: how far the RSI of the two pivots lies apart; full at 20 points.
- price: how far their prices lie apart; full at 3 ATRs.
- zone: how extreme the more extreme RSI is; none at 50, full at 30 (BUY) or 70 (SELL).
- freshness: full on the confirming candle, none once too old to be shown.
"""
_FULL_RSI = 20.0
_FULL_PRICE_ATRS = 3.0
_MIDDLE_RSI = 50.0
_FULL_ZONE = 20.0


@dataclass(frozen=True, slots=True)
class RankingRules:
    """What counts as an opportunity, and how it would be traded."""

    kinds: frozenset[Kind]
    sides: frozenset[Side]
    max_age: int
    stop_atr: float
    reward_risk: float


class Plan(NamedTuple):
    """Where to get out; valid prices of the venue."""

    stop: Decimal
    target: Decimal


def rank(
    signals: Iterable[Signal],
    listed: Mapping[str, Listed],
    rules: RankingRules,
    interval: Interval,
    age_of: Callable[[Signal], int],
) -> tuple[Opportunity, ...]:
    """Return what can still be traded, the best first; equal scores by symbol, then by kind."""
    found = [
        opportunity
        for signal in signals
        if signal.divergence.kind in rules.kinds
        and signal.divergence.kind.side in rules.sides
        and age_of(signal) <= rules.max_age
        and (
            opportunity := _opportunity(
                signal, listed[signal.divergence.symbol], rules, interval, age_of(signal)
            )
        )
    ]
    found.sort(key=lambda x: (-x.score, x.divergence.symbol, x.divergence.kind, -x.confirmed_at))
    return tuple(replace(x, rank=number) for number, x in enumerate(found, 1))


def plan_of(signal: Signal, tick: Decimal | None, rules: RankingRules) -> Plan | None:
    """Return stop and target, both rounded away from optimism; None where there is no risk left.

    There is none when the price closed beyond the stop before the divergence was confirmed.
    """
    is_buy = signal.divergence.kind.side is Side.BUY
    margin = rules.stop_atr * signal.confirmed_atr
    stop = signal.price - margin if is_buy else signal.price + margin
    target = signal.confirmed_close + rules.reward_risk * (signal.confirmed_close - stop)
    if (signal.confirmed_close > stop) is not is_buy:
        return None
    if is_buy:
        plan = Plan(price_below(stop, tick), price_above(target, tick))
    else:
        plan = Plan(price_above(stop, tick), price_below(target, tick))
    return plan if plan.stop > 0 and plan.target > 0 else None


def _opportunity(
    signal: Signal, listed: Listed, rules: RankingRules, interval: Interval, age: int
) -> Opportunity | None:
    tick = listed.instrument.tick_size if listed.instrument else None
    plan = plan_of(signal, tick, rules)
    price = price_of(signal.last_close, tick)
    if plan is None or _is_spent(signal, plan, price, tick):
        return None
    parts = _score_parts(signal, age, rules.max_age)
    return Opportunity(
        rank=0,
        divergence=signal.divergence,
        side=signal.divergence.kind.side,
        score=round(10 * sum(part.value * part.weight for part in parts), 2),
        parts=parts,
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


def _is_spent(signal: Signal, plan: Plan, price: Decimal, tick: Decimal | None) -> bool:
    """Tell whether stop or target was touched since the confirmation, or the price is there."""
    lowest = min(price_of(signal.lowest_since, tick), price)
    highest = max(price_of(signal.highest_since, tick), price)
    if signal.divergence.kind.side is Side.BUY:
        return lowest <= plan.stop or highest >= plan.target
    return highest >= plan.stop or lowest <= plan.target


def _score_parts(signal: Signal, age: int, max_age: int) -> tuple[ScorePart, ...]:
    if signal.divergence.kind.side is Side.BUY:
        depth = _MIDDLE_RSI - min(signal.rsi_previous, signal.rsi)
    else:
        depth = max(signal.rsi_previous, signal.rsi) - _MIDDLE_RSI
    distance = abs(signal.price - signal.price_previous)
    values = {
        "rsi": abs(signal.rsi - signal.rsi_previous) / _FULL_RSI,
        "price": distance / (_FULL_PRICE_ATRS * signal.confirmed_atr),
        "zone": depth / _FULL_ZONE,
        "freshness": 1 - age / (max_age + 1),
    }
    return tuple(
        ScorePart(name, min(max(values[name], 0.0), 1.0), weight)
        for name, weight in SCORE_WEIGHTS.items()
    )
