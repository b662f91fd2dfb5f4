"""The events of a journal, one after the other, and the account that they come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from divbot.database import Damaged
from divbot.domain.errors import DuplicateEvent, LedgerError
from divbot.domain.events import Event
from divbot.domain.ledger import Ledger
from divbot.trading.journal.projections import seq_of, write_account, write_trade
from divbot.trading.journal.records import GENESIS, Original, Record

_INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT seq, ts, kind, key, body, hash FROM event WHERE seq > ? ORDER BY seq"
_SELECT_LAST = (
    "SELECT seq, ts, kind, key, body, hash FROM event WHERE kind != ? ORDER BY seq DESC LIMIT ?"
)
_SELECT_ORIGINAL = "SELECT version, events, hash FROM original"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the first `seq` events come to."""

    seq: int = 0
    hash: bytes = GENESIS
    """Of the last of them; of none, what the first is chained to."""
    ledger: Ledger = field(default_factory=Ledger)

    def after(self, record: Record, event: Event) -> JournalState:
        """Return the state after one more event; raise LedgerError where it cannot have been."""
        return JournalState(record.seq, record.hash, self.ledger.apply(event))


def beginning(connection: sqlite3.Connection) -> JournalState:
    """Return the state before the first event."""
    row = connection.execute(_SELECT_ORIGINAL).fetchone()
    return JournalState(hash=Original(*row).seal) if row else JournalState()


def append(
    connection: sqlite3.Connection, state: JournalState, events: Iterable[Event]
) -> JournalState:
    """Write `events` and what they come to, within the caller's transaction."""
    for event in events:
        # Before the ledger has its say: whoever decides the same again is told just that.
        written = seq_of(connection, event.key)
        if written is not None:
            raise DuplicateEvent(f"{event.key}: in the journal already, as event {written}")
        record = Record.of(event, state.seq + 1, state.hash)
        before, state = state, state.after(record, event)
        connection.execute(_INSERT, record)
        write_trade(connection, state.seq, event, before.ledger, state.ledger)
    write_account(connection, state.seq, state.ledger)
    return state


def replay(
    following: Iterable[Record], state: JournalState, note: Callable[[int, Event], None]
) -> JournalState:
    """Return the state after the events of the `following` rows, each given to `note`.

    Raise Damaged where an event cannot have happened, and where there is none at all.
    """
    for record in following:
        event = record.event()
        try:
            state = state.after(record, event)
        except LedgerError as error:
            raise Damaged(f"event {record.seq} cannot have happened: {error}") from error
        note(record.seq, event)
    if state.seq == 0:
        raise Damaged("it holds no event")
    return state


def checked(
    connection: sqlite3.Connection, state: JournalState, *, batch: int = BATCH
) -> Iterator[Record]:
    """Yield the rows after `state`; raise Damaged where the chain is broken."""
    seq, previous = state.seq, state.hash
    for record in records(connection, after=seq, batch=batch):
        record.check(seq + 1, previous)
        yield record
        seq, previous = record.seq, record.hash


def records(
    connection: sqlite3.Connection, after: int = 0, *, batch: int = BATCH
) -> Iterator[Record]:
    """Yield the rows after row `after`, those included that are added meanwhile."""
    # In batches: an open cursor would keep the write-ahead log from ever starting anew.
    while rows := connection.execute(_SELECT + " LIMIT ?", (after, batch)).fetchall():
        yield from map(Record._make, rows)
        after = rows[-1][0]


def last_records(connection: sqlite3.Connection, count: int, *, but: str = "") -> list[Record]:
    """Return the last `count` rows of another kind than `but`, the newest last."""
    rows = connection.execute(_SELECT_LAST, (but, count)).fetchall()
    return [Record._make(row) for row in reversed(rows)]


def last_seq(connection: sqlite3.Connection) -> int:
    """Return the number of the last event, 0 where there is none."""
    (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    return int(seq)
