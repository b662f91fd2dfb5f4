"""What a trade comes to in R, as its entry, its exit and its funding change one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from divbot.domain.ledger import ZERO
from divbot.domain.signals import Side
from divbot.domain.trades import AnyTrade


@dataclass(frozen=True, slots=True)
class Result:
    """One piece of a position, from entry to exit; what is open ends at its last price."""

    sign: int
    entry: Decimal
    exit: Decimal
    entry_fee: Decimal
    exit_fee: Decimal
    """Both as a part of the price."""
    funding: Decimal
    """Received for a piece."""
    risk: Decimal
    """What a piece loses at a plain stop: 1 R."""

    @classmethod
    def of(cls, trade: AnyTrade, last: Decimal) -> Self:
        """Return that of `trade`; one that is open is worth `last`."""
        quantity, left = trade.quantity, trade.exit
        return cls(
            sign=1 if trade.side is Side.BUY else -1,
            entry=trade.entry.price,
            exit=last if left is None else left.price,
            entry_fee=trade.entry.fee / quantity / trade.entry.price,
            exit_fee=ZERO if left is None else left.fee / quantity / left.price,
            funding=trade.funding / quantity,
            risk=trade.risk / quantity,
        )

    @property
    def in_risks(self) -> Decimal:
        """Return the profit in R."""
        paid = self.entry_fee * self.entry + self.exit_fee * self.exit
        profit = self.sign * (self.exit - self.entry) - paid + self.funding
        return profit / self.risk if self.risk else ZERO

    def entered_at(self, price: Decimal) -> Self:
        """Return the same with another entry, and its stop where it is."""
        risk = self.risk + (self.sign + self.entry_fee) * (price - self.entry)
        return replace(self, entry=price, risk=risk)

    def ended_as(self, other: Self) -> Self:
        """Return the same with the exit of `other`."""
        return replace(self, exit=other.exit, exit_fee=other.exit_fee)


def outcome(trade: AnyTrade, last: Decimal) -> Decimal:
    """Return what `trade` came to in R, to the last unit; one that is open is worth `last`."""
    return Result.of(trade, last).in_risks if trade.r_multiple is None else trade.r_multiple
