"""What a paper run's watchers are told, and what becomes of a run that nobody watches any more."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from divbot.cli import log_file
from divbot.cli.log_file import LogFile
from divbot.cli.watching import Mode, Watching
from divbot.domain.errors import JournalError, OutputError
from tests.cli.paper_runs import LEDGER, MARKED, NOW, PAUSED, RESUMED, SOL_OUT


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    tries = 0

    def write(self, text: str) -> int:
        self.tries += 1
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("mode", [Mode.LINES, Mode.QUIET, Mode.JSONL])
def test_a_reader_of_stdout_that_goes_ends_the_run_without_a_word(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, lost = Broken(), []
    monkeypatch.setattr(sys, "stdout", broken)
    watching = Watching(mode, on_lost=lambda: lost.append("told"))

    watching.hear(SOL_OUT, LEDGER)
    watching.hear(SOL_OUT, LEDGER)

    assert isinstance(watching.lost, BrokenPipeError)
    assert lost == ["told"]
    assert broken.tries == 1


def test_a_reader_of_stderr_that_goes_misses_the_notices_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, lost = Broken(), []
    monkeypatch.setattr(sys, "stderr", broken)
    watching = Watching(Mode.LINES, on_lost=lambda: lost.append("told"))

    watching.tell("careful", is_warning=True)
    watching.tell("careful", is_warning=True)
    watching.hear(SOL_OUT, LEDGER)

    assert watching.lost is None
    assert lost == []
    assert broken.tries == 1
    assert "EXIT" in capsys.readouterr().out


def test_details_are_for_machines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for mode in (Mode.LINES, Mode.QUIET, Mode.JSONL):
        Watching(mode, on_lost=list).tell("found 3 opportunities", is_detail=True)

    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.count("\n") == 1
    assert '"level":"debug","text":"found 3 opportunities"' in captured.out


def run_that_ends_badly(path: Path, mode: Mode) -> None:
    with Watching(mode, on_lost=list, log=LogFile(path)) as watching:
        watching.now = lambda: NOW
        watching.say("divbot paper trading\n  market  spot\n", "{}")
        watching.hear(RESUMED, LEDGER)
        watching.hear(MARKED, LEDGER)
        watching.hear(PAUSED, LEDGER)
        watching.tell("found 3 opportunities", is_detail=True)
        watching.tell("no quotes:\nno route", is_warning=True)
        raise JournalError("the disk is full")


def log_of(path: Path, mode: Mode) -> str:
    """Return what a short run that ends badly leaves in its log."""
    with pytest.raises(JournalError):
        run_that_ends_badly(path, mode)
    return path.read_text("utf-8")


@pytest.mark.parametrize("mode", [Mode.LINES, Mode.QUIET, Mode.JSONL])
def test_a_log_file_has_time_zone_and_level_of_all_that_happened(
    mode: Mode, tmp_path: Path
) -> None:
    assert log_of(tmp_path / "run.log", mode).splitlines() == [
        "2026-11-20 19:03:05Z INFO    divbot paper trading",
        "2026-11-20 19:03:05Z INFO      market  spot",
        "2026-11-20 16:30:00Z INFO    START session 2 of local exchange USD-M futures 5m, "
        "SIMULATED PRICES",
        "2026-11-20 19:02:35Z WARNING PAUSE no new positions: the loss of this day has reached 3 %",
        "2026-11-20 19:03:05Z WARNING no quotes: no route",
        "2026-11-20 19:03:05Z ERROR   the disk is full",
    ]


def test_a_log_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    once = log_of(tmp_path / "run.log", Mode.QUIET)

    assert log_of(tmp_path / "run.log", Mode.QUIET) == once * 2


def test_a_log_file_stays_small_and_five_older_ones_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LARGEST", 1000)
    log = LogFile(tmp_path / "run.log")

    for number in range(1000):
        log.write(f"line {number}")
    log.close()

    names = sorted(x.name for x in tmp_path.iterdir())
    assert names == ["run.log", *(f"run.log.{n}" for n in range(1, 6))]
    assert max(x.stat().st_size for x in tmp_path.iterdir()) <= 1000
    assert (tmp_path / "run.log").read_text().endswith("line 999\n")


def test_a_log_that_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*run.log: no such file or directory"):
        LogFile(tmp_path / "missing" / "run.log")


def test_a_log_that_cannot_be_written_any_more_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = LogFile(Path("/dev/full"))

    for _ in range(3):
        log.write("a line")
    log.close()

    told = capsys.readouterr().err
    assert told == "divbot: cannot write /dev/full: no space left on device\n"


def test_nothing_in_a_log_file_steers_the_terminal_that_it_is_read_in(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "run.log")

    log.write("found \x1b[2J\x07 and \u202e")
    log.close()

    assert (tmp_path / "run.log").read_text() == "found ?[2J? and ?\n"
