"""What trading cost: fees, slippage, spread and funding, in the quote asset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.fills import Fill, Reason
from divbot.domain.ledger import ZERO
from divbot.domain.money import round_up
from divbot.domain.trades import AnyTrade

_AT_THEIR_OWN_PRICE = (Reason.TARGET, Reason.LIQUIDATION)
"""A resting order and a liquidation do not cross the spread."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What some fills cost. All of it is in the profit of the trades already."""

    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    """Lost between the best price that was to be had and the price that was got."""
    spread: Decimal = ZERO
    """Half the spread times the quantity, for each fill that crossed it: what it was away from the
    middle. Fills against candles know no spread and count as 0.

    Source: Harris, "Trading and Exchanges" (2003), on transaction costs.
    """
    funding: Decimal = ZERO
    """Received less paid: below zero where more was paid."""

    @property
    def total(self) -> Decimal:
        """Return what all of it took; below zero where funding brought more."""
        return self.fees + self.slippage + self.spread - self.funding

    def __add__(self, other: Paid) -> Paid:
        return Paid(
            self.fees + other.fees,
            self.slippage + other.slippage,
            self.spread + other.spread,
            self.funding + other.funding,
        )


def paid_for(trades: Iterable[AnyTrade]) -> Paid:
    """Return what `trades` cost so far."""
    return sum((_paid(trade) for trade in trades), Paid())


def _paid(trade: AnyTrade) -> Paid:
    spread = _half_spread(trade.entry)
    if trade.exit and trade.reason not in _AT_THEIR_OWN_PRICE:
        spread += _half_spread(trade.exit)
    return Paid(trade.fees, trade.slippage, spread, trade.funding)


def _half_spread(fill: Fill) -> Decimal:
    return round_up(fill.spread / 2 * fill.quantity)
