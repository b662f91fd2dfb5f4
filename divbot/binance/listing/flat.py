"""Prices that stand still: pegs that are on no list.

A symbol that hardly moved in the last 24 hours is suspected; its daily closes of a month decide.
Verdicts are remembered, so that hardly any scan pays for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from divbot.arrays import Floats
from divbot.binance.notebook import Notebook
from divbot.domain.durations import DAY
from divbot.domain.market import Ticker

DAYS = 30
_FEWEST_DAYS = 5
SUSPICIOUS_RANGE = Decimal("0.01")
"""Of 24 hours, (high - low) / low: a peg moves less."""
_FLAT_RANGE = 0.01
FLAT_FOR = 30 * DAY
ALIVE_FOR = 7 * DAY
"""ms for which a verdict is believed."""


def is_suspect(ticker: Ticker) -> bool:
    """Tell whether the last 24 hours look like those of a peg."""
    return ticker.range < SUSPICIOUS_RANGE


def is_flat(daily_closes: Floats) -> bool:
    """Tell whether closes, of at most `DAYS` days, lie within 1 % of each other.

    Fewer than five closes prove nothing.
    """
    closes = daily_closes[-DAYS:]
    return len(closes) >= _FEWEST_DAYS and bool(closes.max() / closes.min() - 1 <= _FLAT_RANGE)


class Verdicts:
    """Remember which symbols of one venue were found flat, and which were not."""

    def __init__(self, notebook: Notebook, venue: str) -> None:
        self._notebook = notebook
        self._venue = venue
        self._known = _verdicts(notebook.read().get(venue))

    def flat(self, now: int) -> frozenset[str]:
        """Return the symbols that are known to be flat at `now` (ms UTC)."""
        return frozenset(x for x, (flat, end) in self._known.items() if flat and end > now)

    def unjudged(self, symbols: Sequence[str], now: int) -> list[str]:
        """Return those of `symbols` of which nothing is known at `now`, in their order."""
        return [x for x in symbols if x not in self._known or self._known[x][1] <= now]

    def note(self, verdicts: dict[str, bool], now: int, *, is_lasting: bool) -> None:
        """Remember new verdicts, and in the next run too where they are `lasting`."""
        self._known = {x: verdict for x, verdict in self._known.items() if verdict[1] > now}
        for symbol, flat in verdicts.items():
            self._known[symbol] = (flat, now + (FLAT_FOR if flat else ALIVE_FOR))
        if is_lasting:
            self._notebook.write({**self._notebook.read(), self._venue: self._known})


def _verdicts(kept: object) -> dict[str, tuple[bool, int]]:
    if not isinstance(kept, dict):
        return {}
    return {
        symbol: (flat, end)
        for symbol, verdict in kept.items()
        if isinstance(verdict, list) and len(verdict) == 2
        for flat, end in [verdict]
        if isinstance(flat, bool) and type(end) is int
    }
