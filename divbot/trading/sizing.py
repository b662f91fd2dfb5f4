"""How much to trade: a fixed part of the equity at risk, within what account and venue allow. Pure.

The quantity is the money at risk over the distance from the entry to the stop. Leverage is lowered
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
from divbot.domain.money import cost, price_above, quantity_below
from divbot.domain.positions import Origin, Seen
from divbot.domain.signals import Opportunity, Side

_BUFFER = Decimal("0.05")
"""Of the distance from entry to liquidation: how far beyond the stop the latter must lie."""


@dataclass(frozen=True, slots=True)
class SizingRules:
    """How much may be risked."""

    market: Market
    risk: Decimal
    """Part of the equity that is lost at the stop, before costs."""
    leverage: int
    """The most on futures; spot has none."""
    min_reward_risk: Decimal
    """The least that an entry must promise at the price it would get."""
    trail_atr: Decimal | None
    """How far behind the best price a stop follows, in ATRs of the entry; None: it stays."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an opportunity is not taken."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is wanted: an opportunity, and the part of the account that pays for it."""

    opportunity: Opportunity
    interval: str
    equity: Decimal


def enter(
    entry: Entry, quote: Quote, seen: Seen | None, ledger: Ledger, costs: Costs, rules: SizingRules
) -> Entered | Refusal:
    """Return the position that `entry` opens at `quote`, or why it opens none."""
    opportunity = entry.opportunity
    symbol, instrument = opportunity.divergence.symbol, opportunity.instrument
    if instrument is None or instrument.status != "TRADING":
        return Refusal(symbol, "it is not traded")
    if not quote.is_valid:
        return Refusal(symbol, "nobody bids, or nobody asks")
    side = opportunity.side
    touched = quote.ask if side is Side.BUY else quote.bid
    price = slipped(side, touched, costs.slippage, instrument.tick_size)
    if refused := _bad_price(opportunity, price, costs, rules):
        return Refusal(symbol, refused)
    leverage = _leverage(side, price, opportunity.stop, rules)
    wanted = rules.risk * entry.equity / abs(price - opportunity.stop)
    # On spot the fee is a part of what is bought, and no cost besides.
    fee = Decimal(0) if rules.market is Market.SPOT else costs.fee
    quantity = _affordable(wanted, price, leverage, ledger.cash, fee, instrument)
    if refused := _too_small(quantity, price, instrument):
        return Refusal(symbol, refused)
    fill = fill_at_quote(side, quantity, quote, costs, instrument.tick_size)
    if rules.market is Market.SPOT:
        held, fill, margin = _bought(fill, costs, instrument)
        if refused := _too_small(held, price, instrument):
            return Refusal(symbol, refused)
    else:
        held, margin = quantity, cost(fill.notional / leverage)
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
    )


def _bad_price(opportunity: Opportunity, price: Decimal, costs: Costs, rules: SizingRules) -> str:
    """Return why `price` is none to enter at; empty where it is one.

    Costs count: a stop of a few ticks promises the best ratio, and loses to the fees.
    """
    sign = 1 if opportunity.side is Side.BUY else -1
    risk, reward = sign * (price - opportunity.stop), sign * (opportunity.target - price)
    if risk <= 0 or reward <= 0:
        return "the price is beyond its stop or its target"
    fees, slippage = 2 * costs.fee * price, costs.slippage * price
    if risk < fees + slippage:
        return f"its stop is nearer to {price} than what a trade costs"
    lost, won = risk + fees + slippage, reward - fees
    if won < rules.min_reward_risk * lost:
        return f"reward to risk is {won / lost:.2f} at {price}, costs and all: too little"
    return ""


def _leverage(side: Side, price: Decimal, stop: Decimal, rules: SizingRules) -> int:
    """Return the most leverage whose liquidation price lies beyond the stop, with a buffer."""
    if rules.market is Market.SPOT:
        return 1
    sign = 1 if side is Side.BUY else -1
    for leverage in range(min(rules.leverage, MAX_LEVERAGE), 1, -1):
        limit = liquidation_price(side, Decimal(1), price, price / leverage)
        if limit is None or sign * (stop - limit) >= _BUFFER * abs(price - limit):
            return leverage
    return 1


def _affordable(
    wanted: Decimal,
    price: Decimal,
    leverage: int,
    cash: Decimal,
    fee: Decimal,
    instrument: Instrument,
) -> Decimal:
    """Return the quantity that cash pays margin and fee of, and that the venue takes at once."""
    most = cash / (price * (1 / Decimal(leverage) + fee))
    quantity = min(wanted, most, instrument.max_quantity or wanted)
    return quantity_below(quantity, instrument.step_size)


def _too_small(quantity: Decimal, price: Decimal, instrument: Instrument) -> str:
    if quantity <= 0 or quantity < instrument.min_quantity:
        return f"a quantity of {quantity} is below the venue's least, {instrument.min_quantity}"
    if price * quantity < instrument.min_notional:
        return f"worth {price * quantity:.2f}, the venue's least is {instrument.min_notional}"
    return ""


def _bought(fill: Fill, costs: Costs, instrument: Instrument) -> tuple[Decimal, Fill, Decimal]:
    """Return what can be sold again of a spot purchase, its fill, and what that part cost.

    The fee is taken from what was bought; what is left over from a whole step is lost with it.
    """
    held = quantity_below(fill.quantity * (1 - costs.fee), instrument.step_size)
    paid, kept = cost(fill.notional), cost(held * fill.price)
    return held, replace(fill, fee=paid - kept), kept


def _trail(opportunity: Opportunity, rules: SizingRules) -> Decimal | None:
    if rules.trail_atr is None:
        return None
    atr = opportunity.price * Decimal(repr(opportunity.atr_percent)) / 100
    tick = opportunity.instrument.tick_size if opportunity.instrument else None
    return price_above(rules.trail_atr * atr, tick)


def _origin(entry: Entry) -> Origin:
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
