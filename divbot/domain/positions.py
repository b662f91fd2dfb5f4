"""An open position, and where it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from divbot.domain.durations import MINUTE
from divbot.domain.fills import (
    Basis,
    Candle,
    Costs,
    Fill,
    Quote,
    Reason,
    fill_at_quote,
    slipped,
    worse,
)
from divbot.domain.money import price_above, price_below, round_down, round_up
from divbot.domain.signals import Kind, Side


@dataclass(frozen=True, slots=True)
class Origin:
    """The signal that a position was opened for; times are ms UTC."""

    kind: Kind
    interval: str
    previous_pivot: int
    pivot: int
    confirmed_at: int
    score: float
    price: Decimal
    """The close that the opportunity was measured against."""
    atr_percent: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The candle in which a position was opened, as it stood then.

    What the finished candle shows beyond that came after the entry.
    """

    open_time: int
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """One open trade."""

    trade: int
    symbol: str
    side: Side
    """BUY is long, SELL is short."""
    quantity: Decimal
    entry_price: Decimal
    leverage: int
    margin: Decimal
    """The isolated margin that is left (docs/glossary.md); on spot what was paid."""
    stop: Decimal
    first_stop: Decimal
    target: Decimal
    trail: Decimal | None
    """How far behind the best price the stop follows; None: it stays."""
    liquidation: Decimal | None
    opened_at: int
    checked_until: int
    """All 1m candles that open before this time have been checked."""
    funded_until: int
    """All funding that was due until then has been paid."""
    seen: Seen | None
    tick: Decimal | None
    origin: Origin
    last_price: Decimal
    """What it could be closed at when that was written down last; at first its entry price."""
    last_price_at: int

    @property
    def sign(self) -> int:
        """Return 1 for long, -1 for short."""
        return self.side.sign

    @property
    def exit_side(self) -> Side:
        """Return what closes it."""
        return self.side.opposite

    def profit_at(self, price: Decimal) -> Decimal:
        """Return the profit of closing at `price`, before fees, in whole units."""
        return round_down(self.sign * (price - self.entry_price) * self.quantity)

    def value_at(self, price: Decimal, fee: Decimal = Decimal(0)) -> Decimal:
        """Return what closing at `price` gives back: it loses no more than its own margin."""
        return max(self.margin + self.profit_at(price) - fee, Decimal(0))

    def is_beyond(self, price: Decimal, limit: Decimal) -> bool:
        """Tell whether `price` is at `limit` or worse for this position."""
        return price <= limit if self.side is Side.BUY else price >= limit

    def funded(self, at: int, amount: Decimal, liquidation: Decimal | None) -> Position:
        """Return it after a payment of `amount`, due `at`, that moves its liquidation."""
        return replace(
            self,
            margin=self.margin + amount,
            liquidation=liquidation,
            funded_until=at,
            checked_until=max(self.checked_until, at),
        )

    def trailed(self, at: int, stop: Decimal) -> Position:
        """Return it with the `stop` that the minute `at` moved: it counts from the next one on."""
        return replace(self, stop=stop, checked_until=max(self.checked_until, at + MINUTE))


@dataclass(frozen=True, slots=True)
class Exit:
    """How a position ends."""

    reason: Reason
    fill: Fill


def exit_at_quote(position: Position, quote: Quote, costs: Costs) -> Exit | None:
    """Return how `quote` ends the position; None where it goes on, or where there is no price."""
    if not quote.is_valid:
        return None
    price = quote.touched_by(position.exit_side)
    if position.is_beyond(price, position.stop):
        fill = fill_at_quote(position.exit_side, position.quantity, quote, costs, position.tick)
        return _stopped(position, replace(fill, requested=position.stop))
    if _reaches(position, price):
        return Exit(Reason.TARGET, _at_target(position, quote, costs))
    return None


def exit_in_candle(position: Position, candle: Candle, costs: Costs) -> Exit | None:
    """Return how a final 1m candle of the last price ends the position; None where it goes on."""
    low, high = _after_entry(position, candle)
    worst, best = (low, high) if position.side is Side.BUY else (high, low)
    if worst is not None and position.is_beyond(worst, position.stop):
        return _stopped(position, _at_stop(position, candle, costs))
    if best is not None and _trades_beyond(position, best):
        return Exit(Reason.TARGET, _at_target(position, candle, costs))
    return None


def liquidation_in_candle(position: Position, mark: Candle) -> Exit | None:
    """Return the liquidation that a final 1m candle of the mark price brings; None: none."""
    limit = position.liquidation
    if limit is None or mark.open_time < _minute_after(position.opened_at):
        return None
    worst = mark.low if position.side is Side.BUY else mark.high
    if not position.is_beyond(worst, limit):
        return None
    return Exit(Reason.LIQUIDATION, _filled(position, mark, requested=limit, price=limit))


def close_at(position: Position, quote: Quote, reason: Reason, costs: Costs) -> Exit:
    """Return the position closed at `quote` because somebody decided so."""
    fill = fill_at_quote(position.exit_side, position.quantity, quote, costs, position.tick)
    return _covered(position, reason, fill)


def returned(position: Position, exit_: Exit) -> Decimal:
    """Return what comes back to cash; of a liquidation nothing."""
    if exit_.reason is Reason.LIQUIDATION:
        return Decimal(0)
    return position.value_at(exit_.fill.price, exit_.fill.fee)


def funding_of(position: Position, rate: Decimal, mark_price: Decimal) -> Decimal:
    """Return what a settlement brings (below zero: costs); no more than the margin that is left."""
    value = -position.sign * rate * mark_price * position.quantity
    return max(round_down(value), -position.margin)


def trailed_stop(position: Position, candle: Candle) -> Decimal | None:
    """Return the stop that the best price of `candle` allows from now on; None: the same."""
    if position.trail is None:
        return None
    low, high = _after_entry(position, candle)
    best = high if position.side is Side.BUY else low
    if best is None:
        return None
    # Away from optimism: never nearer to the price than it was meant to be.
    away = price_below if position.side is Side.BUY else price_above
    stop = away(best - position.sign * position.trail, position.tick)
    return stop if position.sign * (stop - position.stop) > 0 else None


def _after_entry(position: Position, candle: Candle) -> tuple[Decimal | None, Decimal | None]:
    """Return the low and high that came after the entry; None where that cannot be told."""
    seen = position.seen
    if seen is None or candle.open_time != seen.open_time:
        is_whole = candle.open_time >= position.opened_at
        return (candle.low, candle.high) if is_whole else (None, None)
    low = candle.low if candle.low < seen.low else None
    return low, (candle.high if candle.high > seen.high else None)


def _reaches(position: Position, price: Decimal) -> bool:
    return position.sign * (price - position.target) >= 0


def _trades_beyond(position: Position, price: Decimal) -> bool:
    return position.sign * (price - position.target) > 0


def _at_stop(position: Position, candle: Candle, costs: Costs) -> Fill:
    # The open came before the entry where the candle is the one of the entry.
    is_gap = candle.open_time >= position.opened_at
    side, stop = position.exit_side, position.stop
    found = worse(side, stop, candle.open) if is_gap else stop
    price = slipped(side, found, costs.slippage, position.tick)
    return _filled(
        position,
        candle,
        requested=stop,
        price=price,
        fee=round_up(price * position.quantity * costs.fee),
        slippage=round_up(abs(price - found) * position.quantity),
    )


def _at_target(position: Position, found: Quote | Candle, costs: Costs) -> Fill:
    fee = round_up(position.target * position.quantity * costs.fee)
    return _filled(position, found, requested=position.target, price=position.target, fee=fee)


def _filled(
    position: Position,
    found: Quote | Candle,
    *,
    requested: Decimal,
    price: Decimal,
    fee: Decimal = Decimal(0),
    slippage: Decimal = Decimal(0),
) -> Fill:
    """Return the order that closes `position`, filled against what was `found`."""
    if isinstance(found, Quote):
        basis, at, spread = Basis.QUOTE, found.at, found.ask - found.bid
        basis_at = at
        prices: tuple[Decimal, ...] = (found.bid, found.ask)
    else:
        basis, at, spread = Basis.CANDLE, found.open_time, Decimal(0)
        basis_at = found.known_since
        prices = (found.open, found.high, found.low, found.close)
    return Fill(
        at=max(at, position.opened_at),
        side=position.exit_side,
        quantity=position.quantity,
        requested=requested,
        price=price,
        fee=fee,
        slippage=slippage,
        spread=spread,
        basis=basis,
        basis_at=basis_at,
        basis_prices=prices,
    )


def _stopped(position: Position, fill: Fill) -> Exit:
    moved = position.stop != position.first_stop
    return _covered(position, Reason.TRAILING_STOP if moved else Reason.STOP, fill)


def _covered(position: Position, reason: Reason, fill: Fill) -> Exit:
    """Return the exit, which is a liquidation where its price is the worse of the two."""
    limit = position.liquidation
    if limit is None or not position.is_beyond(fill.price, limit):
        return Exit(reason, fill)
    wiped_out = replace(fill, price=limit, fee=Decimal(0), slippage=Decimal(0))
    return Exit(Reason.LIQUIDATION, wiped_out)


def _minute_after(time: int) -> int:
    return -(-time // MINUTE) * MINUTE
