"""Whoever reads a command (head, less) may leave at any time: that is no failure."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from divbot.cli import command_line, exit_code
from divbot.trading.journal.journal import Journal
from tests.cli.commands import DIVBOT, environment
from tests.conftest import SHIPPED
from tests.trading.stories import STARTED, five_trades

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGPIPE is POSIX's")

RECORDED = SHIPPED / "market" / "spot-5m-2024-07.parquet"
COMMANDS = {
    "scan": ["--top", "2", "--quiet"],
    "chart": ["BTCUSDT", "--output", "-"],
    "exchange": ["--symbols", "2", "--at", "2024-07-30T09:00"],
    "universe": [],
    "why": ["BTCUSDT"],
    "limits": [],
    "doctor": [],
    "web": ["127.0.0.1:0"],
    "status": ["--journal", "run.db"],
    "trades": ["--journal", "run.db"],
    "stats": ["--journal", "run.db"],
    "runs": [],
    "watch": ["--duration", "1s", "--top", "2", "--sequential"],
    "data": ["list"],
    "sweeps": ["list"],
    "sweep": [
        *("--recorded", str(RECORDED), "--market", "spot", "--set", "stop_atr=0.5,1"),
        *("--no-portfolio", "--sequential", "--quiet"),
    ],
    "backtest": ["--recorded", str(RECORDED), "--market", "spot", "--sequential", "--quiet"],
    "verify": ["lookahead", "BTCUSDT", "--limit", "301"],
}
"""All but paper, which has tests of its own for that."""
AT_A_VENUE = ("scan", "chart", "universe", "why", "limits", "doctor", "verify", "watch")


@pytest.fixture
def broken_pipe() -> Iterator[TextIO]:
    """Return a stream that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "w") as stream:
        yield stream


def test_every_command_is_here() -> None:
    commands = {info.callback.__name__ for info in command_line().registered_commands}  # type: ignore[union-attr]
    groups = {group.typer_instance.info.name for group in command_line().registered_groups}  # type: ignore[union-attr]

    assert commands | groups == {*COMMANDS, "paper"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_a_reader_ends_quietly(
    command: str,
    quiet_market: str,
    tmp_path: Path,
    broken_pipe: TextIO,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Journal.create(tmp_path / "run.db", STARTED) as journal:
        journal.write(*five_trades().events[1:])
    venue = ["--base-url", quiet_market] if command in AT_A_VENUE else []
    monkeypatch.setattr(sys, "stdout", broken_pipe)

    code = exit_code([command, *COMMANDS[command], *venue])

    assert (code, capsys.readouterr().err) == (0, "")


def test_a_complaint_that_nobody_reads_leaves_the_exit_code(
    broken_pipe: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", broken_pipe)

    assert exit_code(["scan", "--top", "0"]) == 2


def test_the_first_line_of_a_long_list_may_be_all_that_is_read(quiet_market: str) -> None:
    command = shlex.join([*DIVBOT, "universe", "--base-url", quiet_market])
    script = f"{command} | head -1; exit ${{PIPESTATUS[0]}}"

    run = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        check=False,
    )

    assert run.stdout.startswith("local exchange USD-M futures, as of ")
    assert (run.returncode, run.stderr) == (0, "")


def test_a_page_is_whole_though_nobody_reads_what_is_printed(
    tmp_path: Path,
    broken_pipe: TextIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("plotly")
    monkeypatch.chdir(tmp_path)
    with Journal.create(tmp_path / "run.db", STARTED) as journal:
        journal.write(*five_trades().events[1:])
    monkeypatch.setattr(sys, "stdout", broken_pipe)

    code = exit_code(
        ["stats", "--journal", "run.db", "--report", "page.html", "--no-candles"],
    )

    assert code == 0
    assert (tmp_path / "page.html").read_text().rstrip().endswith("</html>")
