"""What a download has to do: a job for each month of a shelf that lacks something.

Months come from monthly files where there are some, else from daily ones; what those lack, from the
venue itself. A month that is complete, or whose files are those of the archive still, is no job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divbot.binance.archive.archive import ArchiveClient
from divbot.binance.archive.keys import FilePeriod, first_moment
from divbot.binance.archive.listings import ArchivedFile
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY
from divbot.domain.market import TRADING, Instrument, Interval
from divbot.history.archived import series_of
from divbot.history.funding import funding_lacking
from divbot.history.parts import Note
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, gaps, joined, month_of, months, without
from divbot.history.store import Store
from divbot.recordings.grid import Grid

_DATE = len("2024-07-30")
_MONTH = len("2024-07")
_DAYS = 31


@dataclass(frozen=True, slots=True)
class Job:
    """One month of one shelf."""

    shelf: Shelf
    month: Span
    wanted: Span
    """What of the month, up to the newest final candle."""
    monthly: ArchivedFile | None
    """The monthly file to fetch, if it is to be fetched."""
    daily: tuple[ArchivedFile, ...]
    """The daily files to fetch."""
    may_refill: bool
    """Daily files were not looked at yet, and may have what is missing."""
    instrument: Instrument | None
    """What the venue says of the symbol; None where it is not listed (any more)."""
    between: Span | None = None
    """From the first to the last month of which archive or store have something."""

    @property
    def files(self) -> tuple[ArchivedFile, ...]:
        """Return what is to be fetched from the archive."""
        return ((self.monthly,) if self.monthly else ()) + self.daily

    @property
    def size(self) -> int:
        """Return the bytes of these."""
        return sum(x.size for x in self.files)

    @property
    def is_alive(self) -> bool:
        """Tell whether the symbol is traded now."""
        return self.instrument is not None and self.instrument.status == TRADING


@dataclass(frozen=True, slots=True)
class Planner:
    """Find out what shelves lack; asks the archive for one list or a few for each of them."""

    store: Store
    archive: ArchiveClient
    instruments: Mapping[str, Instrument]
    """What the venue lists."""
    now: int
    """The venue's time, ms UTC."""

    def jobs(self, shelf: Shelf, span: Span) -> list[Job]:
        """Return what is to be done for a shelf to hold all there is of `span`."""
        span = final_part(shelf, span, self.now)
        chosen = list(months(span)) if span.start < span.end else []
        if not chosen:
            return []
        notes = {month: self.store.sound_note(shelf, month) for month in chosen}
        monthly = self._entries(shelf, FilePeriod.MONTHLY, Span(chosen[0].start, chosen[-1].end))
        bare = [x for x in chosen if x.start not in monthly and _lacks(shelf, notes[x], x, span)]
        daily: dict[int, ArchivedFile] = {}
        for run in joined(bare):
            daily |= self._entries(shelf, FilePeriod.DAILY, run)
        known = [*monthly, *daily, *(x.first for x in notes.values() if x)]
        begin = self._begin(shelf, known, span)
        between = Span(begin, max(known, default=begin))
        found = (
            self._job(shelf, month, month.within(span), notes[month], monthly, daily, between)
            for month in chosen
        )
        return [x for x in found if x is not None and (x.files or x.month.end > begin)]

    def replaced(self, shelf: Shelf) -> list[Job]:
        """Return what is to be fetched again, as the archive holds other files by now."""
        notes = {month_of(note.first): note for note in self.store.sound_notes(shelf)}
        if not notes:
            return []
        files = self._entries(shelf, FilePeriod.MONTHLY, Span(min(notes).start, max(notes).end))
        days: dict[int, ArchivedFile] = {}
        for run in joined(month for month, note in notes.items() if _has_days(note)):
            days |= self._entries(shelf, FilePeriod.DAILY, run)
        jobs = (
            self._again(shelf, month, note, files.get(month.start), days.items())
            for month, note in notes.items()
        )
        return [x for x in jobs if x.files]

    def _again(
        self,
        shelf: Shelf,
        month: Span,
        note: Note,
        monthly: ArchivedFile | None,
        days: Iterable[tuple[int, ArchivedFile]],
    ) -> Job:
        def is_changed(entry: ArchivedFile) -> bool:
            return is_new(entry, note) and _replaced(entry, note)

        return Job(
            shelf,
            month,
            final_part(shelf, month, self.now),
            monthly if monthly and is_changed(monthly) else None,
            tuple(x for day, x in days if month.start <= day < month.end and is_changed(x)),
            may_refill=True,
            instrument=self.instruments.get(shelf.symbol),
        )

    def daily_files(self, shelf: Shelf, span: Span) -> dict[int, ArchivedFile]:
        """Return the daily files of `span` by when their days begin."""
        return self._entries(shelf, FilePeriod.DAILY, span)

    def _entries(self, shelf: Shelf, period: FilePeriod, span: Span) -> dict[int, ArchivedFile]:
        series = series_of(shelf)
        if not series.comes(period):
            return {}
        length = _MONTH if period is FilePeriod.MONTHLY else _DATE
        start, end = (utc_text(x)[:length] for x in span)
        count = len(list(months(span))) * (2 if period is FilePeriod.MONTHLY else 2 * _DAYS)
        found = self.archive.entries(series.prefix(period), start, end, count)
        dated = ((first_moment(entry.key), entry) for entry in found)
        return {time: x for time, x in dated if time is not None and span.start <= time < span.end}

    def _job(
        self,
        shelf: Shelf,
        month: Span,
        wanted: Span,
        note: Note | None,
        monthly: Mapping[int, ArchivedFile],
        daily: Mapping[int, ArchivedFile],
        between: Span,
    ) -> Job | None:
        entry = monthly.get(month.start)
        lacks = lacking_of(shelf, note, wanted)
        days = [x for time, x in sorted(daily.items()) if touches(time, lacks)]
        job = Job(
            shelf,
            month,
            wanted,
            entry if entry and is_new(entry, note) and (lacks or _replaced(entry, note)) else None,
            tuple(x for x in days if not entry and is_new(x, note)),
            may_refill=entry is not None,
            instrument=self.instruments.get(shelf.symbol),
            between=between,
        )
        # Of what is gone, holes may be filled since; but nothing comes after its end.
        there = Span(note.first, note.last) if note else between
        inside = any(there.start < x.start < there.end for x in lacks)
        is_due = job.files or (job.is_alive and lacks) or (inside and (entry or job.instrument))
        return job if is_due else None

    def _begin(self, shelf: Shelf, known: Iterable[int], span: Span) -> int:
        """Return from when on the venue may know candles of which the archive knows nothing."""
        instrument = self.instruments.get(shelf.symbol)
        listed = instrument.listed_at if instrument else None
        first = min(known, default=None)
        if first is not None:
            return first if listed is None else min(first, listed)
        # A symbol that the archive has nothing of is new: neither does it tell since when.
        return max(listed or 0, month_of(span.end - 1).start - DAY)


def final_part(shelf: Shelf, span: Span, now: int) -> Span:
    """Return what of `span` is over: no candle in it forms any more."""
    end = Grid(shelf.interval).open_at(now) if shelf.interval else now
    return span.within(Span(0, end))


def is_new(entry: ArchivedFile, note: Note | None) -> bool:
    """Tell whether a file is not in the store, or was replaced since."""
    known = {(x.name, x.etag) for x in note.sources} if note else set()
    return (entry.key, entry.etag) not in known


def _replaced(entry: ArchivedFile, note: Note | None) -> bool:
    return note is not None and any(x.name == entry.key for x in note.sources)


def _has_days(note: Note) -> bool:
    return any(f"/{FilePeriod.DAILY}/" in x.name for x in note.sources)


def touches(day: int, spans: Iterable[Span]) -> bool:
    """Tell whether some of `spans` lies in the day that begins then."""
    return any(x.start < day + DAY and x.end > day for x in spans)


def _lacks(shelf: Shelf, note: Note | None, month: Span, span: Span) -> bool:
    return bool(lacking_of(shelf, note, month.within(span)))


def lacking_of(shelf: Shelf, note: Note | None, wanted: Span) -> tuple[Span, ...]:
    """Return what a file lacks of `wanted`, but for what the venue itself has not."""
    if note is None:
        return joined([wanted])
    if shelf.interval is None:
        found = funding_lacking(wanted, note.first, note.last, note.holes, note.outer_periods)
    else:
        ends = np.unique(np.array([note.first, note.last], np.int64))
        found = lacking(ends, wanted, shelf.interval, inner=note.holes)
    return joined(x for span in found for x in without(span, note.nowhere))


def lacking(
    times: NDArray[np.int64],
    wanted: Span,
    interval: Interval,
    inner: Sequence[Span] | None = None,
) -> tuple[Span, ...]:
    """Return what of `wanted` is without candles, which open at `times`.

    `inner` is what is missing between the first and the last of them, where that is known.
    """
    if not len(times):
        return joined([wanted])
    first, last = int(times[0]), int(times[-1])
    edges = (
        Span(Grid(interval).open_from(wanted.start), first),
        Span(interval.close_of(last), wanted.end),
    )
    inner = gaps(times, interval) if inner is None else inner
    return joined(x.within(wanted) for x in (*edges, *inner) if x.start < x.end)
