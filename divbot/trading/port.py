"""What the trader wants of a venue and of a journal; it knows no more of either."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from divbot.domain.events import Event
from divbot.domain.fills import Candle, Quote
from divbot.domain.ledger import Ledger
from divbot.domain.market import Instrument, Interval
from divbot.domain.signals import Divergence, Opportunity


class Minutes(Protocol):
    """Short candles of one symbol in the order of time; how short, the market says."""

    @property
    def final(self) -> tuple[Candle, ...]:
        """Return those that will not change any more."""

    @property
    def forming(self) -> Candle | None:
        """Return the newest one, which still changes."""


class FundingRate(Protocol):
    """One settlement of funding."""

    @property
    def at(self) -> int:
        """Return the venue's own time for it, ms UTC: shortly after it was due."""

    @property
    def rate(self) -> Decimal:
        """Return what a long position pays, as a part of its value; below zero: it receives."""

    @property
    def mark_price(self) -> Decimal:
        """Return the price that the value was taken at."""


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


class Report(Protocol):
    """What a scan found."""

    @property
    def as_of(self) -> int:
        """Return the close of the newest final candle, ms UTC."""

    @property
    def interval(self) -> Interval:
        """Return the length of a candle."""

    @property
    def open_to_trade(self) -> tuple[Opportunity, ...]:
        """Return what can be traded of what was asked for, the best first."""

    @property
    def fresh(self) -> tuple[Divergence, ...]:
        """Return all that was confirmed lately, whatever was asked for and can be traded."""

    @property
    def held(self) -> Mapping[str, Instrument | None]:
        """Return how the symbols that are held are listed; None: no more."""


class Published(Protocol):
    """A report that was published."""

    @property
    def version(self) -> int:
        """Return its number; the first is 1."""

    @property
    def at(self) -> int:
        """Return when its scan began, ms UTC of the market."""

    @property
    def report(self) -> Report:
        """Return the report."""


class SignalFeed(Protocol):
    """Where the background scanner leaves its reports."""

    def latest(self) -> Published | None:
        """Return the newest one; None while there is none. Never waits for a scan."""


class EventLog(Protocol):
    """Where events are kept; see divbot.trading.journal.journal."""

    @property
    def ledger(self) -> Ledger:
        """Return the account after all events."""

    def recent(self, count: int) -> tuple[Event, ...]:
        """Return the last `count` events that are more than a valuation, the newest last."""

    def write(self, *events: Event) -> Ledger:
        """Keep events, all or none; raise JournalError where that cannot be done."""
