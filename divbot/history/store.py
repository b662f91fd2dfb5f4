"""The store of one market: what is kept, what is missing, and how it is written.

Any number of programs read; one writes, who holds the lock of the folder. A file is replaced by
another that is whole: a kill, Ctrl-C or a full disk leaves the old one or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.errors import InputError, StoreError
from divbot.domain.market import Interval, Market
from divbot.files import sweep, write_whole
from divbot.history.candles import between, in_a_row, merged
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.parts import (
    VERSION,
    DamagedFile,
    Note,
    RowSource,
    newer,
    read_candles,
    read_funding,
    read_note,
    write_candles,
    write_funding,
    writing,
)
from divbot.history.shelf import DAMAGED, Shelf, shelves, shelves_folder, symbols_in
from divbot.history.spans import Span, gaps, joined, month_of, months
from divbot.history.unpaid import unpaid
from divbot.recordings.track import Track

# Hidden: what reads all files of a folder leaves them aside.
VERSION_FILE = ".divbot-store.json"
_LOCK = ".divbot-lock"
_ASIDE = ".divbot-damaged"
WHOSE = "Binance's", "a local exchange's"
"""Whose prices they are, by whether they are simulated."""


class Store:
    """Candles, mark prices and funding of one market, below the folder `root`.

    Reading gives empty arrays for what is not there, and raises StoreError for a damaged file and
    for a store of a newer version. Times are ms UTC; ranges end before their `end`.
    """

    def __init__(self, root: Path, market: Market) -> None:
        self.root = root
        self.market = market
        self._about = _about(root / VERSION_FILE)

    @property
    def is_simulated(self) -> bool | None:
        """Tell whether its prices come from a local exchange; None: none came from an exchange."""
        return self._about.get("simulated")

    def expect(self, *, is_simulated: bool) -> None:
        """Raise InputError where simulated prices and real ones would be in one store."""
        if self.is_simulated not in (None, is_simulated):
            raise InputError(
                f"{self.root}: this store holds {WHOSE[not is_simulated]} prices, and these are "
                f"{WHOSE[is_simulated]}; name another store with --store"
            )

    def symbols(self, interval: Interval, kind: StoredKind = StoredKind.KLINES) -> tuple[str, ...]:
        """Return the symbols that have candles of `interval`, by name."""
        folder = shelves_folder(self.root, self.market, kind, interval)
        return tuple(
            x for x in symbols_in(folder) if self.shelf(x, interval, kind).months(self.root)
        )

    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals of which there are candles."""
        return tuple(x for x in Interval if self.symbols(x))

    def shelves(self) -> Iterator[Shelf]:
        """Give every shelf that has a file."""
        return (x for x in shelves(self.root, self.market) if x.months(self.root))

    def span(self, symbol: str, interval: Interval) -> Span | None:
        """Return from the first open to the last close; None where there is nothing."""
        parts = self.shelf(symbol, interval).months(self.root)
        if not parts:
            return None
        first, last = read_note(parts[0][1]).first, read_note(parts[-1][1]).last
        return Span(first, interval.close_of(last))

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open in the range, in the order of time; gaps stay gaps."""
        return self.kept(self.shelf(symbol, interval), start, end)

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return what changes whenever those candles do; empty where there are none."""
        paths = self._paths(self.shelf(symbol, interval), start, end)
        digests = [read_note(path).digest for path in paths]
        return f"{start} {end} {' '.join(digests)}" if digests else ""

    def marks(self, symbol: str, start: int, end: int, interval: Interval = Interval.M1) -> Track:
        """Return the candles of the mark price that open in the range; their volume is 0."""
        return self.kept(self.shelf(symbol, interval, StoredKind.MARK), start, end)

    def funding(self, symbol: str, start: int, end: int) -> FundingTrack:
        """Return the settlements of funding that were due in the range."""
        found = FundingTrack.of([], [])
        for path in self._paths(self.shelf(symbol, None, StoredKind.FUNDING), start, end):
            found = found.merged(read_funding(path, start, end))
        return found

    def holes(
        self, symbol: str, interval: Interval, kind: StoredKind = StoredKind.KLINES
    ) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""
        shelf = self.shelf(symbol, interval, kind)
        return holes_between([note for _, note in self.notes(shelf)], interval)

    def unpaid(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """Return what of `span` lacks settlements of funding while the symbol was traded.

        Of a symbol without candles, what lacks between settlements.
        """
        notes = self.sound_notes(self.shelf(symbol, None, StoredKind.FUNDING))
        shelves = [self.shelf(symbol, x) for x in Interval if x.milliseconds <= DAY]
        ends = [x for shelf in shelves for x in self._ends(shelf)]
        known = Span(min(ends, default=0), max(ends, default=0))
        return unpaid(notes, span, known, lambda within: self._traded(shelves, within))

    def notes(self, shelf: Shelf) -> Iterator[tuple[Path, Note]]:
        """Give the files of a shelf in the order of time, with what each says of itself."""
        return ((path, read_note(path)) for _, path in shelf.months(self.root))

    def shelf(
        self, symbol: str, interval: Interval | None, kind: StoredKind = StoredKind.KLINES
    ) -> Shelf:
        """Return where candles of this kind are."""
        return Shelf(self.market, kind, interval, symbol)

    def note(self, shelf: Shelf, month: Span) -> Note | None:
        """Return what the file of `month` says of itself; None where there is none."""
        path = shelf.path(self.root, month)
        return read_note(path) if path.exists() else None

    def sound_note(self, shelf: Shelf, month: Span) -> Note | None:
        """Return the same; None for a damaged file, too, as it is of no use."""
        try:
            return self.note(shelf, month)
        except DamagedFile:
            return None

    def sound_notes(self, shelf: Shelf) -> list[Note]:
        """Return what the files of a shelf say of themselves, damaged ones left out."""
        found = (self.sound_note(shelf, month) for month, _ in shelf.months(self.root))
        return [note for note in found if note is not None]

    @contextmanager
    def locked(self, *, is_simulated: bool | None = None, patience: float = 0.0) -> Iterator[None]:
        """Be the one who writes; StoreError where another program does, or nobody may.

        `is_simulated` tells whether the prices are a local exchange's. For `patience` seconds
        another program is waited for.
        """
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / _LOCK, mode=0o600, thread_local=False)
            try:
                lock.acquire(timeout=patience)
            except Timeout:
                raise StoreError(
                    f"{self.root}: another divbot writes to this store; wait until it has ended"
                ) from None
        try:
            self._begin({} if is_simulated is None else {"simulated": is_simulated})
            sweep(self.root)
            yield
        finally:
            lock.release()

    def write(
        self,
        symbol: str,
        interval: Interval,
        candles: Track,
        *sources: RowSource,
        kind: StoredKind = StoredKind.KLINES,
    ) -> None:
        """Add checked `candles`, by months; they take the place of those that were there.

        What they do not tell, and those there of the same prices did, stays.
        """
        shelf = self.shelf(symbol, interval, kind)
        for month in _months_of(candles):
            path, note = shelf.path(self.root, month), self.note(shelf, month)
            part = between(candles, *month)
            if note is not None:
                part = merged(read_candles(path, symbol, *month), part)
            self.put(shelf, month, part, _both(note, sources), note.nowhere if note else ())

    def put(
        self,
        shelf: Shelf,
        month: Span,
        candles: Track,
        sources: Sequence[RowSource],
        nowhere: Iterable[Span] = (),
    ) -> None:
        """Let `candles` be all that is kept of `month`."""
        assert shelf.interval is not None  # noqa: S101 - only funding has none
        times = candles.open_time
        note = _note(times, gaps(times, shelf.interval), sources, nowhere)
        write_candles(shelf.path(self.root, month), candles, note, shelf.interval)

    def write_funding(self, symbol: str, funding: FundingTrack, *sources: RowSource) -> None:
        """Add settlements of funding, by months."""
        shelf = self.shelf(symbol, None, StoredKind.FUNDING)
        if not len(funding):
            return
        for month in months(Span(int(funding.at[0]), int(funding.at[-1]) + 1)):
            part, note = funding.between(*month), self.note(shelf, month)
            if not len(part):
                continue
            if note is not None:
                part = read_funding(shelf.path(self.root, month), *month).merged(part)
            self.put_funding(shelf, month, part, _both(note, sources), note.nowhere if note else ())

    def put_funding(
        self,
        shelf: Shelf,
        month: Span,
        funding: FundingTrack,
        sources: Sequence[RowSource],
        nowhere: Iterable[Span] = (),
    ) -> None:
        """Let `funding` be all that is kept of `month`."""
        note = _note(funding.at, funding.gaps(), sources, nowhere)
        note = replace(note, periods=funding.outer_periods())
        write_funding(shelf.path(self.root, month), funding, note)

    def remove(self, shelf: Shelf, path: Path) -> None:
        """Take one file of a shelf away, and folders that are empty then."""
        with writing(path):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # others are in it
            for folder in (shelf.folder(self.root), *shelf.folder(self.root).parents):
                if folder == self.root:
                    break
                folder.rmdir()

    def aside(self, path: Path) -> Path:
        """Return where a damaged file is put: what it holds may be all there is."""
        beside = self.damaged.root / path.relative_to(self.root)
        return beside.with_name(f"{beside.name}{DAMAGED}")

    @property
    def damaged(self) -> Store:
        """Return what was put aside, laid out as a store."""
        return Store(self.root / _ASIDE, self.market)

    def kept(self, shelf: Shelf, start: int, end: int) -> Track:
        """Return the candles of a shelf that open in the range."""
        tracks = [
            read_candles(path, shelf.symbol, start, end) for path in self._paths(shelf, start, end)
        ]
        return in_a_row([x for x in tracks if len(x.open_time)], shelf.symbol)

    def _ends(self, shelf: Shelf) -> Iterator[int]:
        """Give the first open and the last close of a shelf, damaged files left out."""
        parts = shelf.months(self.root)
        for each in (parts, reversed(parts)):
            notes = (self.sound_note(shelf, month) for month, _ in each)
            if note := next(filter(None, notes), None):
                yield from (note.first, note.last + shelf.length)

    def _traded(self, shelves: Sequence[Shelf], span: Span) -> tuple[Span, ...]:
        """Return the stretches within `span` in which no day passed without trades."""
        found: list[Span] = []
        for shelf in shelves:
            with suppress(DamagedFile):  # others may know
                track = self.kept(shelf, span.start - shelf.length, span.end)
                times = track.open_time[track.volume > 0]
                runs = np.split(times, np.flatnonzero(np.diff(times) > shelf.length + DAY) + 1)
                found += (Span(int(x[0]), int(x[-1]) + shelf.length) for x in runs if len(x))
        return joined(found)

    def _paths(self, shelf: Shelf, start: int, end: int) -> Iterator[Path]:
        parts = shelf.months(self.root)
        return (path for month, path in parts if month.start < end and month.end > start)

    def _begin(self, told: dict[str, bool]) -> None:
        about = {"version": VERSION, **self._about, **told}
        if about != self._about:
            path = self.root / VERSION_FILE
            with writing(path):
                write_whole(path, json.dumps(about).encode())
            self._about = about


def holes_between(notes: Sequence[Note], interval: Interval) -> tuple[Span, ...]:
    """Return what is missing in the files of a shelf and between them."""
    found = [hole for note in notes for hole in note.holes]
    between_files = (
        Span(interval.close_of(before.last), after.first) for before, after in pairwise(notes)
    )
    return joined([*found, *between_files])


def _about(path: Path) -> dict[str, Any]:
    """Return what a store says of itself; nothing for a new one.

    Raise StoreError for a newer one, InputError for a file in the place of its folder.
    """
    try:
        about: dict[str, Any] = json.loads(path.read_bytes())
        version = about["version"]
    except (FileNotFoundError, NotADirectoryError):
        if path.parent.is_file():
            raise InputError(
                f"{path.parent}: expected the folder of a store, found a file; name a folder with "
                "--store, and put what the file holds into it by `divbot data import`"
            ) from None
        return {}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StoreError(
            f"{path}: expected the version of a store, found what does not read; name another "
            "folder with --store, or delete that file if the folder is a store"
        ) from error
    if version != VERSION:
        raise newer(path.parent, version)
    return about


def _months_of(candles: Track) -> Iterator[Span]:
    """Give the months that hold candles."""
    times, place = candles.open_time, 0
    while place < len(times):
        month = month_of(int(times[place]))
        yield month
        place = int(np.searchsorted(times, month.end))


def _note(
    times: Integers,
    holes: tuple[Span, ...],
    sources: Sequence[RowSource],
    nowhere: Iterable[Span],
) -> Note:
    first, last = int(times[0]), int(times[-1])
    return Note(len(times), first, last, holes, tuple(sources), joined(nowhere))


def _both(note: Note | None, sources: Sequence[RowSource]) -> tuple[RowSource, ...]:
    known = {x.name: x for x in (*(note.sources if note else ()), *sources)}
    return tuple(known.values())
