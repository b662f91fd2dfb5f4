"""What a background scanner would have found by a moment of the past.

It publishes on every multiple of the check interval, from the start of the run on: the report of
the newest close by then, for what was held after the look before. The trader sees it at the first
look from then on, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.signals import Findings
from divbot.research.port import PastReports
from divbot.research.venue import PastTrading

SILENCE = DAY
"""Without a candle for so long, a symbol is taken to be listed no more, ms."""


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
        self.matters: Callable[[int], bool] = lambda _: True
        """Tells whether a trader can do anything upon a report now; if not, none is made."""
        self._version = 0
        self._newest: Findings | None = None
        self._listed: tuple[int, frozenset[str]] = (-1, frozenset())
        self._made: tuple[tuple[int, frozenset[str]], Findings] | None = None

    def findings(self) -> Findings | None:
        """Return the newest; those that nobody looked at in their time bear an old number."""
        now = self._venue.now()
        at, newest = self.published_at(now), self._newest
        if newest is not None and newest.at == at:
            return newest
        if not self.matters(now):
            return self._nothing(at)
        found = self.found_at(at)
        if found is None:
            return None
        # Who acts on each number once may act on these only at the first look at them.
        if now - at < self._venue.candle_length:
            self._version = found.version
        self._newest = replace(found, version=self._version)
        return self._newest

    def _nothing(self, at: int) -> Findings | None:
        """Return what there is to act on where only a delisting would be."""
        close = self._close_at(at)
        if close < 0:
            return None
        held = self._gone(close, self._held())
        return Findings(self._version, at, self._reports.interval, held=held)

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

    def found_at(self, at: int) -> Findings | None:
        """Return what is published at `at` for what is held now; None before the first close."""
        close = self._close_at(at)
        if close < 0:
            return None
        held = self._held()
        key = close, self._besides(close, held)
        if self._made is None or self._made[0] != key:
            self._made = key, self._make(*key)
        found = self._made[1]
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

    def _make(self, close: int, held: Collection[str]) -> Findings:
        found = self._reports.glance(close, held)
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
