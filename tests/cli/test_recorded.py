"""Commands that read a run, on real journals, beside whoever writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from divbot.database import is_locked
from divbot.domain.market import Interval, Market
from divbot.trading.journal.journal import Journal
from divbot.trading.journal.runs import Runs
from tests.cli.commands import divbot
from tests.trading.stories import DAY, HOUR, START, STARTED, dealt, five_trades, marked

COMMANDS = pytest.mark.parametrize("command", ["trades", "stats", "status"])


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return the folder of runs that `divbot` finds."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Runs(tmp_path / "divbot" / "runs")


def begin(runs: Runs, *, at: int = START) -> Journal:
    return Journal.create(runs.new(at, Market.USDM, Interval.M5), STARTED)


@COMMANDS
def test_without_a_run_there_is_one_line(command: str, runs: Runs) -> None:
    run = divbot(command)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "divbot: no run yet: `divbot paper` starts one\n"


@COMMANDS
def test_a_run_is_named_in_one_way(command: str, runs: Runs) -> None:
    run = divbot(command, "--run", "one", "--journal", "two.db")

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "divbot: --run and --journal exclude each other: give one of them\n"


def test_commands_read_beside_the_bot_and_change_nothing(runs: Runs) -> None:
    with begin(runs) as journal:
        journal.write(*five_trades().events[1:])
        before = journal.path.read_bytes()

        trades = json.loads(divbot("trades", "--json").stdout)
        stats = json.loads(divbot("stats", "--json").stdout)
        status = json.loads(divbot("status", "--json").stdout)

        assert journal.path.read_bytes() == before
        journal.write(marked(START + 49 * HOUR, "1003"))

    assert [x["number"] for x in trades["trades"]] == [1, 2, 3, 4, 5]
    assert trades["run"] == stats["run"] == status["run"] == "2024-07-01T120000-usdm-5m"
    assert stats["closed"]["profit"] == "4.45"
    assert (status["equity"], status["running"]) == ("1002.10", True)


def test_the_status_tells_when_no_program_goes_on(runs: Runs) -> None:
    with begin(runs) as journal:
        journal.write(*five_trades().events[1:])

    assert "\nprogram     not running\n" in divbot("status").stdout
    assert json.loads(divbot("status", "--json").stdout)["running"] is False


def test_asking_who_writes_keeps_nobody_from_writing(runs: Runs) -> None:
    begin(runs).close()
    divbot("status")

    with Journal.open(runs.named("2024-07-01T120000-usdm-5m").path) as journal:
        assert journal.ledger.start == STARTED


def test_the_newest_run_is_meant_unless_another_is_named(runs: Runs) -> None:
    with begin(runs) as journal:
        journal.write(*dealt(1, START, START + HOUR, "5"))
    with begin(runs, at=START + DAY) as journal:
        path = journal.path

    assert "2024-07-02T120000-usdm-5m\nNo trades yet." in divbot("trades").stdout
    named = divbot("trades", "--run", "2024-07-01T120000-usdm-5m").stdout
    assert "1 closed with a net profit of +5.00 USDT" in named
    assert "No trades yet." in divbot("trades", "--journal", path).stdout


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--run", "2023"], 2, "no run is called '2023'; there are 2024-07-01T120000-usdm-5m"),
        (["--journal", "missing.db"], 5, "missing.db: expected a journal, found no such file"),
        (["--journal", "notes.txt"], 5, "notes.txt: "),
    ],
)
def test_what_is_no_run_is_told_in_one_line(
    runs: Runs, tmp_path: Path, flags: list[str], code: int, message: str
) -> None:
    begin(runs).close()
    (tmp_path / "notes.txt").write_text("buy low, sell high" * 99)

    run = divbot("stats", *flags, folder=tmp_path)

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (code, "", 1)
    assert message in run.stderr


def test_a_lock_that_cannot_be_tried_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.db.lock").mkdir()

    assert is_locked(tmp_path / "run.db") is None
