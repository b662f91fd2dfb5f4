"""What a background scanner would have found by a moment of the past.

It publishes on every multiple of the check interval, from the start of the run on: the report of
the newest close by then, for what was held after the look before. The trader sees it at the first
look from then on, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.signals import Findings
from divbot.research.port import PastReports
from divbot.research.venue import PastTrading

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
        self._made: tuple[int, Attention | frozenset[str], Findings] | None = None

    def findings(self) -> Findings | None:
        """Return the newest; those that nobody looked at in their time bear an old number."""
        now = self._venue.now()
        at, newest = self.published_at(now), self._newest
        if newest is not None and newest.at == at:
            return newest
        close = self._close_at(at)
        if close < 0:
            return None
        about = self.attention(close, now)
        if about is not None and not any(about):
            # There is only a delisting to act on.
            held = self._gone(close, self._held())
            return Findings(self._version, at, self._reports.interval, held=held)
        found = self._found(close, at, about)
        # Who acts on each number once may act on these only at the first look at them.
        if now - at < self._venue.candle_length:
            self._version = found.version
        self._newest = replace(found, version=self._version)
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

    def _close_at(self, at: int) -> int:
        return int(self.closes_at(np.array([at]))[0])

    def found_at(self, at: int, about: Attention) -> Findings:
        """Return what is published at `at`, which is not before the first close."""
        return self._found(self._close_at(at), at, about)

    def _found(self, close: int, at: int, about: Attention | None) -> Findings:
        held = self._held()
        asked = self._besides(close, held) if about is None else about
        if self._made is None or self._made[0] != close or not _holds(self._made[1], asked):
            self._made = close, asked, self._make(close, asked)
        found = self._made[2]
        gone = self._gone(close, held)
        return replace(found, version=at // self.check_interval, at=at, held={**found.held, **gone})

    def _besides(self, close: int, held: Collection[str]) -> frozenset[str]:
        """Return what is scanned only because it is held.

        Of the others a report says the same whether they are held or not: they are traded.
        """
        if self._listed[0] != close:
            chosen = np.flatnonzero(self._reports.is_listed(close))
            self._listed = close, frozenset(self._reports.symbols[x] for x in chosen)
        return frozenset(held) - self._listed[1]

    def _make(self, close: int, asked: Attention | frozenset[str]) -> Findings:
        if isinstance(asked, Attention):
            found = self._reports.glance(close, asked.opposites, among=asked.offers)
        else:
            found = self._reports.glance(close, asked)
        return Findings(
            version=0,
            at=close,
            interval=found.interval,
            open_to_trade=found.open_to_trade,
            fresh=found.fresh,
            held=found.held,
        )

    def _gone(self, close: int, held: Collection[str]) -> dict[str, None]:
        """Return which of the symbols that are held are silent by `close`."""
        tape = self._venue.tape
        return {x: None for x in held if tape.last_open_before(x, close - SILENCE, close) is None}


def _holds(made: Attention | frozenset[str], asked: Attention | frozenset[str]) -> bool:
    """Tell whether what was made tells all that is asked for."""
    if isinstance(made, Attention) and isinstance(asked, Attention):
        return all(ours >= theirs for ours, theirs in zip(made, asked, strict=True))
    return made == asked
