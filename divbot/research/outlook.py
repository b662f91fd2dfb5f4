"""What reports of the past may bring, as far as it is known without making them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.signals import Side
from divbot.research.past_candidates import Candidates
from divbot.research.port import PastReports
from divbot.trading.engine.decide import EntryRules

_SPAN = 32 * DAY
_KEPT = 3

BySide: TypeAlias = dict[tuple[int, int], list[int]]
"""The closes that confirmed divergences, by the place of their symbol and their side."""


class Offer(NamedTuple):
    """What the report of some close may offer."""

    symbol: str
    confirmed_at: int
    """ms UTC."""
    score: float
    """At least that of the report."""


class Outlook:
    """Ask the reports for a month at a time, and keep what they may bring."""

    def __init__(self, reports: PastReports, rules: EntryRules) -> None:
        self.length = reports.interval.milliseconds
        self._reports = reports
        self._rules = rules
        self._places = {symbol: place for place, symbol in enumerate(reports.symbols)}
        self._candidates = lru_cache(_KEPT)(self._find_candidates)
        self._fresh = lru_cache(_KEPT)(self._find_fresh)

    def offers(self, close: int) -> Sequence[Offer]:
        """Return what the report of `close` may offer with the score that is needed, to who may.

        What may have the highest score comes first.
        """
        found = self._candidates(close // _SPAN)
        first, end = np.searchsorted(found.close, [close, close + 1])
        columns = (x[first:end].tolist() for x in (found.symbol, found.confirmed_at, found.score))
        return [
            Offer(self._reports.symbols[place], confirmed_at, score)
            for place, confirmed_at, score in zip(*columns, strict=True)
        ]

    def against(self, symbol: str, side: int, after: int, until: int) -> list[int]:
        """Return the closes after `after`, to `until`, that may confirm a divergence of `side`."""
        key, found = (self._places[symbol], side), []
        for number in range((after + 1) // _SPAN, until // _SPAN + 1):
            closes = self._fresh(number).get(key, [])
            found += closes[bisect_right(closes, after) : bisect_left(closes, until + 1)]
        return found

    def _find_candidates(self, number: int) -> Candidates:
        found = self._reports.candidates(number * _SPAN, (number + 1) * _SPAN)
        wanted = found.score >= self._rules.min_score
        if self._rules.long_only:
            wanted &= found.side == Side.BUY.sign
        found = found.chosen(wanted)
        return found.chosen(np.lexsort((-found.score, found.close)))

    def _find_fresh(self, number: int) -> BySide:
        found = self._reports.fresh(number * _SPAN, (number + 1) * _SPAN)
        by_side: BySide = {}
        columns = (found.symbol.tolist(), found.side.tolist(), found.confirmed_at.tolist())
        for place, side, confirmed in zip(*columns, strict=True):
            by_side.setdefault((place, side), []).append(confirmed)
        return by_side
