"""The journal among other programs, and on disks that are full or closed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from divbot import database
from divbot.database import connect_reading, transaction
from divbot.domain.errors import JournalError
from divbot.domain.ledger import fold
from divbot.trading.journal.journal import Journal, read
from tests.trading.events import MINUTE, START, STARTED, entered, exited, marked

PROJECT = Path(__file__).parents[2]
HEADER = """
import os, sys
from pathlib import Path
from divbot.domain.errors import JournalError
from divbot.trading.journal.journal import Journal, read
from tests.trading.events import *

path = Path(sys.argv[1])

def attempt(action):
    try:
        print(action())
    except JournalError as error:
        print("refused:", error)
"""

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX limits, users and links")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


@pytest.fixture
def journal(path: Path, opened: list[sqlite3.Connection]) -> Iterator[Journal]:
    with Journal.create(path, STARTED) as journal:
        journal.write(entered())
        yield journal


@pytest.fixture
def connection(journal: Journal, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    """Return the connection over which `journal` writes."""
    return opened[-1]


def elsewhere(code: str, path: Path) -> list[str]:
    """Return what a process of its own prints."""
    command = [sys.executable, "-c", HEADER + code, str(path)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, encoding="utf-8", check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def test_a_second_writer_is_told_and_a_reader_is_welcome(journal: Journal, path: Path) -> None:
    code = """
attempt(lambda: Journal.open(path))
attempt(lambda: len(read(path).events))
"""

    assert elsewhere(code, path) == [
        f"refused: {path}: another divbot writes to it; end that one, or start a new run "
        "with --fresh",
        "2",
    ]
    assert journal.write(exited()).cash > 1000


def test_a_second_writer_in_the_same_process_is_told_too(journal: Journal, path: Path) -> None:
    for use in (lambda: Journal.open(path), lambda: Journal.create(path, STARTED)):
        with pytest.raises(JournalError, match="another divbot writes to it"):
            use()

    journal.close()
    with Journal.open(path) as again:
        assert len(again.ledger.positions) == 1


def test_a_journal_that_is_refused_is_let_go_of(journal: Journal, path: Path) -> None:
    journal.close()
    change = "UPDATE account SET cash = cash + {}"
    for amount in (1, -1):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(change.format(amount))
        if amount > 0:
            with pytest.raises(JournalError, match="the account in its table"):
                Journal.open(path)

    with Journal.open(path) as again:
        again.write(exited())


def test_a_reader_sees_what_is_committed_and_no_more(
    journal: Journal, connection: sqlite3.Connection, path: Path
) -> None:
    with transaction(connection):
        connection.execute("UPDATE account SET cash = 0")

        assert read(path).events == (STARTED, entered())

    journal.write(exited())
    assert read(path).events == (STARTED, entered(), exited())


def test_readers_hold_up_no_writer_and_may_stay_longer(journal: Journal, path: Path) -> None:
    with closing(connect_reading(path)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM event").fetchone()

        journal.write(exited())
        journal.close()

        assert reader.execute("SELECT count(*) FROM event").fetchone() == before == (2,)
    with Journal.open(path) as again:
        assert len(again.ledger.closed) == 1


def test_a_reader_can_change_nothing(journal: Journal, path: Path) -> None:
    with (
        closing(connect_reading(path)) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.execute("UPDATE account SET cash = 0")


def test_a_reader_leaves_the_file_alone_and_the_next_writer_tidies_up(
    journal: Journal, path: Path
) -> None:
    journal.close()
    before = path.read_bytes()

    read(path)

    assert path.read_bytes() == before
    Journal.open(path).close()
    assert {x.name for x in path.parent.iterdir()} <= {"run.db", "run.db.lock"}


def test_a_full_disk_is_told_and_trading_goes_on_once_there_is_room(
    journal: Journal, connection: sqlite3.Connection, path: Path
) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    last = 0
    told = ""
    while not told:
        try:
            journal.write(marked(START + (10 + last) * MINUTE))
            last += 1
        except JournalError as error:
            told = str(error)

    assert told == f"{path}: database or disk is full; free some space on the disk"
    assert journal.ledger == fold(event for _, event in journal.events())
    assert len(read(path).events) == 2 + last
    with pytest.raises(JournalError, match="disk is full"):
        journal.write(*(marked(START + (10 + n) * MINUTE) for n in range(last, 200)))
    connection.execute("PRAGMA max_page_count = 1000000")
    assert journal.write(marked(START + (10 + last) * MINUTE), exited(1, START + 900 * MINUTE))
    journal.close()
    with Journal.open(path) as again:
        assert again.ledger == journal.ledger


@posix
def test_what_cannot_be_written_is_told_and_written_later(path: Path) -> None:
    # A limit on the size of files fails the write itself: as a quota does, or a dying disk.
    code = """
import resource
journal = Journal.create(path, STARTED)
wal = Path(f"{path}-wal")
journal.write(entered())
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for room in (0, 100, 5000, 9000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + room, hard))
    at = START + (10 + room) * MINUTE
    attempt(lambda: journal.write(*(marked(at + n) for n in range(200))))
    assert len(list(journal.events())) == len(read(path).events)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal.write(marked(at))
journal.write(exited(1, START + 99999 * MINUTE))
journal.close()
print(len(Journal.open(path).ledger.closed), len(read(path).events))
"""

    *refused, after = elsewhere(code, path)

    told = f"refused: {path}: disk I/O error; look after the disk: full, gone, over a quota, "
    assert [line[: len(told)] for line in refused] == [told] * 4
    assert after == "1 7"


def test_another_program_s_lock_is_waited_for_and_told(
    journal: Journal, connection: sqlite3.Connection, path: Path
) -> None:
    connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="database is locked; another program keeps it"):
            journal.write(exited())
        other.execute("ROLLBACK")

    assert len(journal.write(exited()).closed) == 1


@posix
def test_a_closed_folder_is_told_and_what_is_in_it_can_be_read() -> None:
    # Root may write anywhere: the process becomes somebody who may not.
    code = """
read(Path(sys.argv[1]).with_name("copy.db"))  # imports what it needs while it may
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
attempt(lambda: len(read(path).events))
attempt(lambda: Journal.open(path))
attempt(lambda: Journal.create(path.with_name("new.db"), STARTED))
attempt(lambda: Journal.create(path.parent / "new" / "new.db", STARTED))
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "run.db"
        with Journal.create(path, STARTED) as journal:
            journal.write(entered())
        (folder / "run.db.lock").unlink(missing_ok=True)
        (folder / "copy.db").write_bytes(path.read_bytes())
        path.chmod(0o444)
        folder.chmod(0o555)

        told = elsewhere(code, path)
        folder.chmod(0o755)

    assert told == [
        "2",
        f"refused: {path}: cannot be opened or written: Permission denied",
        f"refused: {folder / 'new.db'}: cannot be opened or written: Permission denied",
        f"refused: {folder / 'new' / 'new.db'}: cannot be opened or written: Permission denied",
    ]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")

    with pytest.raises(JournalError, match=r"new\.db: cannot be opened or written: "):
        Journal.create(tmp_path / "runs" / "new.db", STARTED)


@posix
def test_a_link_to_a_journal_is_that_journal(journal: Journal, path: Path) -> None:
    link = path.with_name("latest.db")
    link.symlink_to(path)

    assert read(link).path == path
    with pytest.raises(JournalError, match=r"run\.db: another divbot writes to it"):
        Journal.open(link)


@posix
def test_a_lock_that_leads_elsewhere_is_not_followed(journal: Journal, path: Path) -> None:
    journal.close()
    victim = path.with_name("victim")
    victim.write_text("precious")
    lock = Path(f"{path}.lock")
    lock.unlink(missing_ok=True)
    lock.symlink_to(victim)

    with pytest.raises(JournalError, match=r"run\.db: "):
        Journal.open(path)

    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", ["a b.db", "100%25?mode=memory#x.db", "ж☃.db"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    with Journal.create(tmp_path / name, STARTED) as journal:
        journal.write(entered())

    with Journal.open(tmp_path / name) as journal:
        assert read(tmp_path / name).ledger == journal.ledger
    assert {x.name for x in tmp_path.iterdir()} <= {name, f"{name}.lock"}


def test_a_file_system_without_a_log_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # SQLite answers `delete` where it cannot share memory; in memory alone it answers `memory`.
    connect = sqlite3.connect
    monkeypatch.setattr(database.sqlite3, "connect", lambda *_, **__: connect(":memory:"))

    with pytest.raises(JournalError, match="expected a file system for a write-ahead log"):
        Journal.create(path, STARTED)
    assert not path.exists()
