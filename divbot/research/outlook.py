"""What reports of the past may bring, as far as it is known without making them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from divbot.domain.durations import DAY
from divbot.research.port import PastReports

_SPAN = 32 * DAY
_KEPT = 3

BySide: TypeAlias = dict[tuple[int, int], list[int]]
"""The closes that confirmed divergences, by the place of their symbol and their side."""


class Offer(NamedTuple):
    """What the report of some close may offer."""

    symbol: str
    confirmed_at: int
    """ms UTC."""


class Outlook:
    """Ask the reports for a month at a time, and keep what they may bring."""

    def __init__(self, reports: PastReports, min_score: float) -> None:
        self.length = reports.interval.milliseconds
        self._reports = reports
        self._min_score = min_score
        self._places = {symbol: place for place, symbol in enumerate(reports.symbols)}
        self._offers = lru_cache(_KEPT)(self._find_offers)
        self._fresh = lru_cache(_KEPT)(self._find_fresh)

    def offers(self, close: int) -> Sequence[Offer]:
        """Return what the report of `close` may offer with the score that is needed."""
        return self._offers(close // _SPAN).get(close, ())

    def against(self, symbol: str, side: int, after: int, until: int) -> list[int]:
        """Return the closes after `after`, to `until`, that may confirm a divergence of `side`."""
        key, found = (self._places[symbol], side), []
        for number in range((after + 1) // _SPAN, until // _SPAN + 1):
            closes = self._fresh(number).get(key, [])
            found += closes[bisect_right(closes, after) : bisect_left(closes, until + 1)]
        return found

    def _find_offers(self, number: int) -> dict[int, list[Offer]]:
        found = self._reports.candidates(number * _SPAN, (number + 1) * _SPAN)
        found = found.chosen(found.score >= self._min_score)
        symbols, offers = self._reports.symbols, dict[int, list[Offer]]()
        columns = (found.close.tolist(), found.symbol.tolist(), found.confirmed_at.tolist())
        for close, place, confirmed_at in zip(*columns, strict=True):
            offers.setdefault(close, []).append(Offer(symbols[place], confirmed_at))
        return offers

    def _find_fresh(self, number: int) -> BySide:
        found = self._reports.fresh(number * _SPAN, (number + 1) * _SPAN)
        by_side: BySide = {}
        columns = (found.symbol.tolist(), found.side.tolist(), found.confirmed_at.tolist())
        for place, side, confirmed in zip(*columns, strict=True):
            by_side.setdefault((place, side), []).append(confirmed)
        return by_side
