"""What a background scanner would have found by a moment of the past.

It publishes on every multiple of the check interval, from the start of the run on: the report of
the newest close by then, for what was held after the look before. The trader sees it at the first
look from then on, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.signals import Divergence, Findings, Opportunity
from divbot.research.port import PastReports
from divbot.research.venue import PastTrading
from divbot.scanner.signals.ranking import in_order

if TYPE_CHECKING:
    from divbot.research.past import Glance

T = TypeVar("T")

SILENCE = DAY
"""Without a candle for so long, a symbol is taken to be listed no more, ms."""


class Attention(NamedTuple):
    """What a trader can act upon in a report: nothing else is read in it."""

    offers: frozenset[str]
    """Symbols that might be entered."""
    opposites: frozenset[str]
    """Symbols that are held, and that something fresh may speak against."""


class PastFeed:
    """What is published at the moment of `venue`; `held` gives what is held as a scan begins."""

    def __init__(
        self,
        reports: PastReports,
        venue: PastTrading,
        check_interval: int,
        held: Callable[[], Collection[str]],
    ) -> None:
        self._reports = reports
        self._venue = venue
        self.check_interval = check_interval
        """ms between two scans."""
        self._held = held
        self.attention: Callable[[int, int], Attention | None] = lambda *_: None
        """Tells what a trader can act upon, given close and time; None: the whole report is told.

        Where that is nothing, no report is made."""
        self._version = 0
        self._newest: Findings | None = None
        self._listed: tuple[int, frozenset[str]] = (-1, frozenset())
        self._whole: tuple[int, frozenset[str], Glance] | None = None
        self._offered = _Newest(self._open_to_trade)
        self._confirmed = _Newest(self._fresh)

    def findings(self) -> Findings | None:
        """Return the newest; those that nobody looked at in their time bear an old number."""
        now = self._venue.now()
        at, newest = self.published_at(now), self._newest
        if newest is not None and newest.at == at:
            return newest
        close = int(self.closes_at(np.array([at]))[0])
        if close < 0:
            return None
        held = self._held()
        gone = self._gone(close, held)
        about = self.attention(close, now)
        if about is not None and not any(about):
            # There is only a delisting to act on.
            return Findings(self._version, at, self._reports.interval, held=gone)
        found = self._told(close, held) if about is None else self.found_at(close, about)
        # Who acts on each number once may act on these only at the first look at them.
        if now - at < self._venue.candle_length:
            self._version = at // self.check_interval
        self._newest = replace(found, version=self._version, at=at, held={**found.held, **gone})
        return self._newest

    def published_at(self, now: int) -> int:
        """Return when what is the newest at `now` was published."""
        return now // self.check_interval * self.check_interval

    def look_at(self, close: int) -> int:
        """Return the first look at a report of `close`, or of a later close."""
        length = self._venue.candle_length
        published = -(-close // self.check_interval) * self.check_interval
        return -(-published // length) * length

    def closes_at(self, published: Integers) -> Integers:
        """Return the newest close by each of these times; -1 where there was none yet."""
        closes = self._reports.closes
        places = np.searchsorted(closes, published, side="right") - 1
        return np.where(places >= 0, closes[places], -1)

    def found_at(self, close: int, about: Attention) -> Findings:
        """Return what the report of `close` says of what a trader can act upon."""
        return Findings(
            0,
            close,
            self._reports.interval,
            in_order(self._offered.of(close, about.offers)),
            tuple(self._confirmed.of(close, about.opposites)),
        )

    def _open_to_trade(self, close: int, symbols: frozenset[str]) -> tuple[Opportunity, ...]:
        return self._reports.glance(close, among=symbols).open_to_trade

    def _fresh(self, close: int, symbols: frozenset[str]) -> tuple[Divergence, ...]:
        return self._reports.glance(close, symbols, among=()).fresh

    def _told(self, close: int, held: Collection[str]) -> Findings:
        """Return the whole report of `close`."""
        besides = self._besides(close, held)
        if self._whole is None or self._whole[:2] != (close, besides):
            self._whole = close, besides, self._reports.glance(close, besides)
        found = self._whole[2]
        whole = (found.open_to_trade, found.fresh, found.held)
        return Findings(0, close, found.interval, *whole)

    def _besides(self, close: int, held: Collection[str]) -> frozenset[str]:
        """Return what is scanned only because it is held.

        Of the others a report says the same whether they are held or not: they are traded.
        """
        if self._listed[0] != close:
            chosen = np.flatnonzero(self._reports.is_listed(close))
            self._listed = close, frozenset(self._reports.symbols[x] for x in chosen)
        return frozenset(held) - self._listed[1]

    def _gone(self, close: int, held: Collection[str]) -> dict[str, None]:
        """Return which of the symbols that are held are silent by `close`."""
        tape = self._venue.tape
        return {x: None for x in held if tape.last_open_before(x, close - SILENCE, close) is None}


class _Newest(Generic[T]):
    """What the newest report that was asked for says of the symbols that were asked about."""

    def __init__(self, ask: Callable[[int, frozenset[str]], Iterable[T]]) -> None:
        self._ask = ask
        self._close = -1
        self._known: frozenset[str] = frozenset()
        self._found: list[T] = []

    def of(self, close: int, symbols: frozenset[str]) -> Sequence[T]:
        """Return what the report of `close` says of them, and of others that it was asked about."""
        if close != self._close:
            self._close, self._known, self._found = close, frozenset(), []
        new = symbols - self._known
        if new:
            self._found += self._ask(close, new)
            self._known |= new
        return self._found
