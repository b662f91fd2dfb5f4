"""How much to trade: a fixed part of the equity at risk, within what account and venue allow. Pure.

The quantity is the money at risk over what one piece loses at a plain stop, costs and all
(divbot.domain.risk). On spot, what is left over of the symbol is counted first. Leverage is lowered
until the liquidation price lies well beyond the stop, so that it is the stop that ends a trade.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from divbot.domain.events import Entered
from divbot.domain.fills import Costs, Fill, Quote, fill_at_quote, slipped
from divbot.domain.ledger import Ledger
from divbot.domain.margin import MAX_LEVERAGE, liquidation_on_tick, liquidation_price
from divbot.domain.market import Instrument, Market
from divbot.domain.money import price_above, quantity_below, round_up
from divbot.domain.positions import Origin, Seen
from divbot.domain.risk import Limit, loss_at_stop
from divbot.domain.signals import Opportunity, Side

_BUFFER = Decimal("0.05")
"""Of the distance from entry to liquidation: how far beyond the stop the latter must lie."""

_MUCH = Decimal("0.9")
"""Of a quantity: where less is left, it was the rounding to a step that limited it."""


@dataclass(frozen=True, slots=True)
class SizingRules:
    """How much may be risked."""

    market: Market
    risk: Decimal
    """Part of the equity that is lost at a plain stop, costs and all."""
    leverage: int
    """The most on futures; spot has none."""
    min_reward_risk: Decimal
    """The least that an entry must promise at the price it would get."""
    trail_atr: Decimal | None
    """How far behind the best price a stop follows, in ATRs of the entry; None: it stays."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an opportunity is not taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """What is wanted: an opportunity, and what the whole account is worth that pays for it."""

    opportunity: Opportunity
    interval: str
    equity: Decimal


def enter(
    entry: EntryRequest,
    quote: Quote,
    seen: Seen | None,
    ledger: Ledger,
    costs: Costs,
    rules: SizingRules,
) -> Entered | Refusal:
    """Return the position that `entry` opens at `quote`, or why it opens none."""
    opportunity = entry.opportunity
    symbol, instrument = opportunity.divergence.symbol, opportunity.instrument
    if instrument is None or not instrument.is_traded:
        return Refusal("it is not traded")
    if not quote.is_valid:
        return Refusal("nobody bids, or nobody asks")
    side = opportunity.side
    price = slipped(side, quote.touched_by(side), costs.slippage, instrument.tick_size)
    if refused := _bad_price(opportunity, price, costs, rules):
        return Refusal(refused)
    leverage = _leverage(side, price, opportunity.stop, rules)
    dust = ledger.dust[symbol].quantity if symbol in ledger.dust else Decimal(0)
    most = _most(entry, price, leverage, ledger.cash, dust, costs, rules)
    quantity, limit = _largest(most, instrument)
    if refused := _too_small(quantity, price, instrument):
        return Refusal(f"{refused} (limited by {limit.value})")
    fill = fill_at_quote(side, quantity, quote, costs, instrument.tick_size)
    # Fee and margin are both rounded up: of all the cash a unit may be missing for the latter.
    margin = min(round_up(fill.notional / leverage), ledger.cash - fill.fee)
    held, left = quantity, Decimal(0)
    paid = margin + fill.fee
    if rules.market is Market.SPOT:
        held, left, fill = _bought(fill, dust, costs, instrument)
        margin, paid = round_up(held * fill.price), round_up(fill.notional)
        if refused := _too_small(held, price, instrument):
            return Refusal(f"{refused} (limited by {limit.value})")
    is_futures = rules.market is Market.USDM
    return Entered(
        at=quote.at,
        trade=ledger.next_trade,
        symbol=symbol,
        fill=fill,
        quantity=held,
        leverage=leverage,
        margin=margin,
        stop=opportunity.stop,
        target=opportunity.target,
        trail=_trail(opportunity, rules),
        liquidation=liquidation_on_tick(side, held, fill.price, margin, instrument.tick_size)
        if is_futures
        else None,
        seen=seen,
        tick=instrument.tick_size,
        origin=_origin(entry),
        risk=round_up(_loss(opportunity, held, fill.price, costs, paid=fill.fee)),
        limited_by=limit,
        paid=paid,
        dust=left,
    )


def _bad_price(opportunity: Opportunity, price: Decimal, costs: Costs, rules: SizingRules) -> str:
    """Return why `price` is none to enter at; empty where it is one.

    Costs count: a stop of a few ticks promises the best ratio, and loses to the fees.
    """
    sign = opportunity.side.sign
    risk, reward = sign * (price - opportunity.stop), sign * (opportunity.target - price)
    if risk <= 0 or reward <= 0:
        return "the price is beyond its stop or its target"
    fees, slippage = 2 * costs.fee * price, costs.slippage * price
    if risk < fees + slippage:
        return f"its stop is nearer to {price} than what a trade costs"
    won = reward - fees
    lost = _loss(opportunity, Decimal(1), price, costs, paid=costs.fee * price)
    if won < rules.min_reward_risk * lost:
        return f"reward to risk is {won / lost:.2f} at {price}, costs and all: too little"
    return ""


def _leverage(side: Side, price: Decimal, stop: Decimal, rules: SizingRules) -> int:
    """Return the most leverage whose liquidation price lies beyond the stop, with a buffer."""
    if rules.market is Market.SPOT:
        return 1
    for leverage in range(min(rules.leverage, MAX_LEVERAGE), 1, -1):
        limit = liquidation_price(side, Decimal(1), price, price / leverage)
        if limit is None or side.sign * (stop - limit) >= _BUFFER * abs(price - limit):
            return leverage
    return 1


def _most(
    entry: EntryRequest,
    price: Decimal,
    leverage: int,
    cash: Decimal,
    dust: Decimal,
    costs: Costs,
    rules: SizingRules,
) -> dict[Limit, Decimal]:
    """Return the most that each limit lets be ordered at `price`, where `dust` is held already."""
    opportunity, is_spot = entry.opportunity, rules.market is Market.SPOT
    # On spot the fee is a part of what is bought, and no cost besides.
    part_held = 1 - costs.fee if is_spot else Decimal(1)
    piece = price * (1 / Decimal(leverage) + (0 if is_spot else costs.fee))
    of_dust = _loss(opportunity, dust, price, costs, paid=Decimal(0))
    of_piece = _loss(opportunity, part_held, price, costs, paid=costs.fee * price)
    wanted = (rules.risk * entry.equity - of_dust) / of_piece
    is_rest = is_spot or entry.equity >= wanted * piece
    return {Limit.RISK: wanted, Limit.CASH if is_rest else Limit.LEVERAGE: cash / piece}


def _loss(
    opportunity: Opportunity, quantity: Decimal, price: Decimal, costs: Costs, *, paid: Decimal
) -> Decimal:
    tick = opportunity.instrument.tick_size if opportunity.instrument else None
    return loss_at_stop(opportunity.side, quantity, price, opportunity.stop, costs, tick, paid=paid)


def _largest(most: dict[Limit, Decimal], instrument: Instrument) -> tuple[Decimal, Limit]:
    """Return the largest quantity that all limits allow, and the one that allows no larger."""
    if instrument.max_quantity:
        most = most | {Limit.QUANTITY: instrument.max_quantity}
    limit = min(most, key=most.__getitem__)
    allowed = max(most[limit], Decimal(0))
    quantity = quantity_below(allowed, instrument.step_size)
    return quantity, Limit.STEP if quantity < _MUCH * allowed else limit


def _too_small(quantity: Decimal, price: Decimal, instrument: Instrument) -> str:
    if quantity <= 0 or quantity < instrument.min_quantity:
        return f"a quantity of {quantity} is below the venue's least, {instrument.min_quantity}"
    if price * quantity < instrument.min_notional:
        return f"worth {price * quantity:.2f}, the venue's least is {instrument.min_notional}"
    return ""


def _bought(
    fill: Fill, dust: Decimal, costs: Costs, instrument: Instrument
) -> tuple[Decimal, Decimal, Fill]:
    """Return what can be sold again of a spot purchase and `dust`, what is left over, and its fill.

    The fee is taken from what was bought; less than a whole step cannot be sold, and stays.
    """
    received = quantity_below(fill.quantity * (1 - costs.fee), None)
    held = quantity_below(received + dust, instrument.step_size)
    fee = round_up((fill.quantity - received) * fill.price)
    return held, received + dust - held, replace(fill, fee=fee)


def _trail(opportunity: Opportunity, rules: SizingRules) -> Decimal | None:
    if rules.trail_atr is None:
        return None
    atr = opportunity.price * Decimal(repr(opportunity.atr_percent)) / 100
    tick = opportunity.instrument.tick_size if opportunity.instrument else None
    return price_above(rules.trail_atr * atr, tick)


def _origin(entry: EntryRequest) -> Origin:
    opportunity = entry.opportunity
    return Origin(
        kind=opportunity.divergence.kind,
        interval=entry.interval,
        previous_pivot=opportunity.divergence.previous_pivot,
        pivot=opportunity.divergence.pivot,
        confirmed_at=opportunity.confirmed_at,
        score=opportunity.score,
        price=opportunity.price,
        atr_percent=opportunity.atr_percent,
    )
