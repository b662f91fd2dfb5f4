"""The journal against rotten bits, lost pages, strange files and hands that meddle."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from divbot import database
from divbot.domain.errors import DuplicateEvent, JournalError
from divbot.domain.events import Event
from divbot.trading.journal.journal import Journal, read, start_of
from divbot.trading.journal.records import GENESIS, Record
from divbot.trading.journal.versions import VERSION
from divbot.version import __version__
from tests.trading.events import MINUTE, START, STARTED, entered, exited, funded, marked, trailed

STORY: tuple[Event, ...] = (
    entered(),
    funded(),
    trailed(),
    marked(),
    exited(),
    *(entered(n, START + 10 * n * MINUTE, f"COIN{n}USDT") for n in range(2, 20)),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "run.db"
    with Journal.create(path, STARTED) as journal:
        journal.write(*STORY)
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    """Return a copy to damage."""
    copy = tmp_path / "run.db"
    copy.write_bytes(sound.read_bytes())
    return copy


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)


def opened(path: Path) -> list[Event] | str:
    """Return the events, or what is told instead."""
    try:
        with Journal.open(path) as journal:
            assert read(path).ledger == journal.ledger
            with pytest.raises(DuplicateEvent):
                journal.write(entered())
            return [event for _, event in journal.events()]
    except JournalError as error:
        return str(error)


@pytest.mark.parametrize(
    "flips",
    [pytest.param(1000, id="1000"), pytest.param(10_000, id="10000", marks=pytest.mark.soak)],
)
def test_a_flipped_bit_is_found_or_harmless(sound: Path, path: Path, flips: int) -> None:
    whole, chance, found = sound.read_bytes(), Random(flips), 0
    # Zeros are mostly space that nobody uses: half of the flips look for more than that.
    used = [place for place, byte in enumerate(whole) if byte]

    for n in range(flips):
        rotten = bytearray(whole)
        rotten[chance.choice(used) if n % 2 else chance.randrange(len(whole))] ^= 1 << (n % 8)
        path.write_bytes(rotten)
        outcome = opened(path)

        assert isinstance(outcome, str) or outcome == [STARTED, *STORY]
        found += isinstance(outcome, str)

    assert found > 0.4 * flips


@pytest.mark.parametrize("name", ["body", "hash", "key", "kind"])
def test_a_flipped_bit_in_an_event_names_the_event(path: Path, name: str) -> None:
    # Where exactly does the row lie? SQLite itself changes its last byte.
    change(
        path,
        f"""
        UPDATE event SET {name} = CAST(
            substr(CAST({name} AS BLOB), 1, length(CAST({name} AS BLOB)) - 1) || '~'
        AS {"BLOB" if name == "hash" else "TEXT"}) WHERE seq = 5
        """,
    )

    with pytest.raises(JournalError, match=r"run\.db: event 5 is not what was written"):
        read(path)


@pytest.mark.parametrize("size", [0, 1, 16, 100, 4096, 8192, 0.5, 0.9, -4096, -1])
def test_a_truncated_journal_is_refused(path: Path, size: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(size * len(whole)) if 0 < size < 1 else int(size)])

    outcome = opened(path)

    assert isinstance(outcome, str)
    assert outcome.startswith(f"{path}: ")
    assert outcome.endswith("keep the file, and start a new run with --fresh")
    assert "\n" not in outcome


NO_DATABASE = "file is not a database; name another one, or keep"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "is no journal of divbot", id="nothing"),
        pytest.param(b"market,symbol\n" * 999, NO_DATABASE, id="text"),
        pytest.param(Random(1).randbytes(8192), NO_DATABASE, id="noise"),
    ],
)
def test_what_is_no_journal_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    for use in (Journal.open, read, start_of):
        with pytest.raises(JournalError, match=rf"notes\.txt: {told}"):
            use(path)

    assert path.read_bytes() == content


def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE event (seq INTEGER)")
    before = path.read_bytes()

    for use in (Journal.open, read):
        with pytest.raises(JournalError, match=r"other\.db: is no journal of divbot"):
            use(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize("use", [Journal.open, read, start_of])
@pytest.mark.parametrize("name", ["none.db", "."])
def test_no_file_is_told_and_none_is_made(tmp_path: Path, use: type, name: str) -> None:
    with pytest.raises(JournalError, match="expected a journal, found no such file"):
        use(tmp_path / name)  # type: ignore[call-arg]

    assert not list(tmp_path.iterdir())


MEDDLED = [
    pytest.param(
        ["UPDATE event SET body = replace(body, '98.0', '97.0') WHERE seq = 2"],
        "event 2 is not what was written: its hash is another",
        id="an event changed",
    ),
    pytest.param(["DELETE FROM event WHERE seq = 3"], "event 3 is missing, 4 stands", id="gone"),
    pytest.param(
        ["DELETE FROM event WHERE seq = 1"], "event 1 is missing, 2 stands", id="no start"
    ),
    pytest.param(
        [
            "UPDATE event SET seq = -seq WHERE seq IN (3, 4)",
            "UPDATE event SET seq = 7 + seq WHERE seq < 0",
        ],
        "event 3 is not what was written",
        id="two exchanged",
    ),
    pytest.param(["DELETE FROM event"], "it holds no event", id="all gone"),
]


@pytest.mark.parametrize(("statements", "told"), MEDDLED)
def test_a_broken_chain_is_told_with_its_place(
    path: Path, statements: list[str], told: str
) -> None:
    change(path, "PRAGMA ignore_check_constraints = ON", *statements)

    with pytest.raises(JournalError, match=told):
        read(path)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE trade SET profit = profit + 1 WHERE number = 1", "trade 1 in its table is not"),
        ("UPDATE trade SET stop = '98.00' WHERE number = 3", "trade 3 in its table is not"),
        ("DELETE FROM trade WHERE number = 19", "trade 19 in its table is not"),
        (
            "INSERT INTO trade SELECT 77, 'NEW', side, kind, opened_at, NULL, 1, NULL, quantity, "
            "entry_price, NULL, first_stop, stop, target, leverage, margin, fees, funding, "
            "slippage, NULL, NULL FROM trade WHERE number = 3",
            "trade 77 in its table is of no event",
        ),
        ("UPDATE account SET cash = cash + 1", "the account in its table is not"),
        ("DELETE FROM account", "the account in its table is not"),
    ],
)
def test_tables_that_the_events_do_not_come_to_are_refused(
    path: Path, statement: str, told: str
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)

    assert told in str(opened(path))
    # The events themselves are sound: they can still be read.
    assert read(path).events == (STARTED, *STORY)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP INDEX one_open_trade_per_symbol",
        "CREATE TRIGGER more AFTER INSERT ON event BEGIN DELETE FROM trade; END",
        "SELECT 1",  # change() itself drops the triggers
    ],
)
def test_a_journal_without_its_guards_is_refused(path: Path, statement: str) -> None:
    change(path, statement)

    assert "its tables or their guards are not those that divbot made" in str(opened(path))


def test_an_index_that_has_lost_a_key_is_found(path: Path) -> None:
    # Only the full integrity_check sees it; and only the index refuses what is decided twice.
    key = entered().key.encode()
    whole = path.read_bytes()
    places = [place for place in range(len(whole)) if whole.startswith(key, place)]
    outcomes = []
    for place in places:
        rotten = bytearray(whole)
        rotten[place + 6] ^= 1
        path.write_bytes(rotten)
        outcomes.append(opened(path))

    assert len(places) == 2  # the row, and the index
    assert all("damaged" in str(outcome) for outcome in outcomes)


def test_a_newer_version_s_journal_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")

    refusal = (
        rf"run\.db: is a journal of version {VERSION + 1}, and this divbot {__version__} reads "
        rf"versions 1 to {VERSION}; update divbot to go on with it, or keep the file, and start a "
        "new run with --fresh$"
    )
    for use in (Journal.open, read, start_of):
        with pytest.raises(JournalError, match=refusal):
            use(path)


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        pytest.param("split", "{}", "event 25: unknown kind 'split'", id="a kind"),
        pytest.param(
            "paused",
            '{"at":1,"reason":"","until":2}',
            "event 25: paused.until: Unexpected",
            id="a field",
        ),
        pytest.param(
            "paused", '{"at":1}', "event 25: paused.reason: Field required", id="a field missing"
        ),
        pytest.param(
            "paused", '{"at":"1","reason":""}', "event 25: paused.at: .* valid integer", id="a type"
        ),
        pytest.param("paused", "{", "event 25: paused: Invalid JSON", id="no JSON"),
    ],
)
def test_what_another_version_wrote_is_told(path: Path, kind: str, body: str, told: str) -> None:
    forge(path, [(kind, body)])

    with pytest.raises(
        JournalError, match=rf"run\.db: {told}.*; was it written by another version"
    ):
        read(path)


def test_a_sound_chain_of_what_cannot_have_happened_is_refused(path: Path) -> None:
    forge(path, [("trailed", '{"at":1,"stop":"1","trade":77}')])

    with pytest.raises(
        JournalError, match=r"event 25 cannot have happened: .* trade 77 is not open"
    ):
        read(path)


def forge(path: Path, additions: Iterable[tuple[str, str]]) -> None:
    """Add rows whose hashes are right."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        seq, previous = connection.execute(
            "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        for kind, body in additions:
            seq += 1
            record = Record(seq, 1, kind, f"{kind}:{seq}", body, GENESIS).sealed(previous)
            connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", record)
            previous = record.hash


def test_an_sqlite_without_strict_tables_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "OLDEST_SQLITE", (99, 0))

    with pytest.raises(JournalError, match=r"expected SQLite 99.0 or later, found 3\."):
        read(path)
