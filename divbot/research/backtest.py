"""The paper trader on a virtual clock: the very engine, look by look.

A look is at the open of each candle of the venue's, from `start` to before `end`. There are two
ways from one to the next: every look, which is the specification, and only those at which something
may happen (divbot.research.moments). Both write the same journal, byte for byte.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from divbot.domain.notices import Tell
from divbot.research.feed import PastFeed
from divbot.research.port import PastReports
from divbot.research.venue import PastTrading
from divbot.trading.engine.account import Account, OnEvent
from divbot.trading.engine.engine import Engine, TradingRules
from divbot.trading.engine.questions import Immediate
from divbot.trading.port import EventLog

_SELDOM = 100_000, 50, 50
"""New objects between two searches of the young, and how many of these between deeper ones."""


@dataclass(frozen=True, slots=True)
class Period:
    """Looks from `start` to before `end`, ms UTC; both are on the venue's grid."""

    start: int
    end: int


class PastTrader:
    """One engine of the past with what it needs."""

    def __init__(
        self,
        venue: PastTrading,
        reports: PastReports,
        journal: EventLog,
        rules: TradingRules,
        check_interval: int,
        period: Period,
        *,
        tell: Tell,
        on_event: OnEvent,
    ) -> None:
        self.venue = venue
        self.reports = reports
        self.rules = rules
        self.period = period
        venue.at = period.start
        self.account = Account(journal, on_event)
        self.feed = PastFeed(reports, venue, check_interval, lambda: self.held)
        self.engine = Engine(venue, self.feed, self.account, Immediate(), rules, tell)

    @property
    def held(self) -> frozenset[str]:
        """Return what was held after the last look."""
        return self.engine.state.ledger.symbols

    def look(self, at: int) -> None:
        """Let the engine look at the market as it was at `at`, and act."""
        self.venue.at = at
        self.engine.step()


NextLook: TypeAlias = Callable[[int], int]
"""Gives the look to take after that of a time: at the latest the next one that matters."""


def every_look(trader: PastTrader) -> NextLook:
    """Leave out no look."""
    return lambda now: now + trader.venue.candle_length


def run(trader: PastTrader, next_look: NextLook, progress: Callable[[int], None]) -> None:
    """Trade through the period; `progress` hears of each look, and may raise."""
    at, last = trader.period.start, trader.period.end - trader.venue.candle_length
    with _cycles_seldom_sought():
        while at <= last:
            trader.look(at)
            progress(at)
            at = min(next_look(at), last) if at < last else last + 1
    ledger = trader.account.ledger
    if ledger.valued_at < trader.venue.at or ledger.change:
        trader.engine.mark()


@contextmanager
def _cycles_seldom_sought() -> Iterator[None]:
    """Let Python look for unreachable cycles seldom: here are none, and ever more that is kept."""
    usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
