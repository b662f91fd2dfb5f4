"""How a file that must outlive anything is made, locked, opened, and what is told when it fails.

The journal of a run is one, and so is the outbox of alerts.

- One writer: SQLite up to 3.51.2 can lose committed pages when two connections write or checkpoint
  at the same instant (sqlite.org/wal.html#walresetbug). A lock beside the file, held as long as
  the writer lives and freed by the kernel when it dies, lets no second one begin.
- Readers open read-only: they neither write nor checkpoint.
- WAL with synchronous=FULL: a transaction that was committed survives a power loss. It costs one
  fdatasync, 0.2 ms on a good disk and 10 ms on a poor one.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from divbot.domain.errors import JournalError
from divbot.files import sync_folder

OLDEST_SQLITE = (3, 37)  # the first with STRICT tables
KEEP = "keep the file, and start a new run with --fresh"
_BUSY_SECONDS = 2.0
_LONGER_THAN_A_TRY = 0.5
"""Seconds: who only tries the lock to see whether it is held, has it for an instant."""
_BUSY = "another divbot writes to it; end that one, or start a new run with --fresh"
_ADVICE = {
    sqlite3.SQLITE_FULL: "free some space on the disk",
    sqlite3.SQLITE_IOERR: "look after the disk: full, gone, over a quota, or failing",
    sqlite3.SQLITE_BUSY: "another program keeps it locked: end that",
    sqlite3.SQLITE_READONLY: "let this user write to the file and to its folder",
    sqlite3.SQLITE_CANTOPEN: "let this user read and write the file and its folder",
}


class Damaged(Exception):
    """What is wrong with a file, and what to do; whoever opened it tells which file."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem)
        self.advice = advice


@contextmanager
def own_errors(path: Path, keep: str = KEEP) -> Iterator[None]:
    """Turn whatever a file or SQLite raises into a JournalError: what is wrong, and what to do.

    `keep` is what to do with a file that is damaged.
    """
    try:
        yield
    except Damaged as error:
        raise JournalError(f"{path}: {error}; {error.advice or keep}") from error
    except sqlite3.Error as error:
        # Of an extended code, the lowest byte is the kind.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = keep if code == sqlite3.SQLITE_CORRUPT else _ADVICE.get(code)
        if code == sqlite3.SQLITE_NOTADB:
            advice = f"name another one, or {keep}"
        raise JournalError(f"{path}: {error}" + (f"; {advice}" if advice else "")) from error
    except UnicodeError as error:  # of what SQLite quotes in its complaint about rotten pages
        raise JournalError(f"{path}: the database is damaged: {error}; {keep}") from error
    except OverflowError as error:
        raise JournalError(f"{path}: a number is too large to be kept: {error}") from error
    except OSError as error:
        raise JournalError(
            f"{path}: cannot be opened or written: {error.strerror or error}"
        ) from error


@contextmanager
def locked(
    path: Path, patience: float = _LONGER_THAN_A_TRY, *, busy: str = _BUSY
) -> Iterator[None]:
    """Be the one writer of `path`; raise JournalError where another program is for `patience` s.

    `busy` says so, and what to do. Raise OSError where there can be no lock.
    """
    lock = FileLock(f"{path}.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=patience, poll_interval=0.01)
    except Timeout:
        if not Path(lock.lock_file).exists():  # it could not be made, and was tried again and again
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        raise JournalError(f"{path}: {busy}") from None
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool | None:
    """Tell whether a program writes to `path` now; None where this user cannot tell.

    The lock is tried, and held for an instant: a writer that begins in it has to wait for that.
    """
    if not Path(f"{path}.lock").exists():
        return False
    try:
        with locked(path, patience=0.0):
            return False
    except JournalError:
        return True
    except OSError:
        return None


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """Provide an empty file that becomes `path` if all goes well, and else vanishes.

    So that a journal bears its name only once there is an event in it.
    """
    part = path.with_name(f".{path.name}.part")
    _discard(part)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield part
        part.rename(path)
        sync_folder(path.parent)
    finally:
        _discard(part)


def delete(path: Path) -> None:
    """Remove the file and what is beside it; raise JournalError where a program writes to it."""
    if is_locked(path):
        raise JournalError(f"{path}: a divbot writes to it; end that one first")
    with own_errors(path), locked(path):
        path.unlink()
        _discard(path)
    Path(f"{path}.lock").unlink(missing_ok=True)


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open `path` beside whoever writes to it."""
    # A reader of a WAL shares memory through a file beside it, and would have to make that.
    is_alone = not Path(f"{path}-wal").exists() and not os.access(path.parent, os.W_OK)
    return _connect(path, "immutable=1" if is_alone else "mode=ro")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Provide `path`, open beside whoever writes to it; nothing is left beside it."""
    has_log = Path(f"{path}-wal").exists()
    try:
        with closing(connect_reading(path)) as connection:
            yield connection
    finally:
        if not has_log:
            _tidy(path)


def _tidy(path: Path) -> None:
    """Remove what readers left beside a file that nobody writes to, and cannot remove.

    SQLite does so, and sees to it that nobody else has the file open.
    """
    lock = locked(path, patience=0.0) if Path(f"{path}.lock").exists() else nullcontext()
    with (
        suppress(JournalError, OSError, sqlite3.Error),
        lock,
        closing(connect_writing(path)) as connection,
    ):
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()


def connect_writing(
    path: Path, patience: float = _BUSY_SECONDS, *, any_thread: bool = False
) -> sqlite3.Connection:
    """Open `path`, which exists, under the lock; nothing in it is changed yet.

    Where another program works in it just then, that is waited for, for `patience` s. It is of
    the thread that opens it, unless `any_thread` may use it, one at a time.
    """
    return _connect(path, "mode=rw", patience, any_thread=any_thread)


def make_durable(connection: sqlite3.Connection) -> None:
    """Let every COMMIT reach the disk before it returns."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise Damaged(f"expected a file system for a write-ahead log, found one for {mode} only")
    connection.execute("PRAGMA synchronous = FULL")
    # After each commit what it changed is moved into the file: a copy of the file alone is whole.
    connection.execute("PRAGMA wal_autocheckpoint = 1")
    # On macOS, fsync alone leaves what was written in the cache of the disk.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all that is done within, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # When the disk is full, SQLite has rolled back by itself, and would refuse to once more.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(
    path: Path, mode: str, patience: float = _BUSY_SECONDS, *, any_thread: bool = False
) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise JournalError(
            f"expected SQLite {'.'.join(map(str, OLDEST_SQLITE))} or later, found "
            f"{sqlite3.sqlite_version}: use a newer Python"
        )
    connection = sqlite3.connect(
        f"{path.as_uri()}?{mode}",
        uri=True,
        isolation_level=None,
        timeout=patience,
        check_same_thread=not any_thread,
    )
    # The file may come from anywhere: what its schema calls must be harmless.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{path}{suffix}").unlink()
