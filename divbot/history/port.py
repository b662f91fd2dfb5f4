"""What the past is read through: a store, or a recording."""

from __future__ import annotations

from typing import Protocol

from divbot.domain.market import Interval, Market
from divbot.history.spans import Span
from divbot.recordings.track import Track


class PastCandles(Protocol):
    """Final candles of one market; can be pickled without them, so that each worker opens it."""

    @property
    def market(self) -> Market:
        """Return the market."""

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return the symbols that have candles of this length, sorted."""

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the first open and the last close, ms UTC; None where there is no candle."""

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open from `start` to before `end` (ms UTC); gaps stay gaps."""

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return what changes whenever those candles do; empty where there are none."""


def span_of_all(history: PastCandles, interval: Interval) -> Span | None:
    """Return from the first open to the last close of any symbol; None where there is no candle."""
    spans = [x for symbol in history.symbols(interval) if (x := history.span(symbol, interval))]
    if not spans:
        return None
    return Span(min(first for first, _ in spans), max(last for _, last in spans))
