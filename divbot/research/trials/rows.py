"""Entries as rows of the ledger's file, each sealed by a hash over all before it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from divbot.evaluation import DailyResults
from divbot.research.trials.entries import TrialEntry, decode, encode
from divbot.research.trials.kept_results import packed, unpacked

_LAYOUT = """
CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    results BLOB,
    hash TEXT NOT NULL
) STRICT
"""
_INSERT = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"
_HAS_ENTRIES = "SELECT 1 FROM sqlite_master WHERE name = 'entry'"
_SELECT = "SELECT seq, at, kind, body, results, hash FROM entry ORDER BY seq"


class TrialRow(NamedTuple):
    """One row of the table `entry`."""

    seq: int
    """Counts from 1, without gaps."""
    at: int
    """When it was written, by this machine's clock: ms UTC."""
    kind: str
    body: str
    results: bytes | None
    """Daily results of a trial, packed."""
    hash: str

    @classmethod
    def of(
        cls, entry: TrialEntry, results: DailyResults | None, *, seq: int, at: int, previous: str
    ) -> Self:
        """Return the row of `entry`, chained to the hash `previous`."""
        content = None if results is None else packed(results)
        return cls(seq, at, entry.kind, encode(entry), content, "").sealed(previous)

    def sealed(self, previous: str) -> Self:
        """Return the row with its hash."""
        digest = hashlib.sha256(previous.encode())
        for part in (self.seq, self.at, self.kind, self.body, self.results is None):
            digest.update(f"|{part}".encode())
        digest.update(hashlib.sha256(self.results or b"").digest())
        return self._replace(hash=digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it was read."""

    number: int
    at: int
    entry: TrialEntry
    results: DailyResults | None


def lay_out(connection: sqlite3.Connection) -> None:
    """Make the table, where there is none yet."""
    connection.execute(_LAYOUT)


def insert(connection: sqlite3.Connection, row: TrialRow) -> None:
    """Write a row, within the caller's transaction."""
    connection.execute(_INSERT, row)


def rows(connection: sqlite3.Connection) -> Iterator[TrialRow]:
    """Yield every row, the oldest first; none of a file that was only just made."""
    if connection.execute(_HAS_ENTRIES).fetchone() is None:
        return
    yield from map(TrialRow._make, connection.execute(_SELECT))


def written(row: TrialRow, *, with_results: bool) -> Written:
    """Return what a row says; raise ValueError where it says nothing that is known."""
    results = unpacked(row.results) if with_results and row.results is not None else None
    return Written(row.seq, row.at, decode(row.kind, row.body), results)
