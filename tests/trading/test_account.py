"""What the trader's account tells of what happened last."""

from __future__ import annotations

from pathlib import Path

from divbot.domain.events import Marked, SessionBegan
from divbot.trading.engine.account import Account
from divbot.trading.journal.journal import Journal
from tests.trading.fakes import NOON, MemoryJournal, d, entered, started


def marks(count: int, start: int = NOON + 1) -> list[Marked]:
    return [Marked(start + n, d(10_000), d(9_900), NOON, {}, None) for n in range(count)]


def test_valuations_do_not_crowd_out_what_happened() -> None:
    account = Account(MemoryJournal(), lambda *_: None)

    account.write(entered())
    account.write(*marks(100))

    assert [x.kind for x in account.recent] == ["started", "entered"]


def test_the_newest_events_stay() -> None:
    account = Account(MemoryJournal(), lambda *_: None)

    account.write(*(SessionBegan(NOON, n, {}, {}) for n in range(1, 41)))

    assert [x.session for x in account.recent if isinstance(x, SessionBegan)] == list(range(11, 41))


def test_after_a_restart_the_last_events_are_those_of_the_journal(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "run.db", started()) as journal:
        Account(journal, lambda *_: None).write(entered(), *marks(50))

    with Journal.open(tmp_path / "run.db") as journal:
        recent = Account(journal, lambda *_: None).recent

    assert recent == (started(), entered())
