"""Journals of older versions: read as they are, upgraded where a run goes on, never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from divbot.database import locked
from divbot.domain.errors import JournalError
from divbot.domain.events import Entered, Event, SessionBegan
from divbot.domain.ledger import fold
from divbot.domain.risk import Limit
from divbot.trading.journal import schema, upgrade
from divbot.trading.journal.journal import Journal, read, save, start_of
from divbot.trading.journal.records import GENESIS, Record
from divbot.trading.journal.versions import VERSION, Fact, upgraded
from tests.trading.events import marked
from tests.trading.journals.make import make
from tests.trading.old_journals import ALL, OLD, copied, rows, version_of

EVENTS = "SELECT seq, ts, kind, key, body, hash FROM event ORDER BY seq"
TABLES = ("SELECT * FROM trade ORDER BY number", "SELECT * FROM account")

each_journal = pytest.mark.parametrize("name", ALL)
each_old_journal = pytest.mark.parametrize("name", OLD)


def test_there_is_a_journal_of_each_version_that_was_ever_written(tmp_path: Path) -> None:
    assert {version_of(copied(name, tmp_path)) for name in ALL} == set(range(1, VERSION + 1))


@each_journal
def test_any_version_comes_to_the_account_and_trades_that_it_was_left_with(
    name: str, tmp_path: Path
) -> None:
    path = copied(name, tmp_path)
    left_with = [rows(path, table) for table in TABLES]

    found = read(path)
    with Journal.open(path) as journal:
        opened = journal.ledger

    assert found.ledger == opened == fold(found.events)
    assert [rows(path, table) for table in TABLES] == left_with
    assert version_of(path) == VERSION


@each_old_journal
def test_to_read_an_old_journal_writes_nothing(name: str, tmp_path: Path) -> None:
    path = copied(name, tmp_path)
    before = path.read_bytes()

    assert read(path).events[0] == start_of(path)

    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.v*-*"))


@each_old_journal
def test_an_upgrade_keeps_the_original_and_the_new_chain_names_it(
    name: str, tmp_path: Path
) -> None:
    path = copied(name, tmp_path / "run.db")
    old, version = rows(path, EVENTS), version_of(path)
    before = read(path)

    with Journal.open(path) as journal:
        aside = journal.kept

    seq, *_, last = old[-1]
    assert isinstance(last, bytes)
    assert aside == tmp_path / f"run.v{version}-{last.hex()[:8]}.db"
    assert (version_of(aside), rows(aside, EVENTS)) == (version, old)
    assert rows(path, "SELECT version, events, hash FROM original") == [(version, seq, last)]
    assert read(aside).events == read(path).events == before.events
    assert [row[0] for row in rows(path, EVENTS)] == [row[0] for row in old]


def test_an_upgraded_journal_goes_on_like_any_other(tmp_path: Path) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    with Journal.open(path) as journal:
        later = marked(journal.ledger.at + 1)
        journal.write(later)

    with Journal.open(path) as again:
        assert again.kept is None
        assert again.recent(1)[0].kind != "marked"
        assert [event for _, event in again.events()][-1] == later
    assert len(list(tmp_path.glob("run.v1-*.db"))) == 1


def test_a_new_journal_has_no_original(tmp_path: Path) -> None:
    path = copied("version-2-usdm", tmp_path)

    with Journal.open(path) as journal:
        assert journal.kept is None
    assert rows(path, "SELECT * FROM original") == []


def test_what_an_upgrade_makes_of_a_journal_stays_what_it_was(tmp_path: Path) -> None:
    made = read(copied("version-1-mixed", tmp_path))

    expected = read(copied("version-2-mixed", tmp_path))

    assert repr(made.events) == repr(expected.events)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("events = events + 1", id="how many events"),
        pytest.param("version = 2", id="which version"),
        pytest.param("hash = zeroblob(32)", id="the last hash"),
    ],
)
def test_what_names_the_original_cannot_be_changed_unseen(tmp_path: Path, changed: str) -> None:
    path = copied("version-2-mixed", tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE original SET {changed}")

    for use in (read, Journal.open):
        with pytest.raises(JournalError, match="event 1 is not what was written"):
            use(path)


class TestFromVersion1:
    """What was not kept is computed where it can be, and unknown where it cannot."""

    def test_an_entry_s_risk_is_worked_out_from_what_it_cost(self) -> None:
        fields = entry(quantity="10", fee="0.5", price="100.1", requested="100", stop="98")

        (fact,) = upgraded([Fact("entered", fields)], 1)

        # Out at 98 less a tenth of a percent, and the same part of that as a fee again.
        out = Decimal(98) * (1 - Decimal("0.1") / 100)
        lost = 10 * (Decimal("100.1") - out + out * Decimal("0.5") / 1001) + Decimal("0.5")
        assert Decimal(fact.fields["risk"]) == pytest.approx(lost, abs=Decimal("1e-8"))
        assert (fact.fields["paid"], fact.fields["dust"]) == ("200.5", "0")
        assert fact.fields["limited_by"] is None

    def test_what_spot_booked_as_a_fee_was_no_fee_of_the_exit(self) -> None:
        fields = entry(quantity="9", fee="100", price="100", requested="100", stop="98")
        fields["fill"]["quantity"] = "10"

        (fact,) = upgraded([Fact("entered", fields)], 1)

        assert Decimal(fact.fields["risk"]) == 9 * 2 + 100

    def test_what_was_kept_stays(self) -> None:
        known = {"risk": "7", "limited_by": "cash", "paid": "210", "dust": "0.01"}

        (fact,) = upgraded([Fact("entered", entry() | known)], 1)

        assert fact.fields == entry() | known

    def test_a_session_tells_what_is_another_than_in_the_one_before(self) -> None:
        facts = [
            Fact("resumed", {"settings": {"risk": "0.01", "top": "50"}}),
            Fact("resumed", {"settings": {"risk": "0.02", "top": "50", "fee": "None"}}),
        ]

        first, second = upgraded(facts, 1)

        assert first.fields["changed"] == {}
        assert second.fields["changed"] == {"risk": ["0.01", "0.02"]}

    def test_nothing_that_is_upgraded_is_changed_itself(self) -> None:
        fields = entry()

        list(upgraded([Fact("entered", fields)], 1))

        assert fields == entry()


def test_a_run_that_two_ages_of_divbot_kept_is_one_run(tmp_path: Path) -> None:
    found = read(copied("version-1-mixed", tmp_path))

    sessions = [x for x in found.events if isinstance(x, SessionBegan)]
    limits = [x.limited_by for x in found.events if isinstance(x, Entered)]
    assert [x.session for x in sessions] == [1, 2, 3]
    assert [set(x.changed) for x in sessions] == [set(), {"risk"}, {"leverage"}]
    assert limits[0] is None
    assert limits[-1] is Limit.CASH
    assert found.ledger.address == "https://fapi.binance.com"


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        pytest.param("resumed", {"at": 1}, "event 28 is not what version 1 wrote", id="a field"),
        pytest.param("entered", {"at": 1}, "event 28 is not what version 1 wrote", id="all"),
        pytest.param("split", {"at": 1}, "event 28: unknown kind 'split'", id="a kind"),
        pytest.param(
            "trailed", {"at": 1, "trade": 77, "stop": "1"}, "event 28 cannot have", id="a fact"
        ),
    ],
)
def test_what_no_version_wrote_is_refused_and_left_alone(
    tmp_path: Path, kind: str, body: dict[str, Any], told: str
) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        ((previous,),) = connection.execute("SELECT hash FROM event WHERE seq = 27").fetchall()
        record = Record(28, 1, kind, "forged", orjson.dumps(body).decode(), GENESIS)
        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", record.sealed(previous))

    for use in (read, Journal.open):
        with pytest.raises(JournalError, match=told) as refused:
            use(path)
        assert "\n" not in str(refused.value)
    assert version_of(path) == 1


def test_a_broken_chain_is_not_sealed_anew(tmp_path: Path) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    guard = "SELECT sql FROM sqlite_schema WHERE name = 'event_is_never_changed'"
    ((trigger,),) = rows(path, guard)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        connection.execute("UPDATE event SET ts = ts + 1 WHERE seq = 5")
        connection.execute(str(trigger))

    for use in (read, Journal.open):
        with pytest.raises(JournalError, match="event 5 is not what was written"):
            use(path)
    assert version_of(path) == 1


def test_what_fails_while_it_is_upgraded_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    before = rows(path, EVENTS)

    def fail(connection: sqlite3.Connection, *_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(upgrade, "append", fail)
        with pytest.raises(JournalError, match="disk is full"):
            Journal.open(path)

    assert (version_of(path), rows(path, EVENTS)) == (1, before)
    Journal.open(path).close()
    assert version_of(path) == VERSION
    assert len(list(tmp_path.glob("run.v1-*.db"))) == 1


def test_who_reads_while_a_journal_is_upgraded_reads_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    expected, unhindered = read(path), upgrade.rows

    def meanwhile(connection: sqlite3.Connection, version: int) -> Iterator[Record]:
        monkeypatch.setattr(upgrade, "rows", unhindered)
        Journal.open(path).close()
        return unhindered(connection, version)

    monkeypatch.setattr(upgrade, "rows", meanwhile)

    assert read(path) == expected
    assert version_of(path) == VERSION


def test_an_old_journal_is_read_beside_the_old_divbot_that_writes_to_it(tmp_path: Path) -> None:
    path = copied("version-1-usdm", tmp_path / "run.db")
    expected = read(path)

    with locked(path), closing(sqlite3.connect(path, isolation_level=None)) as bot:
        bot.execute("BEGIN IMMEDIATE")
        assert read(path) == expected
        with pytest.raises(JournalError, match="another divbot writes to it"):
            Journal.open(path)

    assert version_of(path) == 1


def test_an_old_journal_is_saved_as_it_is(tmp_path: Path) -> None:
    path, copy = copied("version-1-spot", tmp_path), tmp_path / "copy.db"

    saved = save(path, copy)

    assert version_of(copy) == 1
    assert rows(copy, EVENTS) == rows(path, EVENTS)
    assert saved.events == read(path).events


def test_a_journal_of_each_event_is_made_to_be_kept(tmp_path: Path) -> None:
    path = make(tmp_path)

    found = read(path)
    assert {type(x) for x in found.events} == set(get_args(Event))
    assert (version_of(path), found.ledger) == (VERSION, fold(found.events))


def test_a_version_without_tables_of_its_own_has_those_of_the_version_before() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        schema.lay_out(connection, VERSION + 1)
        schema.check(connection, VERSION)


def test_the_tables_of_each_version_are_known(tmp_path: Path) -> None:
    for name in ALL:
        with closing(sqlite3.connect(copied(name, tmp_path))) as connection:
            schema.check(connection, schema.identify(connection))


def entry(
    quantity: str = "10",
    fee: str = "0.5",
    price: str = "100.1",
    requested: str = "100",
    stop: str = "98",
) -> dict[str, Any]:
    """Return as much of an entry as an upgrade looks at."""
    fill = {
        "side": "BUY",
        "quantity": quantity,
        "price": price,
        "requested": requested,
        "fee": fee,
    }
    return {"fill": fill, "quantity": quantity, "margin": "200", "stop": stop}
