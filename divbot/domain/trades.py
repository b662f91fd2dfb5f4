"""Trades of a run, open and closed: how each was opened, how it ended, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, TypeAlias

from divbot.domain.events import Entered, Exited
from divbot.domain.fills import Fill, Reason
from divbot.domain.positions import Origin, Position
from divbot.domain.risk import Limit, in_risks
from divbot.domain.signals import Side


@dataclass(frozen=True, slots=True)
class _Trade:
    """What every trade has; money in the quote asset, times in ms UTC."""

    number: int
    """Counts from 1."""
    symbol: str
    side: Side
    """BUY is long, SELL is short."""
    quantity: Decimal
    leverage: int
    margin: Decimal
    """Taken from cash besides the fee."""
    entry: Fill
    first_stop: Decimal
    stop: Decimal
    """Where it is now, or was last."""
    target: Decimal
    funding: Decimal
    """Received; below zero: paid."""
    origin: Origin
    risk: Decimal
    """1 R: what a plain stop loses, costs and all."""
    limited_by: Limit | None
    """What kept it from being larger; None: it was not kept."""

    @property
    def opened_at(self) -> int:
        """Return when it was opened."""
        return self.entry.at


@dataclass(frozen=True, slots=True)
class OpenTrade(_Trade):
    """A trade that is not over: what a closed one has, as far as it is known."""

    liquidation: Decimal | None
    """The mark price at which it is liquidated; None: none does that."""
    status: ClassVar[str] = "open"
    exit: ClassVar[None] = None
    reason: ClassVar[None] = None
    profit: ClassVar[None] = None
    r_multiple: ClassVar[None] = None
    closed_at: ClassVar[None] = None
    is_won: ClassVar[bool] = False

    @classmethod
    def of(cls, entered: Entered, position: Position, funding: Decimal) -> OpenTrade:
        """Return the trade that `entered` began, which is `position` now."""
        return cls(
            number=entered.trade,
            symbol=entered.symbol,
            side=entered.fill.side,
            quantity=entered.quantity,
            leverage=entered.leverage,
            margin=entered.margin,
            entry=entered.fill,
            first_stop=entered.stop,
            stop=position.stop,
            target=entered.target,
            funding=funding,
            origin=entered.origin,
            risk=entered.risk,
            limited_by=entered.limited_by,
            liquidation=position.liquidation,
        )

    def closed_by(self, exited: Exited) -> ClosedTrade:
        """Return the trade that `exited` ends."""
        return ClosedTrade(
            **{name: getattr(self, name) for name in _Trade.__slots__},
            exit=exited.fill,
            reason=exited.reason,
            profit=exited.returned - self.margin - self.entry.fee,
        )

    @property
    def fees(self) -> Decimal:
        """Return the fee of the entry."""
        return self.entry.fee

    @property
    def slippage(self) -> Decimal:
        """Return what the entry lost to slippage."""
        return self.entry.slippage


@dataclass(frozen=True, slots=True)
class ClosedTrade(_Trade):
    """One position from entry to exit."""

    exit: Fill
    reason: Reason
    profit: Decimal
    """All that came back to cash less all that was taken from it."""
    status: ClassVar[str] = "closed"
    liquidation: ClassVar[None] = None

    @property
    def closed_at(self) -> int:
        """Return when it was closed."""
        return self.exit.at

    @property
    def fees(self) -> Decimal:
        """Return the fees of both fills."""
        return self.entry.fee + self.exit.fee

    @property
    def slippage(self) -> Decimal:
        """Return what both fills lost to slippage."""
        return self.entry.slippage + self.exit.slippage

    @property
    def r_multiple(self) -> Decimal | None:
        """Return the profit in R; None where nothing was at risk."""
        return in_risks(self.profit, self.risk)

    @property
    def is_won(self) -> bool:
        """Tell whether it brought more than all that it cost."""
        return self.profit > 0

    @property
    def is_lost(self) -> bool:
        """Tell whether it brought less; one that brought nothing is neither."""
        return self.profit < 0


AnyTrade: TypeAlias = OpenTrade | ClosedTrade
