"""What must become of a position if nobody looks at quotes: minute by minute, over candles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracles.paper_checker.market import MINUTE, Candle, Funding, Market
from tests.oracles.paper_checker.rules import (
    Rules,
    down,
    gained,
    liquidated_at,
    slipped,
    up,
)


@dataclass(frozen=True, slots=True)
class Exit:
    """How a position ends."""

    reason: str
    at: int
    requested: Decimal
    base: Decimal
    """What slippage is counted from."""
    price: Decimal
    fee: Decimal
    candle: Candle | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A settlement of funding, and what it leaves."""

    funding: Funding
    amount: Decimal
    liquidation: Decimal | None


@dataclass(slots=True)
class Position:
    """A position as it was entered, and what has become of it by now."""

    trade: int
    symbol: str
    kind: str
    sign: int
    at: int
    seq: int
    quantity: Decimal
    entry: Decimal
    margin: Decimal
    fee: Decimal
    slippage: Decimal
    spread: Decimal
    leverage: int
    stop: Decimal
    target: Decimal
    seen: dict[str, Decimal] | None
    seen_open: int
    tick: Decimal
    funded: list[Paid] = field(default_factory=list)
    reason: str = ""
    closed_at: int = 0
    closed_seq: int = 0
    exit: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    profit: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """Return the margin that is left after funding."""
        return self.margin + sum((each.amount for each in self.funded), Decimal(0))

    def worth(self, price: Decimal) -> Decimal:
        """Return what closing at `price` would leave, without costs."""
        return max(self.left + gained(self.sign, self.entry, price, self.quantity), Decimal(0))

    def returned(self, exit: Exit) -> Decimal:
        """Return what comes back to cash."""
        if exit.reason == "liquidation":
            return Decimal(0)
        won = gained(self.sign, self.entry, exit.price, self.quantity)
        return max(self.left + won - exit.fee, Decimal(0))


def schedule(position: Position, fundings: Sequence[Funding], rules: Rules) -> list[Paid]:
    """Return all that the position would pay or receive while it is held."""
    wallet = position.margin
    paid: list[Paid] = []
    for each in fundings:
        if rules.is_spot or each.due <= position.at:
            continue
        amount = down(-position.sign * each.rate * each.mark * position.quantity)
        wallet += amount
        liquidation = liquidated_at(
            position.sign, wallet, position.quantity, position.entry, position.tick
        )
        paid.append(Paid(each, amount, liquidation))
    return paid


def fate(position: Position, market: Market, rules: Rules, due: Sequence[Paid]) -> Exit | None:
    """Return the first exit that candles bring about; None where they bring none."""
    limit = start_of(position, rules)
    waiting = list(due)
    for candle in market.since(position.symbol, position.at // market.length * market.length):
        while waiting and waiting[0].funding.due <= candle.open_time:
            limit = waiting.pop(0).liquidation
        mark = market.marks.get(position.symbol, {}).get(candle.open_time)
        found = _exit_in(position, candle, mark, limit, rules, market.length)
        if found is not None:
            return found
    return None


def start_of(position: Position, rules: Rules) -> Decimal | None:
    """Return where the position is liquidated before any funding."""
    if rules.is_spot:
        return None
    return liquidated_at(
        position.sign, position.margin, position.quantity, position.entry, position.tick
    )


def _exit_in(
    position: Position,
    candle: Candle,
    mark: Candle | None,
    limit: Decimal | None,
    rules: Rules,
    length: int,
) -> Exit | None:
    # Its last minute is when it had happened for sure.
    at = max(candle.open_time + length - MINUTE, position.at)
    worst, best = _since_entry(position, candle)
    if worst is not None and position.sign * (worst - position.stop) <= 0:
        # The open of the minute of the entry came before the entry: it is no gap.
        opened = position.stop if candle.open_time < position.at else candle.open
        base = min(position.sign * position.stop, position.sign * opened) * position.sign
        return sold_at(position, "stop", at, base, limit, rules, candle)
    if limit is not None and mark is not None and mark.open_time >= position.at:
        mark_worst = mark.low if position.sign > 0 else mark.high
        if position.sign * (mark_worst - limit) <= 0:
            return liquidated(at, limit, limit, mark)
    if best is not None and position.sign * (best - position.target) > 0:
        return reached(position, at, rules, candle)
    return None


def _since_entry(position: Position, candle: Candle) -> tuple[Decimal | None, Decimal | None]:
    """Return the worst and the best price that can only have come after the entry."""
    worst, best = (candle.low, candle.high)[:: position.sign]
    if candle.open_time >= position.at:
        return worst, best
    if position.seen is None or position.seen_open != candle.open_time:
        return None, None
    seen_worst, seen_best = (position.seen["low"], position.seen["high"])[:: position.sign]
    return (
        worst if position.sign * (worst - seen_worst) < 0 else None,
        best if position.sign * (best - seen_best) > 0 else None,
    )


def sold_at(
    position: Position,
    reason: str,
    at: int,
    base: Decimal,
    limit: Decimal | None,
    rules: Rules,
    candle: Candle | None = None,
) -> Exit:
    """Return the exit by a market order where the best price is `base`."""
    price = slipped(base, -position.sign, rules.slippage, position.tick)
    requested = position.stop if reason == "stop" else base
    if limit is not None and position.sign * (price - limit) <= 0:
        return liquidated(at, requested, limit, candle)
    return Exit(
        reason, at, requested, base, price, up(price * position.quantity * rules.fee), candle
    )


def reached(position: Position, at: int, rules: Rules, candle: Candle | None = None) -> Exit:
    """Return the exit at the target."""
    price = position.target
    fee = up(price * position.quantity * rules.fee)
    return Exit("target", at, price, price, price, fee, candle)


def liquidated(at: int, requested: Decimal, limit: Decimal, candle: Candle | None) -> Exit:
    """Return the end of a position that nothing is left of."""
    return Exit("liquidation", at, requested, limit, limit, Decimal(0), candle)
