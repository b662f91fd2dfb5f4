"""The journal's tables, and what guards them inside the database itself.

`event` is the journal: rows are only ever added, each the next. `trade` and `account` can be
computed from it; `original` has a row where the journal was upgraded from an older version. STRICT
tables keep REAL out: binary fractions are no money.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from divbot.database import Damaged
from divbot.trading.journal.versions import VERSION
from divbot.version import __version__

APPLICATION_ID = 0x64697662  # "divb", at byte 68 of the file

_VERSION_1 = (
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY CHECK (seq >= 1),
        ts INTEGER NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT
    """,
    """
    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT raise(ABORT, 'an event is never changed'); END
    """,
    """
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT raise(ABORT, 'an event is never deleted'); END
    """,
    # Without the last condition, an INSERT OR REPLACE would delete silently.
    """
    CREATE TRIGGER event_is_the_next BEFORE INSERT ON event
    WHEN NEW.seq != (SELECT coalesce(max(seq), 0) + 1 FROM event)
        OR EXISTS (SELECT 1 FROM event WHERE key = NEW.key)
    BEGIN SELECT raise(ABORT, 'expected the next event, with a key of its own'); END
    """,
    """
    CREATE TABLE trade (
        number INTEGER PRIMARY KEY CHECK (number >= 1),
        symbol TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
        kind TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        closed_at INTEGER CHECK (closed_at >= opened_at),
        open_seq INTEGER NOT NULL UNIQUE REFERENCES event,
        close_seq INTEGER UNIQUE CHECK (close_seq > open_seq) REFERENCES event,
        quantity TEXT NOT NULL CHECK (CAST(quantity AS REAL) > 0),
        entry_price TEXT NOT NULL CHECK (CAST(entry_price AS REAL) > 0),
        exit_price TEXT,
        first_stop TEXT NOT NULL,
        stop TEXT NOT NULL,
        target TEXT NOT NULL,
        leverage INTEGER NOT NULL CHECK (leverage >= 1),
        margin INTEGER NOT NULL CHECK (margin >= 0),
        fees INTEGER NOT NULL CHECK (fees >= 0),
        funding INTEGER NOT NULL,
        slippage INTEGER NOT NULL CHECK (slippage >= 0),
        profit INTEGER,
        reason TEXT,
        CHECK ((close_seq IS NULL) = (closed_at IS NULL)),
        CHECK ((close_seq IS NULL) = (exit_price IS NULL)),
        CHECK ((close_seq IS NULL) = (profit IS NULL)),
        CHECK ((close_seq IS NULL) = (reason IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_open_trade_per_symbol ON trade (symbol) WHERE close_seq IS NULL",
    """
    CREATE TABLE account (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        seq INTEGER NOT NULL REFERENCES event,
        at INTEGER NOT NULL,
        sessions INTEGER NOT NULL,
        cash INTEGER NOT NULL CHECK (cash >= 0),
        equity INTEGER NOT NULL,
        peak INTEGER NOT NULL,
        realised INTEGER NOT NULL,
        open_positions INTEGER NOT NULL CHECK (open_positions >= 0),
        closed_trades INTEGER NOT NULL CHECK (closed_trades >= 0),
        paused TEXT NOT NULL
    ) STRICT
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
)
_VERSION_2 = (
    *_VERSION_1,
    """
    CREATE TABLE original (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version INTEGER NOT NULL CHECK (version >= 1),
        events INTEGER NOT NULL CHECK (events >= 1),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT
    """,
)
_STATEMENTS = {1: _VERSION_1, 2: _VERSION_2}
"""By the first version that has these tables."""


def lay_out(connection: sqlite3.Connection, version: int = VERSION) -> None:
    """Make the tables of an empty journal."""
    for statement in _STATEMENTS[max(x for x in _STATEMENTS if x <= version)]:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")


def identify(connection: sqlite3.Connection) -> int:
    """Return the version of a journal; raise Damaged for what is none, or a newer one."""
    if _value(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise Damaged("is no journal of divbot")
    version = _value(connection, "PRAGMA user_version")
    if version > VERSION:
        raise Damaged(
            f"is a journal of version {version}, and this divbot {__version__} reads versions 1 to "
            f"{VERSION}",
            "update divbot to go on with it, or keep the file, and start a new run with --fresh",
        )
    if version < 1:
        raise Damaged(f"expected version 1 to {VERSION} of a journal, found {version}")
    return int(version)


def check(connection: sqlite3.Connection, version: int) -> None:
    """Raise Damaged where pages, indexes, tables or guards are not what they were made to be.

    The full integrity_check, not the quick one: only the full one compares indexes with tables, and
    it is an index that refuses a second event of the same key.
    """
    found = _value(connection, "PRAGMA integrity_check(1)")
    if found != "ok":
        raise Damaged(f"the database is damaged: {' '.join(str(found).split())}")
    with closing(sqlite3.connect(":memory:")) as pristine:
        lay_out(pristine, version)
        if _layout(connection) != _layout(pristine):
            raise Damaged("its tables or their guards are not those that divbot made")


def _layout(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    ).fetchall()


def _value(connection: sqlite3.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]
