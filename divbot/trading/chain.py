"""The events of a journal, one after the other, and the account that they come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from divbot.domain.errors import DuplicateEvent, LedgerError
from divbot.domain.events import Event, Exited
from divbot.domain.ledger import Ledger
from divbot.trading.projections import seq_of, write_account, write_trade
from divbot.trading.records import GENESIS, Damaged, Record

_INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT seq, ts, kind, key, body, hash FROM event WHERE seq > ? ORDER BY seq"
_SELECT_LAST = (
    "SELECT seq, ts, kind, key, body, hash FROM event WHERE kind != ? ORDER BY seq DESC LIMIT ?"
)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class State:
    """What the first `seq` events come to."""

    seq: int = 0
    hash: bytes = GENESIS
    """Of the last of them."""
    ledger: Ledger = field(default_factory=Ledger)
    realised: Decimal = Decimal(0)
    """The profit of all closed trades; kept, so that nobody adds them up at every event."""

    def after(self, record: Record, event: Event) -> State:
        """Return the state after one more event; raise LedgerError where it cannot have been."""
        ledger = self.ledger.apply(event)
        gained = ledger.closed[-1].profit if isinstance(event, Exited) else Decimal(0)
        return State(record.seq, record.hash, ledger, self.realised + gained)


def append(connection: sqlite3.Connection, state: State, events: Iterable[Event]) -> State:
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
    write_account(connection, state.seq, state.ledger, state.realised)
    return state


def replay(
    connection: sqlite3.Connection, state: State, note: Callable[[int, Event], None]
) -> State:
    """Return the state after all events, each checked and given to `note` with its number.

    Raise Damaged where the chain is broken, or where an event cannot have happened.
    """
    for record in records(connection, after=state.seq):
        record.check(state.seq + 1, state.hash)
        event = record.event()
        try:
            state = state.after(record, event)
        except LedgerError as error:
            raise Damaged(f"event {record.seq} cannot have happened: {error}") from error
        note(record.seq, event)
    if state.seq == 0:
        raise Damaged("it holds no event")
    return state


def records(
    connection: sqlite3.Connection, after: int = 0, *, batch: int = _BATCH
) -> Iterator[Record]:
    """Yield the rows after row `after`, those included that are added meanwhile."""
    # In batches: an open cursor would keep the write-ahead log from ever starting anew.
    while rows := connection.execute(_SELECT + " LIMIT ?", (after, batch)).fetchall():
        yield from map(Record._make, rows)
        after = rows[-1][0]


def last_records(connection: sqlite3.Connection, count: int, *, but: str) -> list[Record]:
    """Return the last `count` rows of another kind than `but`, the newest last."""
    rows = connection.execute(_SELECT_LAST, (but, count)).fetchall()
    return [Record._make(row) for row in reversed(rows)]


def last_seq(connection: sqlite3.Connection) -> int:
    """Return the number of the last event, 0 where there is none."""
    (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    return int(seq)
