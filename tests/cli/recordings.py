"""Commands that read a run, called in this process on a run that is made up."""

from __future__ import annotations

import pytest

from divbot.cli import command_line
from divbot.trading.journal.journal import JournalCopy


class Terminal:
    """Where a command prints, and the run that it finds."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch = patch
        self._capture = capture

    def run(self, recorded: JournalCopy, *arguments: str) -> str:
        """Return what `divbot ARGUMENTS` prints about `recorded`."""
        self._patch.setattr("divbot.cli.recorded.find_run", lambda run, journal: recorded)
        command_line()(list(arguments), prog_name="divbot", standalone_mode=False)
        return self._capture.readouterr().out


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)
