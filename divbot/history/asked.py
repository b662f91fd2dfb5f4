"""The past of some symbols, asked of a venue afterwards: what is needed, when it is needed.

Candles of the interval are asked for at once, as reports are made of all of them; the short ones,
mark prices and funding of a symbol when somebody first looks there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from divbot.candle_arrays import Candles
from divbot.domain.market import Interval, Market
from divbot.domain.minutes import FundingRate, Minutes
from divbot.history.candles import digest
from divbot.history.funding import FundingTrack
from divbot.recordings.track import Track

_KEPT = 4096
_NONE = Candles(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))


class PastAnswers(Protocol):
    """Who is asked for candles; times are ms UTC."""

    def past_candles(self, symbol: str, interval: Interval, start: int, count: int) -> Candles:
        """Return at most `count` final candles of `symbol` from `start` on."""


class FuturesAnswers(Protocol):
    """Who is asked for what is of futures only; times are ms UTC."""

    def mark_minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the short candles of the mark price that open from `start` to `end`."""

    def funding(self, symbol: str, start: int, end: int) -> Sequence[FundingRate]:
        """Return the settlements of funding from `start` to `end`."""


class AskedHistory:
    """Candles of one market out of a venue's answers; for one process."""

    def __init__(
        self,
        listing: PastAnswers,
        trading: FuturesAnswers,
        market: Market,
        intervals: tuple[Interval, Interval],
        symbols: Sequence[str],
        span: tuple[int, int],
        most: int,
        tell: Callable[[str, int, int], None],
    ) -> None:
        """Ask for the candles of all `symbols` in `span` (ms UTC).

        `intervals` are that of the reports and the shortest; `most` candles are in one answer.
        """
        self.market = market
        self._interval, self.shortest = intervals
        self._listing = listing
        self._trading = trading
        self._span = span
        self._most = most
        self._short = lru_cache(_KEPT)(self._asked)
        self._paid = lru_cache(maxsize=None)(self._all_funding)
        self._known: dict[str, Candles] = {}
        for number, symbol in enumerate(symbols):
            tell("candles", number, len(symbols))
            if len(found := self._asked(symbol, self._interval, *span)):
                self._known[symbol] = found

    def symbols(self, interval: Interval) -> tuple[str, ...]:  # noqa: ARG002 - the same of each
        """Return the symbols that have candles, sorted."""
        return tuple(sorted(self._known))

    def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return the first open and the last close, ms UTC."""
        known = self._known.get(symbol)
        if known is None:
            return None
        return int(known.open_time[0]), interval.close_of(int(known.open_time[-1]))

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open from `start` to before `end`."""
        if interval is not self._interval:
            return _track(symbol, self._short(symbol, interval, start, end))
        known = self._known[symbol]
        first, last = np.searchsorted(known.open_time, [start, end])
        return _track(symbol, known.between(int(first), int(last)))

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return a hash of those candles; empty where there are none."""
        return digest(self.candles(symbol, interval, start, end))

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Track:  # noqa: ARG002
        """Return the short candles of the mark price; on spot there are none."""
        start, end = max(start, self._span[0]), min(end, self._span[1])
        is_asked = self.market is Market.USDM and start < end
        found = self._trading.mark_minutes(symbol, start, end - 1).final if is_asked else ()
        # A page may go on beyond what was asked for.
        found = tuple(x for x in found if x.open_time < end)
        rows = [(x.open, x.high, x.low, x.close, "nan") for x in found]
        prices = np.array(rows, np.float64).reshape(-1, 5).T
        opens = np.array([x.open_time for x in found], np.int64)
        return _track(symbol, Candles(opens, *prices))

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the settlements that were due from `start` to before `end`."""
        return self._paid(symbol).between(start, end)

    def _all_funding(self, symbol: str) -> FundingTrack:
        is_paid = self.market is Market.USDM
        return FundingTrack.told(self._trading.funding(symbol, *self._span) if is_paid else ())

    def _asked(self, symbol: str, interval: Interval, start: int, end: int) -> Candles:
        """Ask page by page; an answer that is not full has all there is."""
        start, end = max(start, self._span[0]), min(end, self._span[1])
        found = _NONE
        while start < end:
            wanted = min((end - start) // interval.milliseconds + 1, self._most)
            page = self._listing.past_candles(symbol, interval, start, wanted)
            found = found.followed_by(page.between(0, int(np.searchsorted(page.open_time, end))))
            if len(page) < wanted:
                break
            start = interval.close_of(int(page.open_time[-1]))
        return found


def _track(symbol: str, found: Candles) -> Track:
    prices = (found.open, found.high, found.low, found.close)
    return Track(symbol, "venue", found.open_time, *prices, found.volume)
