"""A download: jobs done by several threads, each month whole in the store or as it was before.

A month is put together in memory: its monthly file, or its daily ones; where those lack candles,
or are not what their checksums say, daily files; then the venue itself. What is missing still is a
hole, and told. Nothing but whole months is written, so that a kill costs those under way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from divbot.binance.archive.archive import Archive, ArchiveFile
from divbot.binance.archive.listings import Entry
from divbot.binance.past_data import BinancePast
from divbot.domain.errors import InputError, RecordingError, SymbolError, VenueError
from divbot.history.archived import archived_candles, archived_funding
from divbot.history.candles import merged, no_candles
from divbot.history.funding import Funding
from divbot.history.holes import Hole
from divbot.history.jobs import Job, Planner, final_part, is_new, lacking, lacking_of
from divbot.history.kind import Kind
from divbot.history.parts import Source
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, joined, without
from divbot.history.store import Store
from divbot.history.venue_past import SOURCE, venue_candles, venue_funding
from divbot.recordings.grid import DAY
from divbot.recordings.track import Track

T = TypeVar("T")
R = TypeVar("R")

CONNECTIONS = 12
_AT_ONCE = 16 * 1024 * 1024
"""Bytes of zips that are unpacked at once, at most; unpacked they are about ten times as many."""
_LOOK = 0.2
_SURELY_OVER = 3_600_000
"""What the venue has not an hour after it was over, it has not."""


class Progress:
    """Hear how far a download is; this one says nothing."""

    def planning(self, shelves: int, total: int) -> None:
        """So many shelves are planned."""

    def planned(self, jobs: Sequence[Job]) -> None:
        """All is planned; now it begins."""

    def fetched(self, size: int) -> None:
        """So many bytes more are there."""

    def finished(self, months: int) -> None:
        """So many months are done."""

    def draw(self) -> None:
        """Draw what was heard, from the main thread."""


@dataclass(slots=True)
class Outcome:
    """What a download came to."""

    months: int = 0
    """How many were written."""
    files: int = 0
    """How many were fetched, and are sound."""
    size: int = 0
    """Their bytes."""
    problems: list[str] = field(default_factory=list)
    """What was wrong with files and answers, whether or not others made up for it."""


@dataclass(slots=True)
class _Done:
    """What one job came to."""

    job: Job
    is_written: bool = False
    files: int = 0
    size: int = 0
    problems: list[str] = field(default_factory=list)


class Room:
    """Let so many bytes be worked on at once; what is larger than all that is let in alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = most
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until `size` bytes have room."""
        size = min(size, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


class Downloader:
    """Do jobs; the store is locked meanwhile by whoever calls.

    `stop` is set where it ends early: it ends the waits of archive and venue, too.
    """

    def __init__(
        self,
        planner: Planner,
        venue: BinancePast,
        stop: threading.Event,
        progress: Progress | None = None,
    ) -> None:
        self._planner = planner
        self._store: Store = planner.store
        self._archive: Archive = planner.archive
        self._venue = venue
        self._stop = stop
        self._progress = progress or Progress()
        self._room = Room(_AT_ONCE)

    def lacks(self, shelf: Shelf, month: Span) -> bool:
        """Tell whether a month is not whole in the store, by what its file says of itself."""
        wanted = final_part(shelf, month, self._planner.now)
        return bool(lacking_of(shelf, self._store.sound_note(shelf, month), wanted))

    def plan(self, shelves: Sequence[Shelf], span: Span) -> tuple[list[Job], list[Hole]]:
        """Return what is to be done for `shelves`, and those of which the archive has no list."""
        return self._planned(shelves, lambda shelf: self._planner.jobs(shelf, span), span)

    def replaced(self, shelves: Sequence[Shelf]) -> tuple[list[Job], list[Hole]]:
        """Return the same for what the archive has replaced since it was fetched."""
        return self._planned(shelves, self._planner.replaced, Span(0, self._planner.now))

    def _planned(
        self, shelves: Sequence[Shelf], jobs_of: Callable[[Shelf], list[Job]], span: Span
    ) -> tuple[list[Job], list[Hole]]:
        jobs: list[Job] = []
        failed: list[Hole] = []

        def planned(shelf: Shelf) -> tuple[list[Job], list[Hole]]:
            try:
                return jobs_of(shelf), []
            except VenueError as error:
                return [], [Hole(shelf, span, str(error))]

        for done, (found, holes) in enumerate(self._each(planned, shelves), 1):
            jobs += found
            failed += holes
            self._progress.planning(done, len(shelves))
        jobs.sort(key=lambda x: (x.shelf.order, x.month))
        return jobs, failed

    def run(self, jobs: Sequence[Job]) -> Outcome:
        """Do `jobs`; raise StoreError where the store cannot be written."""
        self._progress.planned(jobs)
        outcome = Outcome()
        for count, done in enumerate(self._each(self._do, jobs), 1):
            outcome.months += done.is_written
            outcome.files += done.files
            outcome.size += done.size
            outcome.problems += done.problems
            self._progress.finished(count)
        return outcome

    def _each(self, act: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Give what `act` makes of each, as it comes; end all work where one raises."""
        pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="download")
        is_done = False
        try:
            left: set[Future[R]] = {pool.submit(act, item) for item in items}
            while left:
                # By turns: a wait without an end would not hear Ctrl-C on every system.
                done, left = wait(left, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
                self._progress.draw()
            is_done = True
        finally:
            if not is_done:
                self._stop.set()
                self._venue.close()
            # A wait for request weight may last a minute: nobody waits for it who ends early.
            pool.shutdown(wait=is_done, cancel_futures=True)

    def _do(self, job: Job) -> _Done:
        self._go_on()
        with self._room.taken(job.size):
            return self._funding(job) if job.shelf.kind is Kind.FUNDING else self._candles(job)

    def _go_on(self) -> None:
        """Raise where the download was stopped: what could not be had then is not missing."""
        if self._stop.is_set():
            raise InputError("the download was stopped")

    def _candles(self, job: Job) -> _Done:
        work = _Candles(job, self._store)
        done = _Done(job)
        for entry in job.files:
            self._fetch(entry, work, done)
        if lacks := work.lacking():
            for entry in self._refills(job, work, lacks, done):
                self._fetch(entry, work, done)
        for span in work.lacking():
            if self._may_ask(job, span, work):
                self._ask(span, work, done)
        self._go_on()
        done.is_written = work.write()
        return done

    def _refills(
        self, job: Job, work: _Candles, lacks: Sequence[Span], done: _Done
    ) -> Iterator[Entry]:
        """Give the daily files of what a month lacks, where they were not tried yet."""
        if not job.may_refill:
            return
        try:
            listed = self._planner.daily_files(job.shelf, job.month)
        except VenueError as error:
            done.problems.append(f"{job.shelf}: {error}")
            return
        for day, entry in sorted(listed.items()):
            touched = any(x.start < day + DAY and x.end > day for x in lacks)
            if touched and is_new(entry, work.note):
                yield entry

    def _fetch(self, entry: Entry, work: _Candles, done: _Done) -> None:
        """Add what a file tells; one that is not sound is told of, and else left aside."""
        try:
            file = self._archive.file(entry)
            work.add(file)
        except (VenueError, RecordingError) as error:
            done.problems.append(str(error))
        else:
            done.files += 1
            done.size += len(file.content)
        self._progress.fetched(entry.size)

    def _may_ask(self, job: Job, span: Span, work: _Candles) -> bool:
        """Tell whether the venue may know: of what is not traded, only what lies between."""
        if job.is_alive or job.instrument is None:
            return job.is_alive
        known = work.known
        return known.start < span.start < known.end

    def _ask(self, span: Span, work: _Candles, done: _Done) -> None:
        try:
            work.add_answer(self._venue, span, self._planner.now)
        except (VenueError, SymbolError) as error:
            done.problems.append(f"{done.job.shelf}: {error}")

    def _funding(self, job: Job) -> _Done:
        done = _Done(job)
        symbol, note = job.shelf.symbol, self._store.sound_note(job.shelf, job.month)
        found = self._store.funding(symbol, *job.month) if note else Funding.of([], [])
        sources: list[Source] = []
        for entry in job.files:
            try:
                file = self._archive.file(entry)
                found = found.merged(archived_funding(entry.key, file.content, job.month))
            except (VenueError, RecordingError) as error:
                done.problems.append(str(error))
            else:
                sources.append(_source(file))
                done.files, done.size = done.files + 1, done.size + len(file.content)
            self._progress.fetched(entry.size)
        nowhere = list(note.nowhere) if note else []
        if job.is_alive:
            for span in _left(found.lacking(job.wanted), nowhere):
                try:
                    found = found.merged(venue_funding(self._venue, job.shelf, span))
                except (VenueError, SymbolError) as error:
                    done.problems.append(f"{job.shelf}: {error}")
                else:
                    sources.append(Source(SOURCE))
                    nowhere += self._surely(found.lacking(span))
        self._go_on()
        if sources and len(found):
            self._store.write_funding(symbol, found, *sources, nowhere=nowhere)
            done.is_written = True
        return done

    def _surely(self, spans: Iterable[Span]) -> list[Span]:
        return [x for x in spans if x.end <= self._planner.now - _SURELY_OVER]


class _Candles:
    """One month of candles while it is put together."""

    def __init__(self, job: Job, store: Store) -> None:
        assert job.shelf.interval is not None  # noqa: S101 - only funding has none
        self._job = job
        self._store = store
        self._interval = job.shelf.interval
        self.note = store.sound_note(job.shelf, job.month)
        self._track = self._kept() if self.note else no_candles(job.shelf.symbol)
        self._sources = {x.name: x for x in self.note.sources} if self.note else {}
        self.nowhere = self.note.nowhere if self.note else ()
        self._is_changed = False

    @property
    def rows(self) -> int:
        """Return how many candles there are."""
        return len(self._track.open_time)

    @property
    def known(self) -> Span:
        """Return from the first to the last candle, the neighbouring files' included."""
        notes = [note for _, note in self._store.notes(self._job.shelf)]
        times = [*(x.first for x in notes), *(x.last for x in notes)]
        times += self._track.open_time[[0, -1]].tolist() if self.rows else []
        return Span(min(times, default=0), max(times, default=0))

    def lacking(self) -> tuple[Span, ...]:
        """Return what of the month has no candle, and may have one somewhere."""
        found = lacking(self._track.open_time, self._job.wanted, self._interval)
        return joined(x for span in found for x in without(span, self.nowhere))

    def add(self, file: ArchiveFile) -> None:
        """Take a file: a monthly one beats what was there, a daily one fills what is missing."""
        entry = file.entry
        part = archived_candles(entry.key, file.content, self._job.shelf, self._job.month)
        is_monthly = entry is self._job.monthly
        is_again = entry.key in self._sources  # it was replaced, and so are its candles
        older, newer = (self._track, part) if is_monthly or is_again else (part, self._track)
        self._take(merged(older, newer), _source(file))

    def add_answer(self, venue: BinancePast, span: Span, now: int) -> None:
        """Take what the venue itself knows of `span`, and note what it has not."""
        part = venue_candles(venue, self._job.shelf, self._interval, span)
        self._take(merged(part, self._track), Source(SOURCE))
        left = lacking(part.open_time, span, self._interval)
        nowhere = (x for x in left if x.end <= now - _SURELY_OVER)
        self.nowhere = joined([*self.nowhere, *nowhere])

    def write(self) -> bool:
        """Put the month into the store, where there is anything new; tell whether there was."""
        if not (self._is_changed and self.rows):
            return False
        shelf, month, sources = self._job.shelf, self._job.month, self._sources.values()
        self._store.put(shelf, month, self._track, tuple(sources), self.nowhere)
        return True

    def _kept(self) -> Track:
        return self._store.kept(self._job.shelf, *self._job.month)

    def _take(self, track: Track, source: Source) -> None:
        self._track = track
        self._sources[source.name] = source
        self._is_changed = True


def _source(file: ArchiveFile) -> Source:
    return Source(file.entry.key, file.sha256, file.entry.etag, file.entry.modified)


def _left(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    gone = tuple(taken)
    return [x for span in spans for x in without(span, gone)]
