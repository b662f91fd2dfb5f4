"""What an entry must keep to: its price, its costs, its size, its leverage and its signal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.oracles.paper_checker.fate import Position
from tests.oracles.paper_checker.market import Market, Terms
from tests.oracles.paper_checker.rows import Account
from tests.oracles.paper_checker.rules import (
    Rules,
    down,
    is_far,
    liquidated_at,
    liquidation_price,
    slipped,
    up,
)

Expect = Callable[[str, object, object], None]
"""Tells what, what was expected, and what was found."""
WARM_UP = 499
"""Candles before a signal that its RSI is worked out from."""
ALIKE = 0.05
"""How far two RSIs may differ that begin at different candles."""


def check_entry(
    body: dict[str, Any],
    position: Position,
    account: Account,
    equity: tuple[Decimal, Decimal],
    terms: Terms,
    rules: Rules,
    expect: Expect,
) -> None:
    """Expect all that follows from the quote and the signal of an entry."""
    fill = body["fill"]
    bought = Decimal(fill["quantity"])
    bid, ask = map(Decimal, fill["basis_prices"])
    requested = ask if position.sign > 0 else bid
    price = slipped(requested, position.sign, rules.slippage, terms.tick)
    expect("requested", requested, Decimal(fill["requested"]))
    expect("price", price, position.entry)
    expect("slippage", up(abs(price - requested) * bought), position.slippage)
    expect("spread", ask - bid, position.spread)
    expect("basis", ("quote", body["at"]), (fill["basis"], fill["at"]))
    expect("tick", terms.tick, position.tick)
    _check_amounts(body, bought, position, account, rules, terms, expect)
    _check_terms(bought, position, terms, expect)
    _check_size(bought, position, account, equity, terms, rules, expect)
    if not rules.is_spot:
        _check_leverage(position, rules, expect)


def _check_amounts(
    body: dict[str, Any],
    bought: Decimal,
    position: Position,
    account: Account,
    rules: Rules,
    terms: Terms,
    expect: Expect,
) -> None:
    notional = bought * position.entry
    if rules.is_spot:
        received = down((1 - rules.fee) * bought)
        there = received + left_over(account, position.symbol)
        held = down(there, terms.step)
        margin = up(held * position.entry)
        fee = up((bought - received) * position.entry)
        limit = None
        expect("dust", there - held, Decimal(body["dust"]))
        expect("paid", up(notional), Decimal(body["paid"]))
        expect("a side", 1, position.sign)
        expect("leverage", 1, position.leverage)
    else:
        held, margin, fee = bought, up(notional / position.leverage), up(notional * rules.fee)
        limit = liquidated_at(position.sign, margin, held, position.entry, position.tick)
        expect("dust", Decimal(0), Decimal(body["dust"]))
        expect("paid", margin + fee, Decimal(body["paid"]))
    expect("quantity held", held, position.quantity)
    expect("margin", margin, position.margin)
    expect("fee", fee, position.fee)
    found = body["liquidation"]
    expect("liquidation", limit, None if found is None else Decimal(found))
    expect("risk", up(_lost(held, fee, position, rules)), Decimal(body["risk"]))


def _check_terms(bought: Decimal, position: Position, terms: Terms, expect: Expect) -> None:
    for name in ("entry", "stop", "target"):
        expect(f"{name} on the tick", Decimal(0), getattr(position, name) % terms.tick)
    expect("quantity on the step", Decimal(0), bought % terms.step)
    expect("a quantity that the venue takes", True, terms.least <= bought <= terms.most)
    is_enough = bought * position.entry >= terms.least_notional
    expect("a notional that the venue takes", True, is_enough)
    prices = position.stop, position.entry, position.target
    stop, entry, target = (position.sign * each for each in prices)
    expect("stop and target around the entry", True, stop < entry < target)


def _check_size(
    bought: Decimal,
    position: Position,
    account: Account,
    equity: tuple[Decimal, Decimal],
    terms: Terms,
    rules: Rules,
    expect: Expect,
) -> None:
    def fits(quantity: Decimal, equity: Decimal) -> bool:
        notional = quantity * position.entry
        paid = (
            up(notional)
            if rules.is_spot
            else up(notional / position.leverage) + up(notional * rules.fee)
        )
        fee = quantity * rules.fee * position.entry
        dust = left_over(account, position.symbol)
        held = quantity * (1 - rules.fee) + dust if rules.is_spot else quantity
        risked = _lost(held, fee, position, rules)
        return risked <= rules.risk * equity and paid <= account.cash and quantity <= terms.most

    least, most = equity
    expect(f"a quantity that fits, {bought}", True, fits(bought, most))
    expect(f"no larger one than {bought} to fit", False, fits(bought + terms.step, least))


def _lost(held: Decimal, fee: Decimal, position: Position, rules: Rules) -> Decimal:
    """Return what a stop at its own price takes, the fee of the entry included."""
    out = slipped(position.stop, -position.sign, rules.slippage, position.tick)
    return held * (position.sign * (position.entry - out) + rules.fee * out) + fee


def left_over(account: Account, symbol: str) -> Decimal:
    """Return what is held of a symbol besides positions."""
    return account.dust[symbol].quantity if symbol in account.dust else Decimal(0)


def _check_leverage(position: Position, rules: Rules, expect: Expect) -> None:
    def holds(leverage: int) -> bool:
        margin = up(position.quantity * position.entry / leverage)
        limit = liquidation_price(position.sign, margin, position.quantity, position.entry)
        return is_far(position.sign, position.entry, position.stop, limit)

    allowed = next((each for each in range(rules.leverage, 0, -1) if holds(each)), 1)
    expect("leverage", allowed, position.leverage)


def check_signal(
    body: dict[str, Any], position: Position, market: Market, rules: Rules, expect: Expect
) -> None:
    """Expect a divergence that the candles show, known before the entry."""
    origin = body["origin"]
    known, pivot, previous = (origin[x] for x in ("confirmed_at", "pivot", "previous_pivot"))
    expect("a signal known before the entry", True, known <= body["fill"]["basis_at"])
    expect("a signal known before the entry is decided", True, known <= body["at"])
    expect("when it was confirmed", pivot + 6 * rules.interval, known)
    expect("pivots 6 to 61 candles apart", True, 6 <= (pivot - previous) / rules.interval <= 61)
    expect("its side", 1 if origin["kind"].endswith("bullish") else -1, position.sign)
    if rules.interval != market.length:
        return
    history = market.before(position.symbol, known, WARM_UP)
    places = {each.open_time: place for place, each in enumerate(history)}
    if pivot not in places or previous not in places:
        expect("candles at both pivots", True, False)
        return
    rsi = _rsi([float(each.close) for each in history])
    first, second = places[previous], places[pivot]
    sign = position.sign
    edge = [sign * (each.low if sign > 0 else each.high) for each in history]
    level = [sign * each for each in rsi]
    is_regular = origin["kind"].startswith("regular")
    expect("price between the pivots", is_regular, edge[second] < edge[first])
    expect("two different prices", True, edge[second] != edge[first])
    strength = (level[second] - level[first]) * (1 if is_regular else -1)
    expect("RSI between the pivots", True, strength > -ALIKE)
    for place in (first, second):
        around = level[place - 5 : place + 6]
        expect("a pivot of the RSI", True, len(around) == 11 and level[place] < min(around) + ALIKE)
    between = range(first + 6, second)
    nearer = [x for x in between if level[x] < min(level[x - 5 : x] + level[x + 1 : x + 6]) - ALIKE]
    expect("no pivot between the two", [], [x for x in nearer if x + 5 < len(level)])


def _rsi(closes: list[float], period: int = 14) -> list[float]:
    """Return Wilder's RSI; of the warm-up 50, which is no extreme."""
    changes = [after - before for before, after in pairwise(closes)]
    rise = sum(max(each, 0.0) for each in changes[:period]) / period
    fall = sum(max(-each, 0.0) for each in changes[:period]) / period
    found = [50.0] * period + [_level(rise, fall)]
    for each in changes[period:]:
        rise = (rise * (period - 1) + max(each, 0.0)) / period
        fall = (fall * (period - 1) + max(-each, 0.0)) / period
        found.append(_level(rise, fall))
    return found


def _level(rise: float, fall: float) -> float:
    return 100.0 if fall <= 1e-10 else 100.0 - 100.0 / (1.0 + rise / fall)
