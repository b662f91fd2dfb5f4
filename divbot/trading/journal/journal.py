"""The journal of a paper run: every event, durable, and the account that they come to.

One SQLite file is one run. Its rules:

- An event counts once it is committed; memory changes only after that. Whatever fails before
  leaves file and memory as they were, and the next write may succeed.
- What is decided twice is written once: every event bears a key, and a key is never used again.
  A program that was killed after a commit and before it knew of it decides the same again, and is
  refused.
- Opening is recovery: there is no other way in. The lock, the pages, the chain of hashes, the
  account and the tables are checked each time; a journal that fails is refused as a whole.
- One process writes, one thread of it; anybody may read.
- Any version that was ever written is read; who goes on with an older one upgrades it first
  (see divbot.trading.journal.upgrade).

Not protected against: a disk that lies about having written, and somebody who rewrites the whole
chain. Bits that rot in the write-ahead log of a killed program end the log where they stand.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from divbot.database import (
    Damaged,
    connect_writing,
    delete,
    locked,
    make_durable,
    own_errors,
    part_of,
    reading,
    transaction,
)
from divbot.domain.errors import JournalError
from divbot.domain.events import Event, Marked, Started
from divbot.domain.ledger import Ledger
from divbot.files import make_private
from divbot.trading.journal import projections, schema, upgrade
from divbot.trading.journal.chain import (
    JournalState,
    append,
    beginning,
    checked,
    last_records,
    last_seq,
    records,
    replay,
)
from divbot.trading.journal.upgrade import Require
from divbot.trading.journal.versions import VERSION


def _nothing(_: Ledger) -> None:
    """Require nothing of an account."""


class Journal:
    """The writing end of a journal; use `create` or `open`."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        state: JournalState,
        held: ExitStack,
        kept: Path | None,
    ) -> None:
        self.path = path
        self.kept = kept
        """Where it is kept as an older version wrote it, if it was upgraded just now."""
        self._connection = connection
        self._state = state
        self._held = held
        self._thread = threading.get_ident()

    @classmethod
    def create(cls, path: Path, started: Started) -> Self:
        """Begin a journal in a new file; raise JournalError where there is one, or cannot be."""
        path = path.resolve()
        with own_errors(path), ExitStack() as held:
            make_private(path.parent)
            held.enter_context(locked(path))
            if path.exists():
                raise JournalError(f"{path}: expected no file of this name, found one")
            with part_of(path) as part, closing(connect_writing(part)) as connection:
                make_durable(connection)
                with transaction(connection):
                    schema.lay_out(connection)
                    append(connection, JournalState(), [started])
            return cls._recover(path, held.pop_all())

    @classmethod
    def open(cls, path: Path, require: Require = _nothing) -> Self:
        """Go on with a journal, of this version from now on.

        Raise JournalError where it is damaged, of a newer version, or another program's, and what
        `require` raises of its account; nothing has changed then.
        """
        path = path.resolve()
        with own_errors(path), ExitStack() as held:
            _require(path)
            held.enter_context(locked(path))
            return cls._recover(path, held.pop_all(), require)

    @classmethod
    def _recover(cls, path: Path, held: ExitStack, require: Require = _nothing) -> Self:
        with held:
            connection = held.enter_context(closing(connect_writing(path)))
            version = schema.identify(connection)
            make_durable(connection)
            schema.check(connection, version)
            is_old = version < VERSION
            kept = upgrade.write_anew(connection, path, version, require) if is_old else None
            spans, first = projections.Spans(), beginning(connection)
            state = replay(checked(connection, first), first, spans.note)
            projections.check(connection, state.seq, state.ledger, spans)
            require(state.ledger)
            return cls(path, connection, state, held.pop_all(), kept)

    @property
    def ledger(self) -> Ledger:
        """Return the account after all events; immutable, for any thread."""
        return self._state.ledger

    def write(self, *events: Event) -> Ledger:
        """Write all `events` or none, durably, and return the account after them.

        Raise DuplicateEvent for a key that was used before, LedgerError for what cannot have
        happened, JournalError where it cannot be written. Nothing has changed then, and writing
        may be tried again.
        """
        self._check_thread()
        with own_errors(self.path), self._own_transaction():
            state = append(self._connection, self._caught_up(), events)
        self._state = state
        return state.ledger

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all that is written within, or nothing: for a run that can be made again.

        An event is not on disk before the end; whatever fails within leaves the journal as it was,
        to be closed.
        """
        self._check_thread()
        with own_errors(self.path), transaction(self._connection):
            yield

    def events(self) -> Iterator[tuple[int, Event]]:
        """Yield every event with its number, the first is 1."""
        self._check_thread()
        with own_errors(self.path):
            for record in records(self._connection):
                yield record.seq, record.event()

    def recent(self, count: int) -> tuple[Event, ...]:
        """Return the last `count` events that are more than a valuation, the newest last."""
        self._check_thread()
        with own_errors(self.path):
            last = last_records(self._connection, count, but=Marked.kind)
            return tuple(record.event() for record in last)

    def close(self) -> None:
        """Let go of the file; doing so again does nothing."""
        self._check_thread()
        with own_errors(self.path):
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _own_transaction(self) -> AbstractContextManager[None]:
        is_within = self._connection.in_transaction
        return nullcontext() if is_within else transaction(self._connection)

    def _caught_up(self) -> JournalState:
        # Ctrl-C during a COMMIT is raised after it, and before memory could follow.
        if last_seq(self._connection) != self._state.seq:
            following = checked(self._connection, self._state)
            self._state = replay(following, self._state, lambda *_: None)
        return self._state

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError(
                f"expected the thread that opened {self.path} to use it, found "
                f"{threading.current_thread().name}; other threads may use .ledger and read()"
            )


@dataclass(frozen=True, slots=True)
class JournalCopy:
    """A journal as it stood when it was read."""

    path: Path
    events: tuple[Event, ...]
    ledger: Ledger


def read(path: Path) -> JournalCopy:
    """Return what a journal of any version holds, also while another program writes to it.

    Raise JournalError for what is no journal, and where the chain of its events is broken.
    """
    with _reading(path) as (connection, version):
        return JournalCopy(path.resolve(), *upgrade.history(connection, version))


def save(path: Path, copy: Path) -> JournalCopy:
    """Write all that the journal `path` holds to the one file `copy`, also while it is written to.

    What `copy` was is replaced. Return what it holds now. Raise JournalError where `path` is no
    whole journal, or where the copy cannot be written.
    """
    copy = copy.resolve()
    with _connected(path) as connection, own_errors(copy):
        with part_of(copy) as part:
            connection.execute("VACUUM INTO ?", (str(part),))
            read(part)
            if copy.exists():
                delete(copy)
        return read(copy)


def start_of(path: Path) -> Started:
    """Return how a run began; raise JournalError for what is no journal."""
    with _reading(path) as (connection, version):
        first = next(upgrade.rows(connection, version, batch=1), None)
        started = first.event() if first else None
        if not isinstance(started, Started):
            raise Damaged("its first event is not the start of a run")
    return started


@contextmanager
def _reading(path: Path) -> Iterator[tuple[sqlite3.Connection, int]]:
    """Provide a journal and its version; of an older one, as it stands now."""
    with _connected(path) as connection:
        # An upgrade would exchange the rows while they are read; what is of this version grows.
        connection.execute("BEGIN")
        version = schema.identify(connection)
        if version == VERSION:
            connection.execute("COMMIT")
        yield connection, version


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    path = path.resolve()
    with own_errors(path):
        _require(path)
        with reading(path) as connection:
            schema.identify(connection)
            yield connection


def _require(path: Path) -> None:
    if not path.is_file():
        raise JournalError(f"{path}: expected a journal, found no such file")
