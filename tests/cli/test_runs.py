"""`divbot runs`: what there is, saved and deleted; on real journals."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from divbot.cli import command_line
from divbot.domain.errors import DivbotError, InputError, JournalError, OutputError
from divbot.domain.events import HISTORY
from divbot.domain.market import Interval, Market
from divbot.trading.journal.journal import Journal, read
from divbot.trading.journal.runs import Runs
from tests.trading.old_journals import OLD, copied, version_of
from tests.trading.stories import DAY, HOUR, START, STARTED, dealt, five_trades, marked

FIRST, SECOND = "2024-07-01T120000-usdm-5m", "2024-07-02T120000-spot-1h"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return the folder of a user with two runs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    runs = Runs(tmp_path / "divbot" / "runs")
    with Journal.create(runs.new(START, Market.USDM, Interval.M5), STARTED) as journal:
        journal.write(*five_trades().events[1:])
    started = replace(
        STARTED,
        at=START + DAY,
        venue="local exchange",
        market=Market.SPOT,
        interval="1h",
        is_simulated=True,
        address="http://127.0.0.1:8000",
    )
    Journal.create(runs.new(START + DAY, Market.SPOT, Interval.H1), started).close()
    return runs


class Run:
    """`divbot runs ARGUMENTS`, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        app = command_line(["runs"])
        self.code = app(["runs", *arguments], prog_name="divbot", standalone_mode=False)
        self.out, self.err = capsys.readouterr()


def test_every_run_is_listed_the_newest_last(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(capsys)

    heading, _, *rows = run.out.splitlines()
    assert heading == f"runs in {runs.folder}, the newest last; times are UTC"
    assert [" ".join(row.split()) for row in rows[:3]] == [
        "run venue market interval prices since until trades open equity USDT program address",
        f"{FIRST} Binance USD-M futures 5m live 2024-07-01 12:00 2024-07-03 12:00 4 1 1,002.10",
        f"{SECOND} local exchange spot 1h simulated 2024-07-02 12:00 2024-07-02 12:00 0 0 "
        "1,000.00 http://127.0.0.1:8000",
    ]
    for way in ("divbot paper --journal FILE", "divbot runs save", "divbot runs delete"):
        assert way in run.out


@pytest.mark.parametrize("name", OLD)
def test_a_run_of_an_older_version_is_listed_like_any_other(
    runs: Runs, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = copied(name, runs.folder / "2026-11-30T171247-usdm-1m-demo.db")

    document = json.loads(Run(capsys, "--json").out)

    (row,) = (x for x in document["runs"] if x["run"] == path.stem)
    recorded = read(path)
    assert document["damaged"] == []
    assert (row["since"], row["sessions"]) == (recorded.events[0].at, recorded.ledger.sessions)
    assert row["closed_trades"] == len(recorded.ledger.closed) > 0
    assert version_of(path) == 1


def test_a_backtest_of_simulated_prices_is_told_from_one_of_real_ones(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    for day, is_simulated in ((2, False), (3, True)):
        began = replace(STARTED, address=HISTORY, is_simulated=is_simulated)
        path = runs.new(START + day * DAY, Market.USDM, Interval.M5)
        Journal.create(path, began).close()

    real, made_up = Run(capsys).out.splitlines()[4:6]

    assert " history  " in real
    assert " history, simulated  " in made_up


def test_a_document_has_every_run(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal.open(runs.named(SECOND).path):
        first, second = json.loads(Run(capsys, "--json").out)["runs"]

    assert first == {
        "run": FIRST,
        "venue": "Binance",
        "market": "usdm",
        "interval": "5m",
        "simulated": False,
        "nature": "live",
        "journal": str(runs.named(FIRST).path),
        "address": None,
        "since": START,
        "until": START + 48 * HOUR,
        "sessions": 2,
        "closed_trades": 4,
        "open_positions": 1,
        "balance": "1000",
        "equity": "1002.10",
        "equity_at": START + 45 * HOUR,
        "running": False,
    }
    assert (second["address"], second["running"]) == ("http://127.0.0.1:8000", True)


@pytest.mark.parametrize("content", [b"", b"no journal", b"SQLite format 3\0" + bytes(84)])
def test_a_damaged_run_hides_no_other(
    runs: Runs, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    damaged = runs.new(START + HOUR, Market.USDM, Interval.M5)
    damaged.write_bytes(content)

    run = Run(capsys)

    assert run.code == JournalError.exit_code
    assert FIRST in run.out
    assert SECOND in run.out
    assert run.err.startswith(f"divbot: {damaged}: ")
    assert run.err.count("\n") == 1


def test_without_a_run_it_is_said_how_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    run = Run(capsys)

    assert (run.code, run.err) == (0, "")
    assert (
        run.out
        == f"no runs in {tmp_path}/divbot/runs; `divbot paper` and `divbot backtest` make some\n"
    )


def test_a_run_is_saved_whole_while_it_goes_on(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.db"
    with Journal.open(runs.named(FIRST).path) as journal:
        journal.write(*dealt(6, START + 50 * HOUR, START + 51 * HOUR, "5"))
        run = Run(capsys, "save", FIRST, "saved.db")
        expected = journal.ledger
        journal.write(marked(START + 52 * HOUR, "1000"))

    assert run.err == "divbot: saved.db written: 20 events, 5 closed trades\n"
    assert read(saved).ledger == expected
    assert {x.name for x in tmp_path.iterdir() if x.is_file()} == {"saved.db"}
    assert saved.stat().st_mode & 0o777 == 0o600
    with Journal.open(saved) as journal:
        journal.write(marked(START + 52 * HOUR, "1000"))


def test_what_is_saved_stands_alone(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Run(capsys, "save", FIRST, "saved.db")

    with closing(sqlite3.connect(tmp_path / "saved.db")) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()

    assert mode == "delete"


def test_a_file_that_exists_is_replaced_only_where_that_is_asked_for(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "saved.db"
    file.write_text("mine")

    with pytest.raises(OutputError, match="exists: name another file, or replace it with --over"):
        Run(capsys, "save", FIRST, "saved.db")
    assert file.read_text() == "mine"

    Run(capsys, "save", FIRST, "saved.db", "--overwrite")
    assert len(read(file).ledger.closed) == 4


@pytest.mark.parametrize(
    ("file", "told"),
    [
        pytest.param("missing/saved.db", "there is no folder", id="no folder"),
        pytest.param(f"divbot/runs/{FIRST}.db", "is the run itself", id="itself"),
    ],
)
def test_where_nothing_can_be_saved_is_told(
    runs: Runs, capsys: pytest.CaptureFixture[str], file: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        Run(capsys, "save", FIRST, file, "--overwrite")


def test_a_run_that_goes_on_is_not_saved_over(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    path = runs.named(SECOND).path
    with Journal.open(path) as journal:
        with pytest.raises(JournalError, match="a divbot writes to it; end that one first"):
            Run(capsys, "save", FIRST, str(path), "--overwrite")
        journal.write(marked(START + 52 * HOUR, "1000"))

    assert read(path).ledger.start == journal.ledger.start


def test_a_run_is_deleted_with_all_that_stands_beside_it(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    Run(capsys, "delete", FIRST, "--yes")

    assert [run.name for run in runs.all()] == [SECOND]
    assert not [x for x in runs.folder.iterdir() if x.name.startswith(FIRST)]


def test_a_damaged_run_can_be_deleted(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    runs.named(FIRST).path.write_bytes(b"no journal")

    Run(capsys, "delete", FIRST, "--yes")

    assert [run.name for run in runs.all()] == [SECOND]


def test_a_run_in_use_is_not_deleted(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        Journal.open(runs.named(FIRST).path),
        pytest.raises(JournalError, match="a divbot writes to it; end that one first"),
    ):
        Run(capsys, "delete", FIRST, "--yes")

    assert len(runs.all()) == 2


@pytest.mark.parametrize("arguments", [["delete", FIRST], ["delete", "none", "--yes"]])
def test_nothing_is_deleted_that_was_not_meant(
    runs: Runs, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(DivbotError, match=r"is for good: add --yes|no run is called 'none'"):
        Run(capsys, *arguments)

    assert len(runs.all()) == 2


@pytest.mark.parametrize(("answer", "left"), [("y\n", 1), ("n\n", 2)])
def test_at_a_terminal_it_asks_first(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    left: int,
) -> None:
    keyboard = io.StringIO(answer)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", keyboard)

    run = Run(capsys, "delete", FIRST)

    assert f"delete {runs.folder / FIRST}.db for good?" in run.out + run.err
    assert len(runs.all()) == left


def test_who_lists_runs_leaves_nothing_beside_them(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(runs.folder.iterdir())

    Run(capsys)

    assert sorted(runs.folder.iterdir()) == before


def test_who_lists_runs_leaves_the_log_of_one_that_goes_on(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    with Journal.open(runs.named(SECOND).path) as journal:
        Run(capsys)
        journal.write(marked(START + 52 * HOUR, "1000"))

        assert read(journal.path).ledger == journal.ledger


def test_what_can_be_done_with_runs_fits_a_terminal(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(capsys)

    assert max(map(len, run.out.splitlines()[-4:])) <= 80
