"""The reports that a background scanner would have published by a moment of the past.

It publishes on every multiple of the check interval, from the start of the run on: the report of
the newest close by then, for what was held after the look before. The trader sees it at the first
look from then on, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from divbot.domain.ledger import DAY
from divbot.domain.signals import Findings
from divbot.research.port import PastReports
from divbot.research.venue import PastTrading

SILENCE = DAY
"""Without a candle for so long, a symbol is taken to be listed no more, ms."""
_UNPUBLISHED = 0


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
        self._newest: Findings | None = None
        self._told: tuple[tuple[int, frozenset[str]], Findings] | None = None

    def findings(self) -> Findings | None:
        """Return the newest ones; what nobody looked at in its time bears an old number."""
        now = self._venue.now()
        at = self.published_at(now)
        newest = self._newest
        if newest is None or newest.at != at:
            # Who acts on each number once may act on this one only at the first look at it.
            is_first = self.is_first_look(now)
            version = at // self.check_interval if is_first else newest.version if newest else 0
            told = self.told(at)
            if told is None:
                return None
            self._newest = newest = replace(told, version=version, at=at)
        return newest

    def published_at(self, now: int) -> int:
        """Return when the report was published that is the newest at `now`."""
        return now // self.check_interval * self.check_interval

    def look_at(self, close: int) -> int:
        """Return the first look at a report of `close`, or of a later close."""
        length = self._venue.candle_length
        published = -(-close // self.check_interval) * self.check_interval
        return -(-published // length) * length

    def is_first_look(self, now: int) -> bool:
        """Tell whether nobody could have looked at that report before `now`."""
        return now - self.published_at(now) < self._venue.candle_length

    def closes_at(self, published: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the newest close by each of these times; -1 where there was none yet."""
        closes = self._reports.closes
        places = np.searchsorted(closes, published, side="right") - 1
        return np.where(places >= 0, closes[places], -1)

    def told(self, at: int) -> Findings | None:
        """Return what the report tells that is published at `at`, for what is held now."""
        close = int(self.closes_at(np.array([at]))[0])
        if close < 0:
            return None
        key = close, frozenset(self._held())
        if self._told is None or self._told[0] != key:
            self._told = key, self._tell(*key)
        return self._told[1]

    def _tell(self, close: int, held: Collection[str]) -> Findings:
        found = self._reports.glance(close, held)
        gone = {x: None for x in held if self._is_silent(x, close)}
        return Findings(
            _UNPUBLISHED,
            close,
            found.interval,
            found.open_to_trade,
            found.fresh,
            {**found.held, **gone},
        )

    def _is_silent(self, symbol: str, close: int) -> bool:
        tape = self._venue.tape
        return tape.last_open_before(symbol, close - SILENCE, close) is None
