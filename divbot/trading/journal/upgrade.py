"""Journals of older versions: read as if this version had written them, or written anew.

    rows of the file        their fields           rows not sealed     events of today
    in their old chain  ->  versions.upgraded  ->  Record.event    ->  in memory, or in a new chain

Writing anew changes the file in place, in one transaction: a program that is killed leaves the
journal as it was, or upgraded. Before that the original is copied to a file beside it, where its
chain can still be checked; the new chain begins with what names that.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from decimal import DecimalException
from pathlib import Path
from typing import TypeAlias

import orjson

from divbot.database import Damaged, part_of, transaction
from divbot.domain.events import Event
from divbot.domain.ledger import Ledger
from divbot.trading.journal import schema
from divbot.trading.journal.chain import (
    BATCH,
    JournalState,
    append,
    beginning,
    checked,
    last_records,
    replay,
)
from divbot.trading.journal.records import GENESIS, Original, Record
from divbot.trading.journal.versions import VERSION, Fact, upgraded

Require: TypeAlias = Callable[[Ledger], None]
"""Raises where an account is not what somebody wants to go on with."""

_TABLES = ("account", "trade", "original", "event")
"""Each before what it refers to."""


def history(connection: sqlite3.Connection, version: int) -> tuple[tuple[Event, ...], Ledger]:
    """Return all events of a journal of `version`, and the account that they come to.

    Raise Damaged where the chain is broken, and for what that version cannot have written.
    """
    events: list[Event] = []
    state = replay(rows(connection, version), JournalState(), lambda _, event: events.append(event))
    return tuple(events), state.ledger


def rows(connection: sqlite3.Connection, version: int, *, batch: int = BATCH) -> Iterator[Record]:
    """Yield the rows of a journal, those of an older `version` as this one writes them, unsealed.

    Raise Damaged where the chain is broken.
    """
    # In version 1 there was nothing yet to be upgraded from.
    first = JournalState() if version == 1 else beginning(connection)
    found = checked(connection, first, batch=batch)
    return found if version == VERSION else _of_today(found, version)


def write_anew(connection: sqlite3.Connection, path: Path, version: int, require: Require) -> Path:
    """Upgrade the journal `path`, and return the file that keeps it as it was.

    Whatever fails, or what `require` raises of its account, leaves the journal as it was.
    """
    events, ledger = history(connection, version)
    require(ledger)
    (last,) = last_records(connection, 1)
    original = Original(version, last.seq, last.hash)
    kept = path.with_name(f"{path.stem}.v{version}-{original.hash.hex()[:8]}{path.suffix}")
    with part_of(kept) as part:
        connection.execute("VACUUM INTO ?", (str(part),))
        _sync(part)
    with transaction(connection):
        for table in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        schema.lay_out(connection)
        connection.execute("INSERT INTO original VALUES (1, ?, ?, ?)", original)
        append(connection, beginning(connection), events)
    return kept


def _of_today(old: Iterator[Record], version: int) -> Iterator[Record]:
    facts = upgraded((Fact(x.kind, orjson.loads(x.body)) for x in old), version)
    seq = 0
    try:
        for seq, fact in enumerate(facts, 1):
            yield Record(seq, 0, fact.kind, "", orjson.dumps(fact.fields).decode(), GENESIS)
    except (LookupError, TypeError, ValueError, DecimalException) as error:
        raise Damaged(f"event {seq + 1} is not what version {version} wrote: {error}") from error


def _sync(path: Path) -> None:
    # SQLite leaves a copy of its own making to the system.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
