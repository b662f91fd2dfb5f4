"""A download: jobs done by several threads, each month whole in the store or as it was before.

A month is put together from its monthly file, or its daily ones; where those lack something, or are
not what their checksums say, from daily files; then from the venue itself. What is missing still is
a hole, and told. Nothing but whole months is written, so that a kill costs those under way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from divbot.binance.archive.archive import ArchiveClient
from divbot.binance.archive.listings import ArchivedFile
from divbot.binance.past_data import BinancePast
from divbot.domain.errors import (
    InputError,
    RecordingError,
    SymbolError,
    VenueError,
    VenueUnreachable,
)
from divbot.history.holes import Hole
from divbot.history.jobs import Job, Planner, final_part, is_new, lacking_of, touches
from divbot.history.month import MonthDraft, opened
from divbot.history.shelf import Shelf
from divbot.history.spans import Span
from divbot.history.store import Store

T = TypeVar("T")
R = TypeVar("R")

CONNECTIONS = 12
_AT_ONCE = 16 * 1024 * 1024
"""Bytes of zips that are unpacked at once, at most; unpacked they are about ten times as many."""
_LOOK, _FAREWELL = 0.2, 3.0
"""Seconds."""


class DownloadStages:
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
class DownloadOutcome:
    """What a download, or one job of it, came to."""

    months: int = 0
    """How many were written."""
    files: int = 0
    """How many were fetched, and are sound."""
    size: int = 0
    """Their bytes."""
    problems: list[str] = field(default_factory=list)
    """What was wrong with files and answers, whether or not others made up for it."""

    def add(self, other: DownloadOutcome) -> None:
        """Count what another one came to, too."""
        self.months += other.months
        self.files += other.files
        self.size += other.size
        self.problems += other.problems


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
        progress: DownloadStages | None = None,
    ) -> None:
        self._planner = planner
        self._store: Store = planner.store
        self._archive: ArchiveClient = planner.archive
        self._venue = venue
        self._stop = stop
        self._progress = progress or DownloadStages()
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

        with closing(self._each(planned, shelves)) as each:
            for done, (found, holes) in enumerate(each, 1):
                jobs += found
                failed += holes
                self._progress.planning(done, len(shelves))
        jobs.sort(key=lambda x: (x.shelf.order, x.month))
        return jobs, failed

    def run(self, jobs: Sequence[Job], earlier: DownloadOutcome | None = None) -> DownloadOutcome:
        """Do `jobs`, and add to what came `earlier`; StoreError where they cannot be written."""
        self._progress.planned(jobs)
        outcome = earlier or DownloadOutcome()
        with closing(self._each(self._do, jobs)) as each:
            for count, done in enumerate(each, 1):
                outcome.add(done)
                self._progress.finished(count)
        return outcome

    def _each(self, act: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Give what `act` makes of each, as it comes; end all work where one raises."""
        pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="download")
        left: set[Future[R]] = {pool.submit(act, item) for item in items}
        is_done = False
        try:
            while left:
                # By turns: a wait without an end would not hear Ctrl-C on every system.
                done, left = wait(left, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
                self._progress.draw()
            is_done = True
        finally:
            if not is_done:
                self._archive.close()
                self._venue.close()
            pool.shutdown(wait=is_done, cancel_futures=True)
            # What writes is let finish; a wait for request weight, which may last a minute, is not.
            wait(left, timeout=_FAREWELL)

    def _do(self, job: Job) -> DownloadOutcome:
        self._go_on()
        with self._room.taken(job.size):
            return self._month(opened(job, self._store, self._planner.now), job)

    def _go_on(self) -> None:
        """Raise where the download was stopped: what could not be had then is not missing."""
        if self._stop.is_set():
            raise InputError("the download was stopped")

    def _month(self, month: MonthDraft, job: Job) -> DownloadOutcome:
        done = DownloadOutcome()
        for entry in job.files:
            self._fetch(entry, month, done)
        doubts = month.doubtful() if job.files else ()
        for day, entry in self._refills(job, [*month.lacking(), *doubts], month, done):
            self._fetch(entry, month, done, is_better=touches(day, doubts))
        for span in month.lacking():
            if job.is_alive or (job.instrument is not None and month.is_inside(span)):
                self._ask(span, month, job, done)
        for span in month.doubtful() if done.files and job.is_alive else ():
            self._ask(span, month, job, done, is_better=True)
        self._go_on()
        done.months += month.write()
        return done

    def _refills(
        self, job: Job, spans: Sequence[Span], month: MonthDraft, done: DownloadOutcome
    ) -> Iterator[tuple[int, ArchivedFile]]:
        """Give the daily files of some spans, and their days, where they were not tried yet."""
        if not (spans and job.may_refill):
            return
        try:
            listed = self._planner.daily_files(job.shelf, job.month)
        except VenueError as error:
            done.problems.append(f"{job.shelf}: {error}")
            return
        for day, entry in sorted(listed.items()):
            if touches(day, spans) and is_new(entry, month.note):
                yield day, entry

    def _fetch(
        self,
        entry: ArchivedFile,
        month: MonthDraft,
        done: DownloadOutcome,
        *,
        is_better: bool = False,
    ) -> None:
        """Add what a file tells; one that is not sound is told of, and else left aside."""
        try:
            file = self._archive.file(entry)
            month.add(file, is_better=is_better)
        except VenueUnreachable as error:
            done.problems.append(f"{entry.key}: {error}")
        except (VenueError, RecordingError) as error:
            done.problems.append(str(error))
        else:
            done.files += 1
            done.size += len(file.content)
        self._progress.fetched(entry.size)

    def _ask(
        self,
        span: Span,
        month: MonthDraft,
        job: Job,
        done: DownloadOutcome,
        *,
        is_better: bool = False,
    ) -> None:
        try:
            month.ask(self._venue, span, is_better=is_better)
        except (VenueError, SymbolError) as error:
            done.problems.append(f"{job.shelf}: {error}")
