"""A closed trade: how it was opened, how it ended, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.events import Entered, Exited
from divbot.domain.fills import Fill, Reason
from divbot.domain.positions import Origin
from divbot.domain.risk import Limit
from divbot.domain.signals import Side


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One position from entry to exit; money in the quote asset, times in ms UTC."""

    number: int
    symbol: str
    side: Side
    quantity: Decimal
    leverage: int
    margin: Decimal
    entry: Fill
    exit: Fill
    reason: Reason
    first_stop: Decimal
    stop: Decimal
    target: Decimal
    funding: Decimal
    """Received; below zero: paid."""
    profit: Decimal
    """All that came back to cash less all that was taken from it."""
    origin: Origin
    risk: Decimal
    """1 R: what a plain stop would have lost, costs and all."""
    limited_by: Limit | None
    """What kept it from being larger; None: it was not kept."""

    @classmethod
    def of(
        cls, entered: Entered, exited: Exited, *, stop: Decimal, funding: Decimal
    ) -> ClosedTrade:
        """Return the trade that `entered` began and `exited` ended."""
        return cls(
            number=entered.trade,
            symbol=entered.symbol,
            side=entered.fill.side,
            quantity=entered.quantity,
            leverage=entered.leverage,
            margin=entered.margin,
            entry=entered.fill,
            exit=exited.fill,
            reason=exited.reason,
            first_stop=entered.stop,
            stop=stop,
            target=entered.target,
            funding=funding,
            profit=exited.returned - entered.margin - entered.fill.fee,
            origin=entered.origin,
            risk=entered.risk,
            limited_by=entered.limited_by,
        )

    @property
    def opened_at(self) -> int:
        """Return when it was opened."""
        return self.entry.at

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
        return self.profit / self.risk if self.risk else None
