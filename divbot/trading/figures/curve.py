"""What the account was worth, each time that it was valued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.events import Event, Marked, Started
from divbot.domain.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Valuation:
    """The equity at one moment, ms UTC."""

    at: int
    equity: Decimal


def equity_curve(events: Iterable[Event], ledger: Ledger) -> tuple[Valuation, ...]:
    """Return the starting balance and every valuation since, one for each moment, in order.

    Without an open position the cash, and dust at its last price, is the equity, exactly: the
    account as it stands is then the last point, for trades that ended after the last valuation.
    """
    found: dict[int, Decimal] = {}
    for event in events:
        if isinstance(event, Started):
            found[event.at] = event.balance
        elif isinstance(event, Marked):
            found[event.at] = event.equity
    if not ledger.positions:
        found[ledger.at] = ledger.equity_at({})
    return tuple(Valuation(at, equity) for at, equity in found.items())


def last_valuation(events: Iterable[Event], ledger: Ledger) -> Valuation:
    """Return the account as it was last valued."""
    return equity_curve(events, ledger)[-1]
