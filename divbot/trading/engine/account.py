"""The journal and the account as the trader's parts share them: written first, then told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from divbot.domain.events import Event, Marked
from divbot.domain.fills import Quote
from divbot.domain.ledger import Ledger
from divbot.domain.positions import Position
from divbot.trading.port import EventLog

_RECENT = 30

OnEvent: TypeAlias = Callable[[Event, Ledger], None]
"""Hears of each event, with the ledger after it."""


class Account:
    """Write events, and know what the account and its symbols are worth; belongs to one thread."""

    def __init__(self, journal: EventLog, on_event: OnEvent) -> None:
        self._journal = journal
        self._on_event = on_event
        self._recent = deque(journal.recent(_RECENT), maxlen=_RECENT)
        self.quotes: dict[str, Quote] = {}
        """The last valid quote of each symbol that is held."""

    @property
    def ledger(self) -> Ledger:
        """Return the account."""
        return self._journal.ledger

    @property
    def recent(self) -> tuple[Event, ...]:
        """Return the run's last events that are more than a valuation, the newest last."""
        return tuple(self._recent)

    @property
    def positions(self) -> list[Position]:
        """Return the open positions in the order of their numbers."""
        return list(self.ledger.positions.values())

    @property
    def equity(self) -> Decimal:
        """Return cash, positions and dust at what they could be sold at."""
        return self.ledger.equity_at(self.prices)

    @property
    def prices(self) -> dict[str, Decimal]:
        """Return what is held could be sold at, by symbol, where it is known."""
        return self.ledger.prices_in(self.quotes)

    def remember(self, quotes: Mapping[str, Quote]) -> None:
        """Keep the quotes of what is held; a price of zero is none, and the last one holds."""
        held = {x.symbol for x in self.positions}.union(self.ledger.dust)
        fresh = {s: x for s in held if (x := quotes.get(s)) is not None and x.is_valid}
        self.quotes = {s: x for s, x in self.quotes.items() if s in held} | fresh

    def write(self, *events: Event) -> None:
        """Keep events, all or none; raise JournalError where that cannot be done."""
        if not events:
            return
        ledger = self._journal.write(*events)
        for event in events:
            if not isinstance(event, Marked):
                self._recent.append(event)
            self._on_event(event, ledger)
