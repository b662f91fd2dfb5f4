"""The file of the ledger: who tampers with it is noticed, who is killed loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from divbot.domain.errors import JournalError
from divbot.research.trials.entries import Lost
from divbot.research.trials.kept_results import packed, unpacked
from divbot.research.trials.ledger import TrialLedger
from tests.evaluation.stories import runs_of
from tests.research.trials import (
    FADING,
    WINNER,
    WORTHLESS,
    concluded,
    conclusion_of,
    execute,
    ledger_in,
    swept,
)

LOST = Lost("told by a test", 0, 0)


def test_a_ledger_that_nobody_touched_has_no_problem(tmp_path: Path) -> None:
    assert ledger_in(tmp_path).read().problems == ()

    for seed in range(3):
        assert concluded(tmp_path, WORTHLESS, seed=seed).problems == ()

    contents = ledger_in(tmp_path).read()
    assert contents.problems == ()
    assert [x.number for x in contents.written] == [1, 2, 3, 4, 5, 6]
    assert (contents.head.sweeps, contents.head.openings) == (3, 0)


def test_results_are_read_back_to_the_last_bit() -> None:
    results = runs_of(WINNER)

    back = unpacked(packed(results))

    assert (back.settings, back.days) == (results.settings, results.days)
    assert back.net_r.tobytes() == results.net_r.tobytes()
    assert back.trades.tolist() == results.trades.tolist()


def delete(ledger: TrialLedger) -> None:
    ledger.path.unlink()


def delete_note(ledger: TrialLedger) -> None:
    ledger.note.unlink()


def test_entries_are_the_same_without_their_results(tmp_path: Path) -> None:
    concluded(tmp_path, FADING)

    whole, days = (ledger_in(tmp_path).read(with_results=x) for x in (True, False))

    assert [x.entry for x in days.written] == [x.entry for x in whole.written]
    assert any(x.results for x in whole.written)
    assert not any(x.results for x in days.written)
    assert (days.head, days.problems) == (whole.head, whole.problems)


def spoil_note(ledger: TrialLedger) -> None:
    ledger.note.write_text("{}")


def statement(text: str) -> Callable[[TrialLedger], None]:
    return lambda ledger: execute(ledger.path, text)


TAMPERING = [
    pytest.param(delete, "5 entries were written, of which 0 are there", id="deleted"),
    pytest.param(delete_note, "the note beside the ledger is gone", id="note deleted"),
    pytest.param(spoil_note, "the note beside the ledger is gone, or cannot", id="note spoiled"),
    pytest.param(
        statement("DELETE FROM entry WHERE seq = 5"),
        "5 entries were written, of which 4 are there",
        id="the last entry",
    ),
    pytest.param(
        statement("DELETE FROM entry WHERE seq = 2"), "entry 2 is missing, 3 stands", id="a look"
    ),
    pytest.param(
        statement("DROP TABLE entry"), "5 entries were written, of which 0 are there", id="all"
    ),
    pytest.param(
        statement("UPDATE entry SET body = replace(body, '0.04', '0.05') WHERE seq = 2"),
        "entry 2 is not what was written",
        id="a body",
    ),
    pytest.param(
        statement("UPDATE entry SET results = NULL WHERE seq = 1"),
        "entry 1 is not what was written",
        id="results",
    ),
    pytest.param(
        statement(
            "UPDATE entry SET results = (SELECT results FROM entry WHERE seq = 4) WHERE seq = 1"
        ),
        "entry 1 is not what was written",
        id="results of another trial",
    ),
    pytest.param(
        statement("UPDATE entry SET body = '{}' WHERE seq = 5"),
        "entry 5 cannot be read",
        id="rubbish",
    ),
    pytest.param(
        statement("UPDATE entry SET at = 0 WHERE seq = 5"), "entry 5 is not what", id="a time"
    ),
]


@pytest.mark.parametrize(("tamper", "told"), TAMPERING)
def test_whatever_is_done_to_it_is_noticed_and_told_ever_after(
    tamper: Callable[[TrialLedger], None], told: str, tmp_path: Path
) -> None:
    concluded(tmp_path, FADING)
    concluded(tmp_path, WORTHLESS)
    ledger = ledger_in(tmp_path)

    tamper(ledger)

    assert any(told in x for x in ledger.read().problems)
    for seed in (2, 3):
        assert any(told in x for x in concluded(tmp_path, WORTHLESS, seed=seed).problems)


def test_an_older_copy_put_back_is_noticed(tmp_path: Path) -> None:
    concluded(tmp_path, WORTHLESS)
    ledger = ledger_in(tmp_path)
    copy = ledger.path.read_bytes()
    concluded(tmp_path, FADING)

    ledger.path.write_bytes(copy)

    assert ledger.read().problems == ("5 entries were written, of which 2 are there",)
    concluded(tmp_path, WINNER)
    assert "5 entries were written" in ledger.read().problems[0]


def test_another_ledger_in_its_place_is_noticed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        conclusion_of(tmp_path / name, swept(WORTHLESS, code=name))

    one, two = ledger_in(tmp_path / "one"), ledger_in(tmp_path / "two")
    one.path.write_bytes(two.path.read_bytes())

    assert one.read().problems == ("entry 2 is another than the one that was noted",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"no database at all, but a long enough text" * 50, "no ledger", id="text"),
        pytest.param(None, "damaged|malformed", id="rotten"),
    ],
)
def test_what_is_no_ledger_is_told_with_what_to_do(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    concluded(tmp_path, WORTHLESS)
    path = ledger_in(tmp_path).path
    whole = path.read_bytes()
    path.write_bytes(content or whole[:100] + bytes(len(whole) - 100))

    with pytest.raises(JournalError, match=told) as raised:
        concluded(tmp_path, WINNER)

    assert "move it away and keep it" in str(raised.value)


def test_what_fails_within_leaves_nothing(tmp_path: Path) -> None:
    concluded(tmp_path, WORTHLESS)
    ledger = ledger_in(tmp_path)
    before = ledger.read()

    with pytest.raises(ZeroDivisionError), ledger.open() as book:
        print(1 / (book.append(LOST) - 3))

    assert ledger.read().head == before.head
    assert ledger.read().problems == ()


def _killed_within(folder: Path) -> None:
    with ledger_in(folder).open() as book:
        book.append(LOST, runs_of(WINNER))
        os.kill(os.getpid(), signal.SIGKILL)


def _killed_before_the_note(folder: Path) -> None:
    ledger = ledger_in(folder)
    ledger.note.chmod(0o600)
    os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment,method-assign]
    with ledger.open() as book:
        book.append(LOST)


def _append(folder: Path, times: int) -> None:
    for _ in range(times):
        with ledger_in(folder).open() as book:
            book.append(LOST)


def _in_processes(*works: tuple[Callable[..., None], tuple[object, ...]]) -> list[int | None]:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=target, args=arguments) for target, arguments in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [x.exitcode for x in processes]


@pytest.mark.filterwarnings("ignore:This process")
@pytest.mark.parametrize(
    ("kill", "entries"),
    [
        pytest.param(_killed_within, 2, id="before the commit"),
        pytest.param(_killed_before_the_note, 3, id="between commit and note"),
    ],
)
def test_a_kill_while_writing_is_no_tampering(
    kill: Callable[[Path], None], entries: int, tmp_path: Path
) -> None:
    concluded(tmp_path, WORTHLESS)

    assert _in_processes((kill, (tmp_path,))) == [-signal.SIGKILL]

    contents = ledger_in(tmp_path).read()
    assert contents.head.entries == entries
    assert contents.missing == ""
    assert len(contents.broken) == entries - 2  # the planted entry itself


@pytest.mark.filterwarnings("ignore:This process")
def test_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    assert _in_processes(*[(_append, (tmp_path, 5))] * 3) == [0, 0, 0]

    contents = ledger_in(tmp_path).read()
    assert contents.head.entries == 15
    assert contents.missing == ""


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    concluded(tmp_path, WORTHLESS)

    for path in (ledger_in(tmp_path).path, ledger_in(tmp_path).note):
        assert path.stat().st_mode & 0o077 == 0
