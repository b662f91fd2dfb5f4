"""The journal: what is written is kept, exactly; what cannot be is refused, and nothing changes."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.database import transaction
from divbot.domain.errors import DuplicateEvent, JournalError, LedgerError
from divbot.domain.events import Entered, Event, Exited, Funded, SessionBegan, Started
from divbot.domain.ledger import fold
from divbot.trading.journal import schema
from divbot.trading.journal.journal import Journal, read
from tests.trading.events import MINUTE, START, STARTED, entered, exited, funded, marked, trailed
from tests.trading.histories import histories

STORY = (entered(), funded(), trailed(), marked())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


@pytest.fixture
def journal(path: Path, opened: list[sqlite3.Connection]) -> Iterator[Journal]:
    """Provide a journal with one open trade."""
    with Journal.create(path, STARTED) as journal:
        journal.write(*STORY)
        yield journal


@pytest.fixture
def connection(journal: Journal, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    """Return the connection over which `journal` writes."""
    return opened[-1]


def written(path: Path, *events: Event, started: Started = STARTED) -> Path:
    with Journal.create(path, started) as journal:
        journal.write(*events)
    return path


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def everything(journal: Journal) -> object:
    tables = ("event", "trade", "account")
    return journal.ledger, [rows(journal.path, f"SELECT * FROM {x}") for x in tables]


@given(history=histories(), size=st.integers(1, 4))
def test_what_is_opened_again_is_what_was_in_memory(history: tuple[Event, ...], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        started, *rest = history
        assert isinstance(started, Started)
        with Journal.create(path, started) as journal:
            for first in range(0, len(rest), size):
                journal.write(*rest[first : first + size])
            in_memory = journal.ledger
            beside = read(path)

        with Journal.open(path) as again:
            events = tuple(event for _, event in again.events())
            numbers = [seq for seq, _ in again.events()]

            assert again.ledger == in_memory == fold(history)
            assert (beside.events, beside.ledger) == (history, in_memory)
            # Equal decimals may differ in their zeros.
            assert repr(events) == repr(history)
            assert numbers == list(range(1, len(history) + 1))


@given(history=histories())
def test_the_tables_are_what_the_events_add_up_to(history: tuple[Event, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started, *rest = history
        assert isinstance(started, Started)
        path = written(Path(folder) / "run.db", *rest, started=started)

        (account,) = rows(
            path, "SELECT seq, cash, realised, open_positions, closed_trades FROM account"
        )
        trades = rows(
            path, "SELECT number, symbol, open_seq, close_seq, funding, fees, profit FROM trade"
        )

    opened = {x.trade: (i, x) for i, x in enumerate(history, 1) if isinstance(x, Entered)}
    closed = {x.trade: (i, x) for i, x in enumerate(history, 1) if isinstance(x, Exited)}
    spent = sum(x.paid for _, x in opened.values())
    earned = sum(x.returned for _, x in closed.values())
    profits = {
        n: x.returned - opened[n][1].margin - opened[n][1].fill.fee for n, (_, x) in closed.items()
    }
    assert account == (
        len(history),
        units(started.balance - spent + earned),
        units(sum(profits.values(), Decimal(0))),
        len(opened) - len(closed),
        len(closed),
    )
    assert trades == [
        (
            number,
            entry.symbol,
            seq,
            closed[number][0] if number in closed else None,
            units(sum(x.amount for x in rest if isinstance(x, Funded) and x.trade == number)),
            units(entry.fill.fee + (closed[number][1].fill.fee if number in closed else 0)),
            units(profits[number]) if number in closed else None,
        )
        for number, (seq, entry) in sorted(opened.items())
    ]


def units(amount: Decimal | int) -> int:
    return int(amount * 10**8)


def test_a_trade_s_row_tells_all_of_it(path: Path) -> None:
    written(path, *STORY, exited(), entered(2, START + 20 * MINUTE))

    columns = """
        number, symbol, side, kind, opened_at, closed_at, open_seq, close_seq, quantity,
        entry_price, exit_price, first_stop, stop, target, leverage, margin, fees, funding,
        slippage, profit, reason
    """
    names = [name.strip() for name in columns.split(",")]
    closed, still_open = (
        dict(zip(names, row, strict=True)) for row in rows(path, f"SELECT {columns} FROM trade")
    )

    assert closed == {
        "number": 1,
        "symbol": "BTCUSDT",
        "side": "BUY",
        "kind": "hidden_bullish",
        "opened_at": START + MINUTE,
        "closed_at": START + 9 * MINUTE,
        "open_seq": 2,
        "close_seq": 6,
        "quantity": "0.50",
        "entry_price": "100.0",
        "exit_price": "104.0",
        "first_stop": "98.0",
        "stop": "99.5",
        "target": "104.0",
        "leverage": 5,
        "margin": 10_00000000,
        "fees": 5000000,
        "funding": -506150,
        "slippage": 200000,
        "profit": 1_95000000,
        "reason": "target",
    }
    assert still_open == closed | {
        "number": 2,
        "opened_at": START + 20 * MINUTE,
        "closed_at": None,
        "open_seq": 7,
        "close_seq": None,
        "exit_price": None,
        "stop": "98.0",
        "fees": 2500000,
        "funding": 0,
        "slippage": 100000,
        "profit": None,
        "reason": None,
    }


REFUSED = [
    pytest.param([entered()], DuplicateEvent, r"open:BTCUSDT:5m:\d+: .* event 2$", id="again"),
    pytest.param([exited(), exited()], DuplicateEvent, "close:1: .* event 6$", id="twice at once"),
    pytest.param([marked(), exited()], DuplicateEvent, "mark:", id="the first of two"),
    pytest.param([exited(), trailed(1, START)], LedgerError, "not open", id="the second of two"),
    pytest.param([STARTED], DuplicateEvent, "started", id="a second start"),
    pytest.param([entered(2, symbol="X")], LedgerError, "or later", id="in the past"),
    pytest.param([entered(3, START + 20 * MINUTE)], LedgerError, "expected trade 2", id="a gap"),
    pytest.param(
        [exited(), replace(marked(START + MINUTE * 10), equity=Decimal("0.000000001"))],
        JournalError,
        r"whole units of 0.00000001, found 0.000000001",
        id="less than a unit",
    ),
    pytest.param(
        [exited(), replace(marked(START + MINUTE * 10), equity=Decimal("1E+12"))],
        JournalError,
        "too large",
        id="more than a column holds",
    ),
    pytest.param(
        [replace(marked(START + MINUTE * 10), equity=Decimal("NaN"))],
        JournalError,
        "marked: cannot be written as JSON: .*equity",
        id="no number",
    ),
    pytest.param(
        [replace(marked(START + MINUTE * 10), equity=1.5)],
        JournalError,
        "marked: cannot be written as JSON: .*equity",
        id="a binary fraction for money",
    ),
    pytest.param(
        [SessionBegan(START + MINUTE * 10, 1, {"config": "\udcff"}, {})],
        JournalError,
        "resumed: cannot be written as JSON",
        id="text that is none",
    ),
    pytest.param(
        [replace(exited(), fill=replace(exited().fill, at=START))],
        JournalError,
        "CHECK constraint failed: closed_at >= opened_at",
        id="closed before it was opened",
    ),
]


@pytest.mark.parametrize(("events", "error", "told"), REFUSED)
def test_what_is_refused_changes_nothing(
    journal: Journal, events: list[Event], error: type[Exception], told: str
) -> None:
    before = everything(journal)

    with pytest.raises(error, match=told):
        journal.write(*events)

    assert everything(journal) == before
    assert journal.write(exited()).closed[0].profit == Decimal("1.95")


def test_a_refusal_is_one_line(journal: Journal) -> None:
    with pytest.raises(JournalError) as refused:
        journal.write(replace(marked(START + MINUTE * 10), equity=Decimal("NaN")))

    assert "\n" not in str(refused.value)


def test_the_same_decision_after_a_restart_is_refused(path: Path) -> None:
    written(path, entered())

    with Journal.open(path) as journal:
        with pytest.raises(DuplicateEvent, match="open:BTCUSDT:5m"):
            journal.write(entered())

        assert len(list(journal.events())) == 2


def test_nothing_to_write_writes_nothing(journal: Journal) -> None:
    before = everything(journal)

    assert journal.write() is journal.ledger
    assert everything(journal) == before


def test_memory_changes_only_after_the_commit(
    journal: Journal, connection: sqlite3.Connection, path: Path
) -> None:
    seen = []
    connection.set_trace_callback(
        lambda statement: seen.append((statement, len(journal.ledger.closed)))
    )

    ledger = journal.write(exited())

    assert seen[-1] == ("COMMIT", 0)
    assert len(ledger.closed) == len(journal.ledger.closed) == len(read(path).ledger.closed) == 1


def test_ctrl_c_right_after_a_commit_leaves_memory_behind_for_one_write_only(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupted(connection: sqlite3.Connection) -> Iterator[None]:
        with transaction(connection):
            yield
        raise KeyboardInterrupt

    monkeypatch.setattr("divbot.trading.journal.journal.transaction", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.write(exited())
    monkeypatch.undo()

    with pytest.raises(DuplicateEvent, match="close:1"):
        journal.write(exited())
    ledger = journal.write(marked(START + 10 * MINUTE))

    assert ledger == journal.ledger == fold(event for _, event in journal.events())


def test_equal_events_have_equal_hashes(tmp_path: Path) -> None:
    one = SessionBegan(START + MINUTE, 1, {"top": "400", "market": "usdm"}, {})
    other = SessionBegan(START + MINUTE, 1, {"market": "usdm", "top": "400"}, {})

    hashes = [
        rows(written(tmp_path / f"{n}.db", event), "SELECT hash FROM event ORDER BY seq")
        for n, event in enumerate([one, other])
    ]

    assert hashes[0] == hashes[1]


def test_an_event_is_kept_as_text_that_stays(path: Path) -> None:
    written(path, marked())

    assert rows(path, "SELECT seq, ts, kind, key, body FROM event WHERE seq = 2") == [
        (
            *(2, START + 7 * MINUTE, "marked", f"mark:{START + 7 * MINUTE}"),
            f'{{"at":{START + 7 * MINUTE},"benchmark":null,"cash":"989.975",'
            f'"checked_until":{START + 7 * MINUTE},"equity":"1001.5",'
            '"prices":{"BTCUSDT":"101.30"}}',
        )
    ]


def test_where_the_market_stood_is_kept_where_it_is_known(path: Path) -> None:
    known = replace(marked(), benchmark=Decimal("60123.45"))
    written(path, known)

    assert '"benchmark":"60123.45"' in rows(path, "SELECT body FROM event WHERE seq = 2")[0][0]
    with Journal.open(path) as journal:
        assert [event for _, event in journal.events()][-1] == known


def test_each_hash_covers_its_row_and_the_hash_before(path: Path) -> None:
    written(path, *STORY)

    previous = bytes(32)
    for *fields, digest in rows(path, "SELECT seq, ts, kind, key, body, hash FROM event"):
        previous = hashlib.sha256(previous + "|".join(map(str, fields)).encode()).digest()
        assert digest == previous


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE event SET ts = 0 WHERE seq = 1", "never changed"),
        ("DELETE FROM event WHERE seq = 5", "never deleted"),
        ("INSERT INTO event VALUES (7, 0, 'marked', 'k', '{}', zeroblob(32))", "the next event"),
        ("INSERT INTO event VALUES (NULL, 0, 'x', 'k', '{}', zeroblob(32))", "the next event"),
        (
            "INSERT OR REPLACE INTO event VALUES (6, 0, 'x', 'started', '{}', zeroblob(32))",
            "a key of its own",
        ),
        ("INSERT INTO event VALUES (6, 0, 'x', 'k', '{}', x'00')", "length"),
        (
            "INSERT INTO trade SELECT 2, symbol, side, kind, opened_at, NULL, 3, NULL, quantity, "
            "entry_price, NULL, first_stop, stop, target, leverage, margin, fees, funding, "
            "slippage, NULL, NULL FROM trade",
            "UNIQUE constraint failed: trade.symbol",
        ),
        ("UPDATE trade SET quantity = '0'", "CHECK"),
        ("UPDATE trade SET margin = 1.5", "REAL"),
        ("UPDATE trade SET profit = 1", "CHECK"),
        ("UPDATE trade SET open_seq = 99", "FOREIGN KEY"),
        ("UPDATE account SET cash = -1", "CHECK"),
        ("INSERT INTO account SELECT 2, seq, at, 0, 0, 0, 0, 0, 0, 0, '' FROM account", "CHECK"),
    ],
)
def test_the_tables_guard_themselves(
    journal: Journal, connection: sqlite3.Connection, statement: str, told: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=told):
        connection.execute(statement)


def test_a_commit_waits_for_the_disk(journal: Journal, connection: sqlite3.Connection) -> None:
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "fullfsync", "foreign_keys", "trusted_schema")
    }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


def test_a_write_is_one_transaction(journal: Journal, connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)

    journal.write(exited(), marked(START + 10 * MINUTE))

    assert statements[0] == "BEGIN IMMEDIATE"
    assert statements[-1] == "COMMIT"
    assert len([x for x in statements if x.startswith(("BEGIN", "COMMIT"))]) == 2


def test_another_thread_may_look_and_may_not_write(journal: Journal) -> None:
    caught: list[str] = []
    uses: list[Callable[[], object]] = [
        lambda: journal.write(exited()),
        lambda: list(journal.events()),
        journal.close,
    ]

    def look() -> None:
        assert len(journal.ledger.positions) == 1
        assert len(read(journal.path).events) == 5
        for use in uses:
            try:
                use()
            except RuntimeError as error:
                caught.append(str(error))

    thread = threading.Thread(target=look, name="scanner")
    thread.start()
    thread.join()

    assert len(caught) == 3
    assert all("expected the thread that opened" in x and "found scanner" in x for x in caught)


def test_closing_twice_is_closing_and_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    journal.close()

    with pytest.raises(JournalError, match=r"run\.db: .*closed"):
        journal.write(exited())


def test_what_is_written_together_is_kept_at_the_end_or_not_at_all(journal: Journal) -> None:
    before = read(journal.path).events

    with suppress(KeyboardInterrupt), journal.together():
        journal.write(marked(START + 100 * MINUTE))
        assert journal.ledger.at == START + 100 * MINUTE
        assert read(journal.path).events == before
        raise KeyboardInterrupt

    assert read(journal.path).events == before


def test_events_written_while_they_are_read_are_read_too(journal: Journal) -> None:
    kinds = []
    for seq, event in journal.events():
        kinds.append(event.kind)
        if seq == 5:
            journal.write(*(marked(START + n * MINUTE) for n in range(10, 1600)))

    assert kinds == ["started", "entered", "funded", "trailed"] + ["marked"] * 1591


def test_a_journal_is_its_user_s_own(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "a" / "b" / "run.db", STARTED):
        modes = {
            str(x.relative_to(tmp_path)): oct(x.stat().st_mode & 0o777) for x in tmp_path.rglob("*")
        }

    assert modes == {
        "a": "0o700",
        "a/b": "0o700",
        "a/b/run.db": "0o600",
        "a/b/run.db-shm": "0o600",
        "a/b/run.db-wal": "0o600",
        "a/b/run.db.lock": "0o600",
    }


def test_a_journal_is_never_begun_twice(path: Path) -> None:
    written(path, entered())

    with pytest.raises(JournalError, match=r"run\.db: expected no file of this name"):
        Journal.create(path, STARTED)

    assert len(read(path).events) == 2


def test_what_fails_while_it_is_begun_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out = schema.lay_out

    def fail(connection: sqlite3.Connection) -> None:
        lay_out(connection)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(schema, "lay_out", fail)
    with pytest.raises(JournalError, match="disk I/O error"):
        Journal.create(path, STARTED)
    left = [x.name for x in path.parent.iterdir()]
    monkeypatch.undo()

    assert left in ([], ["run.db.lock"])
    written(path, entered())


def test_what_a_killed_program_began_is_no_hindrance(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (path.parent / f".run.db.part{suffix}").write_bytes(b"half of it")

    written(path, entered())

    assert {x.name for x in path.parent.iterdir()} <= {"run.db", "run.db.lock"}


def test_a_start_that_cannot_be_leaves_no_journal(path: Path) -> None:
    with pytest.raises(LedgerError, match="balance above 0"):
        Journal.create(path, replace(STARTED, balance=Decimal(0)))

    assert not path.exists()


def test_a_rolled_back_transaction_is_not_rolled_back_again(
    journal: Journal, connection: sqlite3.Connection
) -> None:
    # As SQLite does by itself when the disk is full.
    with pytest.raises(sqlite3.IntegrityError), transaction(connection):
        connection.execute("INSERT OR ROLLBACK INTO account SELECT * FROM account")

    assert not connection.in_transaction


def test_a_copy_of_the_file_alone_is_whole_while_the_run_goes_on(
    journal: Journal, path: Path, tmp_path: Path
) -> None:
    journal.write(exited())

    copy = Path(shutil.copy(path, tmp_path / "copy.db"))

    assert read(copy).ledger == journal.ledger
