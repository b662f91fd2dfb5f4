"""Trades that are not over: what a closed one has, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from divbot.domain.events import Entered
from divbot.domain.fills import Fill
from divbot.domain.ledger import ZERO, Ledger
from divbot.domain.positions import Origin, Position
from divbot.domain.risk import Limit
from divbot.domain.signals import Side
from divbot.domain.trades import ClosedTrade


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A position and how it was opened, under the names of a closed trade."""

    position: Position
    entered: Entered
    funding: Decimal
    """Received so far; below zero: paid."""
    exit: None = None
    reason: None = None
    profit: None = None
    """Known once it is closed."""
    r_multiple: None = None
    closed_at: None = None

    @property
    def number(self) -> int:
        """Return which trade of the run it is, counted from 1."""
        return self.entered.trade

    @property
    def symbol(self) -> str:
        """Return what is traded."""
        return self.entered.symbol

    @property
    def side(self) -> Side:
        """Return BUY for long, SELL for short."""
        return self.position.side

    @property
    def quantity(self) -> Decimal:
        """Return what is held."""
        return self.position.quantity

    @property
    def leverage(self) -> int:
        """Return notional over margin."""
        return self.position.leverage

    @property
    def margin(self) -> Decimal:
        """Return what was taken from cash besides the fee."""
        return self.entered.margin

    @property
    def entry(self) -> Fill:
        """Return how it was opened."""
        return self.entered.fill

    @property
    def first_stop(self) -> Decimal:
        """Return where the stop was at first."""
        return self.position.first_stop

    @property
    def stop(self) -> Decimal:
        """Return where the stop is now."""
        return self.position.stop

    @property
    def target(self) -> Decimal:
        """Return where the gain is taken."""
        return self.position.target

    @property
    def origin(self) -> Origin:
        """Return the signal that it was opened for."""
        return self.entered.origin

    @property
    def opened_at(self) -> int:
        """Return when it was opened."""
        return self.entry.at

    @property
    def fees(self) -> Decimal:
        """Return the fee of the entry."""
        return self.entry.fee

    @property
    def slippage(self) -> Decimal:
        """Return what the entry lost to slippage."""
        return self.entry.slippage

    @property
    def risk(self) -> Decimal:
        """Return 1 R: what a plain stop loses, costs and all."""
        return self.entered.risk

    @property
    def limited_by(self) -> Limit | None:
        """Return what kept it from being larger; None: it was not kept."""
        return self.entered.limited_by


AnyTrade: TypeAlias = ClosedTrade | OpenTrade


def open_trades(ledger: Ledger) -> tuple[OpenTrade, ...]:
    """Return the trades of `ledger` that are not over, in the order in which they were opened."""
    return tuple(
        OpenTrade(position, ledger.entries[trade], ledger.funding.get(trade, ZERO))
        for trade, position in sorted(ledger.positions.items())
    )
