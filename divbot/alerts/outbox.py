"""The outbox: an alert is on disk before anybody is told, and stays until each sink has it.

- A key is kept once: who finds the same divergence again, in another scan or after a restart, is
  told that it was kept before. Keys are never dropped; what an alert says is, once all have it.
- An alert and what is to be done with it are written in one transaction, with the care of the
  journal: see divbot.database.
- That a sink has it is written after it has it. Who dies between the two sends it once more.
- What a sink refuses for good is set aside, so that others go on, and is tried again by the next
  program.
- What a sink that is no longer named did not get goes to the sinks that are new: a wrong address
  that was mended costs no alert.

Safe to use from several threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from divbot.alerts.alert import Alert, Topic
from divbot.database import (
    Damaged,
    connect_writing,
    locked,
    make_durable,
    own_errors,
    part_of,
    reading,
    transaction,
)
from divbot.files import make_private

_APPLICATION_ID = 0x6469766F  # "divo"
_VERSION = 1
_KEEP = "put the file elsewhere; then a new one is begun, and what is still open is told again"
_BUSY = "another divbot writes to it; end that one, or name another file with --outbox"
_REFUSED = """
    CREATE TABLE IF NOT EXISTS refused (
        sink TEXT NOT NULL REFERENCES sink,
        alert INTEGER NOT NULL REFERENCES alert,
        at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (sink, alert)
    ) STRICT, WITHOUT ROWID
    """
"""Outboxes of the first days have none; a program that does not know it reads them as before."""
_STATEMENTS = (
    """
    CREATE TABLE alert (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        kept_at INTEGER NOT NULL,
        body TEXT
    ) STRICT
    """,
    "CREATE TABLE sink (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE pending (
        sink TEXT NOT NULL REFERENCES sink,
        alert INTEGER NOT NULL REFERENCES alert,
        PRIMARY KEY (sink, alert)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX pending_of_alert ON pending (alert)",
    "CREATE INDEX told ON alert (number) WHERE body IS NOT NULL",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    _REFUSED,
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)


@dataclass(frozen=True, slots=True)
class Pending:
    """An alert that a sink has to get yet."""

    number: int
    kept_at: int
    """ms UTC of this machine."""
    alert: Alert


@dataclass(frozen=True, slots=True)
class RefusedAlert:
    """An alert that a sink refused for good."""

    sink: str
    at: int
    """ms UTC of this machine."""
    reason: str
    alert: Alert


class Delivery(StrEnum):
    """How far an alert has come."""

    TOLD = "told"
    """Whoever had to get it has it; with no address, it was shown on the terminal."""
    HELD_BACK = "held back"
    """It waits for a sink: for its pace, or until it takes alerts again."""
    FAILED = "failed"
    """A sink refused it for good."""


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """What is known for ever of an alert."""

    key: str
    kept_at: int
    """ms UTC of this machine."""
    delivery: Delivery
    reason: str
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class OutboxCount:
    """How many alerts of an outbox somebody has not got."""

    waiting: int
    refused: int


class Outbox:
    """Keep alerts until they are delivered; use `open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, held: ExitStack) -> None:
        self.path = path
        self._connection = connection
        self._held = held
        self._sinks: tuple[str, ...] = ()
        # Guards the connection: one thread at a time.
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Go on with an outbox, or begin one.

        Raise JournalError where another program writes to it, and where it is damaged or another
        program's.
        """
        path = path.resolve()
        with own_errors(path, _KEEP), ExitStack() as held:
            make_private(path.parent)
            held.enter_context(locked(path, busy=_BUSY))
            if not path.exists():
                _lay_out(path)
            connection = held.enter_context(closing(connect_writing(path, any_thread=True)))
            _identify(connection)
            make_durable(connection)
            _check(connection)
            connection.execute(_REFUSED)
            return cls(path, connection, held.pop_all())

    def send_to(self, sinks: Sequence[str]) -> int:
        """Let these sinks get what is kept from now on; return how many alerts nobody gets now.

        What others had to get is handed to those of `sinks` that are new. Without any sink it is
        kept for a start that names one.
        """
        with self._writing() as connection:
            # A program that begins anew tries once more: the other end may have been mended.
            connection.execute("INSERT OR IGNORE INTO pending SELECT sink, alert FROM refused")
            connection.execute("DELETE FROM refused")
            known = {name for (name,) in connection.execute("SELECT name FROM sink")}
            connection.executemany("INSERT OR IGNORE INTO sink VALUES (?)", [(x,) for x in sinks])
            left = _pending_of(connection, known - {*sinks})
            if not sinks:
                self._sinks = ()
                return len(left)
            new = [name for name in sinks if name not in known]
            rows = [(name, number) for name in new for number in left]
            connection.executemany("INSERT OR IGNORE INTO pending VALUES (?, ?)", rows)
            for name in known - {*sinks}:
                connection.execute("DELETE FROM pending WHERE sink = ?", (name,))
                connection.execute("DELETE FROM sink WHERE name = ?", (name,))
            _drop_delivered(connection)
        self._sinks = tuple(sinks)
        return 0 if new else len(left)

    def keep(self, alerts: Sequence[Alert], now: int) -> tuple[Alert, ...]:
        """Keep all of `alerts` that were not kept before, durably, and return these.

        `now` is ms UTC of this machine. Raise JournalError where they cannot be written: nothing
        has changed then, and keeping may be tried again.
        """
        with self._writing() as connection:
            return tuple(x for x in alerts if self._insert(connection, x, now))

    def pending(self, sink: str, most: int, without: Collection[int] = ()) -> tuple[Pending, ...]:
        """Return what `sink` has to get, the oldest first, `most` of them at most.

        Those with the numbers in `without` are left out.
        """
        with self._lock, own_errors(self.path, _KEEP):
            rows = self._connection.execute(
                "SELECT number, key, kept_at, body FROM pending JOIN alert ON alert = number "
                "WHERE sink = ? AND number NOT IN (SELECT value FROM json_each(?)) "
                "ORDER BY number LIMIT ?",
                (sink, json.dumps([*without]), most),
            ).fetchall()
        return tuple(Pending(n, at, _alert_of(key, at, body)) for n, key, at, body in rows)

    def count(self, sink: str) -> int:
        """Return how many alerts `sink` has to get."""
        with self._lock, own_errors(self.path, _KEEP):
            query = "SELECT count(*) FROM pending WHERE sink = ?"
            (found,) = self._connection.execute(query, (sink,)).fetchone()
        return int(found)

    def delivered(self, sink: str, numbers: Sequence[int]) -> None:
        """Write that `sink` has these alerts."""
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM pending WHERE sink = ? AND alert = ?", [(sink, x) for x in numbers]
            )
            _drop_delivered(connection)

    def set_aside(self, sink: str, number: int, reason: str, now: int) -> None:
        """Write that `sink` refused this alert for good."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO refused VALUES (?, ?, ?, ?)", (sink, number, now, reason)
            )
            connection.execute("DELETE FROM pending WHERE sink = ? AND alert = ?", (sink, number))

    @staticmethod
    def refused(path: Path) -> tuple[RefusedAlert, ...]:
        """Return what is set aside in the file at `path`, beside whoever writes to it.

        Raise JournalError where it is no outbox.
        """
        with _reading(path) as connection:
            if not _knows_refused(connection):
                return ()
            rows = connection.execute(
                "SELECT sink, at, reason, key, body FROM refused JOIN alert ON alert = number "
                "ORDER BY sink, number"
            ).fetchall()
        return tuple(
            RefusedAlert(sink, at, reason, _alert_of(key, at, body))
            for sink, at, reason, key, body in rows
        )

    @staticmethod
    def last(path: Path, most: int) -> tuple[KeptAlert, ...]:
        """Return the last `most` alerts of the file at `path`, the newest first.

        It is read beside whoever writes to it. Raise JournalError where it is no outbox.
        """
        with _reading(path) as connection:
            rows = connection.execute(
                "SELECT number, key, kept_at, EXISTS (SELECT 1 FROM pending WHERE alert = number) "
                "FROM alert ORDER BY number DESC LIMIT ?",
                (most,),
            ).fetchall()
            reasons: dict[int, str] = {}
            if _knows_refused(connection):
                reasons = dict(connection.execute("SELECT alert, reason FROM refused"))
        return tuple(
            KeptAlert(
                key,
                at,
                _delivery(reasons.get(number), is_pending=bool(waits)),
                reasons.get(number, ""),
            )
            for number, key, at, waits in rows
        )

    @staticmethod
    def standing(path: Path) -> OutboxCount:
        """Return how the file at `path` gets on, beside whoever writes to it.

        Raise JournalError where it is damaged, and where it is no outbox.
        """
        with _reading(path) as connection:
            _check(connection)
            (waiting,) = connection.execute("SELECT count(DISTINCT alert) FROM pending").fetchone()
            refused = 0
            if _knows_refused(connection):
                (refused,) = connection.execute(
                    "SELECT count(DISTINCT alert) FROM refused"
                ).fetchone()
        return OutboxCount(waiting, refused)

    def marked(self, name: str, value: int) -> int:
        """Return the number that is kept as `name`: `value`, if there is none yet."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO mark VALUES (?, ?)", (name, value))
            (found,) = connection.execute(
                "SELECT value FROM mark WHERE name = ?", (name,)
            ).fetchone()
        return int(found)

    def close(self) -> None:
        """Let go of the file; doing so again does nothing."""
        with self._lock, own_errors(self.path, _KEEP):
            self._held.close()

    def _insert(self, connection: sqlite3.Connection, alert: Alert, now: int) -> bool:
        body = json.dumps(alert.document(), allow_nan=False) if self._sinks else None
        cursor = connection.execute(
            "INSERT INTO alert (key, kept_at, body) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (alert.key, now, body),
        )
        if not cursor.rowcount:
            return False
        rows = [(sink, cursor.lastrowid) for sink in self._sinks]
        connection.executemany("INSERT INTO pending VALUES (?, ?)", rows)
        return True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, own_errors(self.path, _KEEP), transaction(self._connection):
            yield self._connection


def _lay_out(path: Path) -> None:
    with part_of(path) as part, closing(connect_writing(part)) as connection:
        make_durable(connection)
        with transaction(connection):
            for statement in _STATEMENTS:
                connection.execute(statement)


def _alert_of(key: str, at: int, body: str) -> Alert:
    """Return what was kept; of what this version cannot read, its key."""
    try:
        return Alert.of(json.loads(body))
    except (ValueError, LookupError, TypeError):
        title = f"an alert that this version of divbot cannot read: {key}"
        return Alert(key, Topic.TROUBLE, at, title, "", {})


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    path = path.resolve()
    with own_errors(path, _KEEP), reading(path) as connection:
        _identify(connection)
        yield connection


def _delivery(reason: str | None, *, is_pending: bool) -> Delivery:
    if reason is not None:
        return Delivery.FAILED
    return Delivery.HELD_BACK if is_pending else Delivery.TOLD


def _knows_refused(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'refused'").fetchone()
    return found is not None


def _identify(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
        raise Damaged("is no outbox of divbot", "name another file with --outbox")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise Damaged(
            f"is an outbox of version {version}, and this divbot reads version {_VERSION}",
            "use the divbot that wrote it, or name another file with --outbox",
        )


def _check(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise Damaged(f"the database is damaged: {found}")


def _pending_of(connection: sqlite3.Connection, sinks: set[str]) -> list[int]:
    rows = connection.execute("SELECT sink, alert FROM pending ORDER BY alert")
    return list(dict.fromkeys(number for name, number in rows if name in sinks))


def _drop_delivered(connection: sqlite3.Connection) -> None:
    """Let go of what alerts say that nobody has to get any more."""
    connection.execute(
        "UPDATE alert SET body = NULL WHERE body IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM pending WHERE alert = number) "
        "AND NOT EXISTS (SELECT 1 FROM refused WHERE alert = number)"
    )
