"""How orders are filled: against a quote or a candle, and always at the worse of two prices. Pure.

- At a quote: across the spread, plus slippage.
- A stop fills once it is touched, at the worse of its price and the candle's open (or the quote),
  plus slippage: it is a market order by then.
- A target fills once the market trades beyond it, at its own price: it is a resting limit order.
- Stop before target when one candle holds both; liquidation before a stop that would fill beyond
  the liquidation price.
- Every fill pays the taker fee.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from divbot.domain.money import price_above, price_below, round_up
from divbot.domain.signals import Side


class Basis(StrEnum):
    """What a fill was made against."""

    QUOTE = "quote"
    CANDLE = "candle"


class Reason(StrEnum):
    """Why a position was closed."""

    STOP = "stop"
    TRAILING_STOP = "trailing_stop"
    TARGET = "target"
    HOLDING_TIME = "holding_time"
    OPPOSITE = "opposite"
    DELISTING = "delisting"
    LIQUIDATION = "liquidation"


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask, and when they were seen (ms UTC)."""

    bid: Decimal
    ask: Decimal
    at: int
    is_fresh: bool = True
    """False: nobody knows whether the last price there was still holds; none to enter at."""

    @property
    def is_valid(self) -> bool:
        """Tell whether one could trade at it; a price of zero is no price."""
        return 0 < self.bid <= self.ask

    @property
    def middle(self) -> Decimal:
        """Return the price halfway between bid and ask."""
        return (self.bid + self.ask) / 2

    def touched_by(self, side: Side) -> Decimal:
        """Return the price that a market order finds: the ask to buy, the bid to sell."""
        return self.ask if side is Side.BUY else self.bid


@dataclass(frozen=True, slots=True)
class Candle:
    """One final 1m candle."""

    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    since: int | None = field(default=None, kw_only=True)
    """When a longer candle opened that ends with this one, and whose prices these are."""

    @property
    def known_since(self) -> int:
        """Return from when on its prices may have been traded."""
        return self.open_time if self.since is None else self.since


@dataclass(frozen=True, slots=True)
class Costs:
    """What every fill costs besides the spread; both as a part of the price."""

    fee: Decimal
    slippage: Decimal


@dataclass(frozen=True, slots=True)
class Fill:
    """One order, filled."""

    at: int
    """ms UTC; of a fill in a candle, when its last minute opened: it happened by then."""
    side: Side
    """What was done: a long position is closed by a SELL."""
    quantity: Decimal
    requested: Decimal
    """What was asked for: the ask or bid, the stop, or the target."""
    price: Decimal
    fee: Decimal
    slippage: Decimal
    """Money lost between the best price that was to be had and `price`."""
    spread: Decimal
    """ask - bid, in price; zero against a candle."""
    basis: Basis
    basis_at: int
    """When the quote was seen, or the candle opened; ms UTC."""
    basis_prices: tuple[Decimal, ...]
    """(bid, ask), or (open, high, low, close)."""

    @property
    def notional(self) -> Decimal:
        """Return price times quantity, exactly."""
        return self.price * self.quantity

    def is_of_candle_longer_than(self, length: int) -> bool:
        """Tell whether a candle longer than `length`, in ms, was all that told of it."""
        # Of such a candle it bears the last minute.
        return self.basis is Basis.CANDLE and self.at - self.basis_at >= length


def fill_at_quote(
    side: Side, quantity: Decimal, quote: Quote, costs: Costs, tick: Decimal | None
) -> Fill:
    """Return a market order filled across the spread."""
    touched = quote.touched_by(side)
    price = slipped(side, touched, costs.slippage, tick)
    return Fill(
        at=quote.at,
        side=side,
        quantity=quantity,
        requested=touched,
        price=price,
        fee=round_up(price * quantity * costs.fee),
        slippage=round_up(abs(price - touched) * quantity),
        spread=quote.ask - quote.bid,
        basis=Basis.QUOTE,
        basis_at=quote.at,
        basis_prices=(quote.bid, quote.ask),
    )


def slipped(side: Side, price: Decimal, slippage: Decimal, tick: Decimal | None) -> Decimal:
    """Return what a market order gets that finds `price`: worse by `slippage`, on a tick."""
    if side is Side.BUY:
        return price_above(price * (1 + slippage), tick)
    # A price cannot slip to nothing.
    return max(price_below(price * (1 - slippage), tick), tick or Decimal(0)) or price


def worse(side: Side, one: Decimal, other: Decimal) -> Decimal:
    """Return what is worse for an order: the higher price to buy at, the lower one to sell at."""
    return max(one, other) if side is Side.BUY else min(one, other)
