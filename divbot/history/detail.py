"""Candles of a minute, fetched by symbol and month when somebody first needs them.

A backtest looks closely only where a position is open or an entry is near: of a year of four
hundred symbols that is a part, and all of it would be 7 GB. What is in the store is not fetched
again; a month that could not be had whole is tried once in each process.
"""

from __future__ import annotations

from divbot.domain.market import Interval, Market
from divbot.history.download import Downloader
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, months
from divbot.history.store import Store
from divbot.recordings.track import Track

_PATIENCE = 600.0
"""Seconds, in which another program's fetching is waited for."""


class Detail:
    """Give minutes of symbols; without a `downloader`, those that are in the store alone.

    The store is locked only while something is fetched. For one thread.
    """

    def __init__(self, store: Store, downloader: Downloader | None = None) -> None:
        self._store = store
        self._downloader = downloader
        self._tried: set[tuple[Shelf, Span]] = set()
        self.problems: list[str] = []
        """What could not be had, and why."""

    def candles(self, symbol: str, start: int, end: int) -> Track:
        """Return the minutes of the last price that open from `start` to before `end` (ms UTC)."""
        self._fetch(self._store.shelf(symbol, Interval.M1), Span(start, end))
        return self._store.candles(symbol, Interval.M1, start, end)

    def marks(self, symbol: str, start: int, end: int) -> Track:
        """Return the minutes of the mark price; none on spot, which has no such price."""
        if self._store.market is Market.USDM:
            self._fetch(self._store.shelf(symbol, Interval.M1, StoredKind.MARK), Span(start, end))
        return self._store.marks(symbol, start, end)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the settlements of funding; none on spot."""
        if self._store.market is Market.USDM:
            self._fetch(self._store.shelf(symbol, None, StoredKind.FUNDING), Span(start, end))
        return self._store.funding(symbol, start, end)

    def _fetch(self, shelf: Shelf, span: Span) -> None:
        """Let the months of `span` be in the store, as far as they can be had."""
        if self._downloader is None:
            return
        for month in months(span):
            if (shelf, month) in self._tried:
                continue
            self._tried.add((shelf, month))
            if self._downloader.lacks(shelf, month):
                with self._store.locked(patience=_PATIENCE):
                    jobs, failed = self._downloader.plan([shelf], month)
                    self.problems += [f"{x.shelf}: {x.reason}" for x in failed]
                    self.problems += self._downloader.run(jobs).problems
