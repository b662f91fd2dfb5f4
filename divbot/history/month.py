"""One month of a shelf while it is put together: files and answers go in, a whole file comes out.

A monthly file beats what was there, and so does a file that was replaced; daily files and answers
of the venue fill what is missing, and beat what is doubtful.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from divbot.binance.archive.archive import FetchedFile
from divbot.binance.past_data import BinancePast
from divbot.domain.durations import HOUR
from divbot.history.archived import archived_candles, archived_funding
from divbot.history.candles import merged, no_candles
from divbot.history.continuity import doubtful
from divbot.history.funding import FundingTrack
from divbot.history.jobs import Job, lacking
from divbot.history.kind import StoredKind
from divbot.history.parts import DamagedFile, Note, RowSource
from divbot.history.spans import Span, joined, without
from divbot.history.store import Store
from divbot.history.venue_past import SOURCE, venue_candles, venue_funding
from divbot.recordings.track import Track

_SURELY_OVER = HOUR
"""What the venue has not an hour after it was over, it has not."""


class MonthDraft(ABC):
    """What is known of a month, and where from."""

    def __init__(self, job: Job, store: Store, now: int) -> None:
        self._job = job
        self._store = store
        self._now = now
        self.note: Note | None = store.sound_note(job.shelf, job.month)
        try:
            if self.note:
                self._read()
        except DamagedFile:
            self.note = None
        self._sources = {x.name: x for x in self.note.sources} if self.note else {}
        self._nowhere = self.note.nowhere if self.note else ()
        self._is_changed = False

    def lacking(self) -> tuple[Span, ...]:
        """Return what of the month is missing, and may be somewhere."""
        return joined(x for span in self._missing(self._job.wanted) for x in self._asked_for(span))

    def doubtful(self) -> tuple[Span, ...]:
        """Return the days in which what is there does not hang together."""
        return ()

    def is_inside(self, span: Span) -> bool:
        """Tell whether there is something before and after `span`, in other months too."""
        notes = self._store.sound_notes(self._job.shelf)
        times = [*(x.first for x in notes), *(x.last for x in notes), *self._ends()]
        times += self._job.between or ()  # which others may be writing now
        return bool(times) and min(times) < span.start < max(times)

    def add(self, file: FetchedFile, *, is_better: bool = False) -> None:
        """Take what a file tells; where it `is_better`, it beats what was there.

        Raise RecordingError for a bad one.
        """
        name = file.entry.key
        is_new = file.entry is self._job.monthly or name in self._sources
        self._take(file, is_better=is_better or is_new)
        self._note(RowSource(name, file.sha256, file.entry.etag, file.entry.modified))

    def ask(self, venue: BinancePast, span: Span, *, is_better: bool = False) -> None:
        """Take what the venue itself tells of `span`, and note what it has not."""
        self._take_answer(venue, span, is_better=is_better)
        self._note(RowSource(SOURCE))
        over = (x for x in self._missing(span) if x.end <= self._now - _SURELY_OVER)
        self._nowhere = joined([*self._nowhere, *over])

    def write(self) -> bool:
        """Put the month into the store, where there is anything new; tell whether there was."""
        if not (self._is_changed and self._ends()):
            return False
        self._put(tuple(self._sources.values()), self._nowhere)
        return True

    def _asked_for(self, span: Span) -> Iterable[Span]:
        return without(span, self._nowhere)

    def _note(self, source: RowSource) -> None:
        self._sources[source.name] = source
        self._is_changed = True

    @abstractmethod
    def _read(self) -> None:
        """Take what the store has."""

    @abstractmethod
    def _missing(self, span: Span) -> tuple[Span, ...]:
        """Return what of `span` there is nothing of."""

    @abstractmethod
    def _ends(self) -> list[int]:
        """Return the first and the last time there is something; nothing where there is none."""

    @abstractmethod
    def _take(self, file: FetchedFile, *, is_better: bool) -> None:
        """Add what a file tells; where it `is_better`, it beats what was there."""

    @abstractmethod
    def _take_answer(self, venue: BinancePast, span: Span, *, is_better: bool) -> None:
        """Add what the venue tells of `span`; where it `is_better`, it beats what was there."""

    @abstractmethod
    def _put(self, sources: tuple[RowSource, ...], nowhere: tuple[Span, ...]) -> None:
        """Write it."""


class _Candles(MonthDraft):
    def __init__(self, job: Job, store: Store, now: int) -> None:
        assert job.shelf.interval is not None  # noqa: S101 - only funding has none
        self._interval = job.shelf.interval
        self._track = no_candles(job.shelf.symbol)
        super().__init__(job, store, now)

    def _read(self) -> None:
        self._track = self._store.kept(self._job.shelf, *self._job.month)

    def _missing(self, span: Span) -> tuple[Span, ...]:
        return lacking(self._track.open_time, span, self._interval)

    def _ends(self) -> list[int]:
        times = self._track.open_time
        return [int(times[0]), int(times[-1])] if len(times) else []

    def _take(self, file: FetchedFile, *, is_better: bool) -> None:
        name, shelf, month = file.entry.key, self._job.shelf, self._job.month
        self._merge(archived_candles(name, file.content, shelf, month), is_better=is_better)

    def _take_answer(self, venue: BinancePast, span: Span, *, is_better: bool) -> None:
        part = venue_candles(venue, self._job.shelf, self._interval, span)
        self._merge(part, is_better=is_better)

    def _merge(self, part: Track, *, is_better: bool) -> None:
        self._track = merged(self._track, part) if is_better else merged(part, self._track)

    def doubtful(self) -> tuple[Span, ...]:
        found = (x.within(self._job.wanted) for x in doubtful(self._track, self._interval))
        return joined(found)

    def _put(self, sources: tuple[RowSource, ...], nowhere: tuple[Span, ...]) -> None:
        self._store.put(self._job.shelf, self._job.month, self._track, sources, nowhere)


class _Funding(MonthDraft):
    def __init__(self, job: Job, store: Store, now: int) -> None:
        self._rates = FundingTrack.of([], [])
        super().__init__(job, store, now)

    def _read(self) -> None:
        self._rates = self._store.funding(self._job.shelf.symbol, *self._job.month)

    def _missing(self, span: Span) -> tuple[Span, ...]:
        return self._rates.lacking(span)

    def _ends(self) -> list[int]:
        return [int(self._rates.at[0]), int(self._rates.at[-1])] if len(self._rates) else []

    def _take(self, file: FetchedFile, *, is_better: bool) -> None:
        part = archived_funding(file.entry.key, file.content, self._job.month)
        self._rates = self._rates.merged(part) if is_better else part.merged(self._rates)

    def _take_answer(self, venue: BinancePast, span: Span, *, is_better: bool) -> None:
        part = venue_funding(venue, self._job.shelf, span)
        self._rates = self._rates.merged(part) if is_better else part.merged(self._rates)

    def _put(self, sources: tuple[RowSource, ...], nowhere: tuple[Span, ...]) -> None:
        self._store.put_funding(self._job.shelf, self._job.month, self._rates, sources, nowhere)


def opened(job: Job, store: Store, now: int) -> MonthDraft:
    """Return the month of `job` as the store has it; a damaged file is as none."""
    return (_Funding if job.shelf.kind is StoredKind.FUNDING else _Candles)(job, store, now)
