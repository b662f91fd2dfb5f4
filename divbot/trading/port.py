"""What the trader wants of a venue, of a scanner and of a journal; it knows no more of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from divbot.domain.events import Event
from divbot.domain.fills import Quote
from divbot.domain.ledger import Ledger
from divbot.domain.minutes import FundingRate, Minutes
from divbot.domain.signals import Findings


class TradingVenue(Protocol):
    """One market of a venue, as somebody sees it who trades there.

    Each method is one question, and raises VenueError where it gets no believable answer.
    """

    def quotes(self) -> Mapping[str, Quote]:
        """Return the best bid and ask of every symbol."""

    @property
    def candle_length(self) -> int:
        """Return how long the candles below are, in ms: a minute, or the least that there is."""

    def minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the candles of the last price that open from `start` to `end` (ms UTC)."""

    def mark_minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the candles of the mark price; futures only."""

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        """Return the settlements from `start` to `end`, in the order of time; futures only."""

    def now(self) -> int:
        """Return the venue's time, ms UTC."""


class SignalFeed(Protocol):
    """Where scans leave what they find."""

    def findings(self) -> Findings | None:
        """Return those of the newest scan; None while there are none. Never waits for a scan."""


class EventLog(Protocol):
    """Where events are kept; see divbot.trading.journal.journal."""

    @property
    def ledger(self) -> Ledger:
        """Return the account after all events."""

    def recent(self, count: int) -> tuple[Event, ...]:
        """Return the last `count` events that are more than a valuation, the newest last."""

    def write(self, *events: Event) -> Ledger:
        """Keep events, all or none; raise JournalError where that cannot be done."""
