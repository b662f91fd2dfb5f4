"""Short candles of a store, fetched by month when first needed; else longer ones stand in.

A backtest looks closely only where a position is open or an entry is near: of a year of four
hundred symbols that is a part, and all of it would be 7 GB.

    the store has all short candles of a longer one --> those
    it lacks one     --fetch that month, once-->        those, if they are whole now
    it lacks one still                              --> the longer candle stands in

Missing short candles are a hole and no silence. Of a longer candle that stands in only the open is
known before its end, as of any candle: its short candles are flat at its open, but for the last,
which has its high, low and close. So whatever it touches is touched as it ends, and a stop first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Protocol

import numpy as np

from divbot.arrays import Integers
from divbot.domain.errors import InputError, StopAsking, StoreError, VenueError, VenueUnreachable
from divbot.domain.market import Interval, Market
from divbot.history.candles import merged
from divbot.history.download import Downloader, DownloadOutcome
from divbot.history.funding import FundingTrack
from divbot.history.jobs import Planner
from divbot.history.shared import SharedStore
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, covered, joined, months, without
from divbot.history.store import Store
from divbot.recordings.track import Track

_PATIENCE = 60.0
"""Seconds, in which another program's fetching is waited for."""

FetchMonth = Callable[[Shelf, Span], None]
"""Lets a month of a shelf be in the store, as far as it can be had."""


class DetailSource(Protocol):
    """Where months are fetched from."""

    @property
    def is_simulated(self) -> bool:
        """Tell whether its prices are made up."""

    @property
    def planner(self) -> Planner:
        """Return who knows what a month consists of."""

    @property
    def downloader(self) -> Downloader:
        """Return who fetches it."""


class MonthsOnDemand:
    """Fetch months, each tried once; `open_source` is called when the first one is needed.

    The store is locked only while something is fetched. Where nothing can be had at all, nothing
    more is tried. For one thread.
    """

    def __init__(self, store: Store, open_source: Callable[[], DetailSource]) -> None:
        self._store = store
        self._open_source = open_source
        self._source: DetailSource | None = None
        self._tried: set[tuple[Shelf, Span]] = set()
        self.outcome = DownloadOutcome()
        """What was fetched, and what was wrong with it."""
        self.problem = ""
        """Why nothing can be had; empty where that is not known."""

    def __call__(self, shelf: Shelf, month: Span) -> None:
        """Let `month` be in the store, as far as it can be had."""
        if self.problem or (shelf, month) in self._tried:
            return
        self._tried.add((shelf, month))
        try:
            self._fetch(shelf, month)
        except (InputError, StoreError, StopAsking, VenueUnreachable) as error:
            self.problem = str(error)
        except VenueError as error:
            self.outcome.problems.append(f"{shelf}: {error}")

    def _fetch(self, shelf: Shelf, month: Span) -> None:
        if self._source is None:
            self._source = self._open_source()
        source = self._source
        with self._store.locked(is_simulated=source.is_simulated, patience=_PATIENCE):
            source.downloader.run(source.planner.jobs(shelf, month), self.outcome)


class DetailedHistory:
    """A store, of which candles of `detail` are as whole as those of the longer `interval`.

    Unpickled it fetches nothing: one process does.
    """

    def __init__(
        self,
        store: Store | SharedStore,
        interval: Interval,
        detail: Interval,
        fetch: FetchMonth | None = None,
    ) -> None:
        self._store = store
        self._interval = interval
        self._detail = detail
        self._length = detail.milliseconds
        self._fetch = fetch
        self._stood_in: dict[str, tuple[Span, ...]] = {}

    def __reduce__(
        self,
    ) -> tuple[type[DetailedHistory], tuple[Store | SharedStore, Interval, Interval]]:
        return type(self), (self._store, self._interval, self._detail)

    @property
    def market(self) -> Market:
        """Return the market."""
        return self._store.market

    @property
    def is_simulated(self) -> bool | None:
        """Tell whether its prices are made up; None: nobody said."""
        return self._store.is_simulated

    def intervals(self) -> tuple[Interval, ...]:
        """Return the lengths of which there are candles, the shortest first."""
        return self._store.intervals()

    def symbols(self, interval: Interval) -> tuple[str, ...]:
        """Return the symbols that have candles of this length, sorted."""
        return self._store.symbols(self._kept(interval))

    def span(self, symbol: str, interval: Interval) -> Span | None:
        """Return the first open and the last close, ms UTC; None where there is no candle."""
        return self._store.span(symbol, self._kept(interval))

    def holes(self, symbol: str, interval: Interval) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""
        return self._store.holes(symbol, self._kept(interval))

    def unpaid(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """Return what of `span` lacks settlements of funding while the symbol was traded."""
        return self._store.unpaid(symbol, span)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return what changes whenever the candles do; empty where there are none."""
        versions = [
            self._store.version(symbol, x, start, end) for x in {interval, self._kept(interval)}
        ]
        return " ".join(sorted(versions)) if any(versions) else ""

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Track:
        """Return the candles of the mark price that open in the range."""
        return self._store.marks(symbol, start, end, interval)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the settlements of funding that were due in the range."""
        return self._store.funding(symbol, start, end)

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open in the range; of the detail, with what stands in.

        A range of these begins and ends where longer candles do.
        """
        found = self._store.candles(symbol, interval, start, end)
        if interval is not self._detail or self._is_whole(found, start, end):
            return found
        longer = self._store.candles(symbol, self._interval, start, end)
        missing = self._lacking(found, longer)
        if len(missing) and self._fetch is not None:
            self._fetch_months(symbol, self._spans(longer, missing))
            found = self._store.candles(symbol, interval, start, end)
            missing = self._lacking(found, longer)
        if not len(missing):
            return found
        spans = self._spans(longer, missing)
        self._stood_in[symbol] = joined([*self._stood_in.get(symbol, ()), *spans])
        return merged(found, _in_parts(longer, missing, self._interval, self._detail))

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """Return when within `span` longer candles of the store are to stand in for short ones."""
        short = self._stored(symbol, self._detail, span)
        longer = self._stored(symbol, self._interval, span)
        lacking = chain.from_iterable(without(x, short) for x in longer)
        # A longer candle stands in whole, however few short ones are missing.
        length = self._interval.milliseconds
        return joined(
            Span(x.start // length * length, -(-x.end // length) * length) for x in lacking
        )

    def _stored(self, symbol: str, interval: Interval, within: Span) -> tuple[Span, ...]:
        span = self._store.span(symbol, interval)
        if span is None:
            return ()
        return without(span.within(within), self._store.holes(symbol, interval))

    def stands_in(self, symbol: str, time: int) -> int | None:
        """Return when the longer candle opened that stood in at a time; None where none did."""
        opened = time // self._interval.milliseconds * self._interval.milliseconds
        spans = self._stood_in.get(symbol, ())
        place = bisect_right(spans, opened, key=lambda x: x.start) - 1
        return opened if place >= 0 and opened < spans[place].end else None

    def _kept(self, interval: Interval) -> Interval:
        """Return the interval that tells which candles there are."""
        return self._interval if interval is self._detail else interval

    def _is_whole(self, found: Track, start: int, end: int) -> bool:
        return len(found.open_time) == (end - start) // self._length

    def _lacking(self, found: Track, longer: Track) -> Integers:
        """Return the rows of `longer` whose short candles are not all there."""
        opens, length = longer.open_time, self._interval.milliseconds
        first, end = (np.searchsorted(found.open_time, x) for x in (opens, opens + length))
        return np.flatnonzero(end - first < length // self._length)

    def _spans(self, longer: Track, rows: Integers) -> tuple[Span, ...]:
        return covered(longer.open_time[rows], self._interval.milliseconds)

    def _fetch_months(self, symbol: str, missing: Sequence[Span]) -> None:
        assert self._fetch is not None  # noqa: S101 - whoever calls has looked
        assert isinstance(self._store, Store)  # noqa: S101 - nobody fetches into another one
        shelf = self._store.shelf(symbol, self._detail)
        for month in months(Span(missing[0].start, missing[-1].end)):
            note = self._store.sound_note(shelf, month)
            # What the venue itself has not is asked for no more.
            nowhere = note.nowhere if note else ()
            if any(without(x.within(month), nowhere) for x in missing):
                self._fetch(shelf, month)


def _in_parts(longer: Track, rows: Integers, interval: Interval, detail: Interval) -> Track:
    """Return the short candles that some rows of `longer` are known as before they end."""
    count = interval.milliseconds // detail.milliseconds
    opens = longer.open_time[rows][:, None] + detail.milliseconds * np.arange(count)
    prices = np.repeat(longer.open[rows][None, :, None], 4, axis=0).repeat(count, axis=2)
    prices[1:, :, -1] = [x[rows] for x in (longer.high, longer.low, longer.close)]
    opened, high, low, close = prices.reshape(4, -1)
    nothing = np.zeros(opens.size)
    return Track(longer.symbol, longer.source, opens.ravel(), opened, high, low, close, nothing)
