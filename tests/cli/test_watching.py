"""What a paper run's watchers are told, and what becomes of a run that nobody watches any more."""

from __future__ import annotations

import io
import sys

import pytest

from divbot.cli.watching import Mode, Watching
from tests.cli.paper_runs import LEDGER, SOL_OUT


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
