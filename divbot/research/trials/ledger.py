"""The ledger's file: append-only, one for each user, for any number of programs at once.

- An entry counts once it is committed: SQLite keeps all of it or nothing, whatever ends divbot.
- One program writes at a time and the others wait: a look is counted among all looks.
- Each entry's hash goes over all before it. What is changed or removed within breaks the chain, and
  it stays broken; what is removed at the end, or altogether, is missed by the note beside the file.
- Nothing is ever refused because of that. What is left goes on counting, and every verdict from
  then on says that looks are unknown.

Not noticed: somebody who writes the whole chain and the note anew, and somebody who removes both.
So each verdict prints the head of the ledger: who noted it can compare.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from divbot.database import Damaged, connect_writing, locked, own_errors, transaction
from divbot.domain.clock import Clock, utc_text
from divbot.domain.errors import InputError
from divbot.evaluation import DailyResults
from divbot.files import make_private
from divbot.research.trials.entries import Lost, Opening, Trial, TrialEntry, TrialSource
from divbot.research.trials.note import EMPTY, Head
from divbot.research.trials.rows import TrialRow, Written, insert, lay_out, rows, written

_PATIENCE = 120.0
"""Seconds to wait for another program, which judges a large sweep meanwhile."""
_BUSY = f"another divbot has been writing to it for {_PATIENCE:.0f} s; end that one, or wait for it"
_ADVICE = "move it away and keep it: sweeps go on, and say that looks are unknown"


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a ledger holds, and what is wrong with it."""

    written: tuple[Written, ...]
    head: Head
    broken: tuple[str, ...]
    """Where entries are not what was written, and where some were found missing before."""
    missing: str
    """How the entries contradict the note beside them; empty where they do not."""
    noted: Head | None
    heads: Mapping[int, str]
    """The hash of each entry."""

    def against(self, head: str) -> Iterator[str]:
        """Yield how the entries contradict a `head` that was printed once; nothing: they do not."""
        entries, _, digest = head.partition(":")
        if not head:
            return
        if not entries.isdecimal() or not digest:
            raise InputError(
                f"--head: expected a head such as {self.head}, as a verdict prints it, found {head}"
            )
        if not self.heads.get(int(entries), "none").startswith(digest):
            yield f"the ledger that had the head {head} is another one, or entries are missing"

    @property
    def problems(self) -> tuple[str, ...]:
        """Return why looks are unknown; empty: all of them are known."""
        return (*self.broken, self.missing) if self.missing else self.broken


class TrialLedger:
    """The ledger in `path`, which need not exist yet."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.note = path.with_suffix(".head")
        self._clock = clock

    def read(self, *, with_results: bool = True) -> Contents:
        """Return what stands in it; raise JournalError where it cannot be read at all.

        Daily results take most of the time: who asks for days alone goes without.
        """
        with _own_errors(self.path):
            noted, has_note = Head.read(self.note), self.note.exists()
            if not self.path.exists():
                return _contents([], noted, is_new=not has_note)
            with closing(_connect(self.path)) as connection:
                return _contents(rows(connection), noted, with_results=with_results)

    @contextmanager
    def open(self) -> Iterator[OpenLedger]:
        """Provide the writing end; what is written within is kept at its end, all or nothing.

        Other programs wait meanwhile. Raise JournalError where it cannot be written.
        """
        with _own_errors(self.path):
            make_private(self.path.parent)
            with locked(self.path, _PATIENCE, busy=_BUSY):
                if not self.path.exists() and not self.note.exists():
                    # First of all: so a ledger without a note has lost it.
                    EMPTY.write(self.note)
                before = self.read()
                with closing(_connect(self.path, may_create=True)) as connection:
                    with transaction(connection):
                        lay_out(connection)
                        writing = OpenLedger(connection, before, self._clock)
                        yield writing
                    writing.contents.head.write(self.note)


class OpenLedger:
    """The writing end of a ledger, within one transaction."""

    def __init__(self, connection: sqlite3.Connection, before: Contents, clock: Clock) -> None:
        self.contents = before
        self._connection = connection
        self._clock = clock
        if before.missing:
            self._tell_of_loss(before)

    def append(self, entry: TrialEntry, results: DailyResults | None = None) -> int:
        """Write an entry, with the daily results of a trial; return its number."""
        last, at = self.contents.head, self._clock.now()
        row = TrialRow.of(entry, results, seq=last.entries + 1, at=at, previous=last.hash)
        insert(self._connection, row)
        self.contents = replace(
            self.contents,
            written=(*self.contents.written, Written(row.seq, at, entry, results)),
            head=_after(last, row.hash, entry),
        )
        return row.seq

    def _tell_of_loss(self, before: Contents) -> None:
        """Keep what the note knew, which is about to be written anew."""
        noted, head = before.noted or EMPTY, before.head
        lost = Lost(
            before.missing,
            sweeps=max(0, noted.sweeps - head.sweeps),
            openings=max(0, noted.openings - head.openings),
        )
        self.append(lost)
        told = _told(self.contents.written[-1].at, lost)
        self.contents = replace(self.contents, broken=(*before.broken, told), missing="")


def _contents(
    found: Iterable[TrialRow],
    noted: Head | None,
    *,
    is_new: bool = False,
    with_results: bool = True,
) -> Contents:
    """Return what the rows say, with all that is wrong with them."""
    broken: list[str] = []
    kept: list[Written] = []
    head = EMPTY
    hashes = {0: head.hash}
    for row in found:
        broken += _breaks(row, head)
        entry = None
        try:
            kept.append(written(row, with_results=with_results))
            entry = kept[-1].entry
        except ValueError as error:
            reason = " ".join(str(error).split())
            broken.append(f"entry {row.seq} cannot be read: {reason}")
        head = replace(_after(head, row.hash, entry), entries=row.seq)
        hashes[row.seq] = row.hash
        if isinstance(entry, Lost):
            broken.append(_told(row.at, entry))
    missing = "" if is_new else _missing(hashes, noted)
    return Contents(tuple(kept), head, tuple(broken), missing, noted, hashes)


def _told(at: int, lost: Lost) -> str:
    return f"on {utc_text(at)} UTC: {lost.problem}"


def _breaks(row: TrialRow, head: Head) -> Iterator[str]:
    if row.seq != head.entries + 1:
        yield f"entry {head.entries + 1} is missing, {row.seq} stands in its place"
    elif row != row.sealed(head.hash):
        yield f"entry {row.seq} is not what was written: its hash is another"


def _missing(hashes: Mapping[int, str], noted: Head | None) -> str:
    if noted is None:
        return "the note beside the ledger is gone, or cannot be read"
    last = max(hashes)
    if noted.entries > last:
        return f"{noted.entries} entries were written, of which {last} are there"
    if hashes.get(noted.entries) != noted.hash:
        return f"entry {noted.entries} is another than the one that was noted"
    return ""


def _after(head: Head, digest: str, entry: TrialEntry | None) -> Head:
    """Return the head of a ledger to which `entry` was added; None: one that cannot be read."""
    sweeps, openings = head.sweeps, head.openings
    match entry:
        case Trial(source=TrialSource.SWEEP):
            sweeps += 1
        case Opening():
            openings += 1
        case Lost():
            sweeps, openings = sweeps + entry.sweeps, openings + entry.openings
    return Head(head.entries + 1, digest, sweeps, openings)


def _connect(path: Path, *, may_create: bool = False) -> sqlite3.Connection:
    if may_create and not path.exists():
        path.touch(mode=0o600)
    connection = connect_writing(path.absolute(), _PATIENCE)
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA fullfsync = ON")
    return connection


_DAMAGE = {
    sqlite3.SQLITE_NOTADB: "it is no ledger of trials",
    sqlite3.SQLITE_CORRUPT: "the ledger of trials is damaged",
}


@contextmanager
def _own_errors(path: Path) -> Iterator[None]:
    with own_errors(path):
        try:
            yield
        except sqlite3.DatabaseError as error:
            damage = _DAMAGE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if damage is None:
                raise
            raise Damaged(damage, _ADVICE) from error
