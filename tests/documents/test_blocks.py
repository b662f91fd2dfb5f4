"""Every block of commands and of Python that people read does what it says, on a local exchange."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from divbot import cli
from divbot.trading.journal.journal import Journal
from tests.cli.commands import divbot
from tests.cli.paper_runs import STARTED
from tests.conftest import SHIPPED
from tests.documents.pages import PAGES, README, Block, blocks_of

INSTALLING = 2
"""The README's first two blocks: .ci/run runs them in a clean checkout."""
RUN = [
    block
    for page in PAGES
    for block in [*blocks_of(page)][INSTALLING if page == README else 0 :]
    if block.why_not is None
]
DIVBOT = ".venv/bin/divbot"
WITH_THREADS = {"paper"}
"""Commands that want a process of their own: they hear signals."""


@pytest.fixture
def desk(quiet_market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit in a folder with a recording and a journal, and with a market that needs no network."""
    (tmp_path / "market.parquet").symlink_to(SHIPPED / "market" / "spot-5m-2024-07.parquet")
    Journal.create(tmp_path / "run.db", STARTED).close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DIVBOT_BASE_URL", quiet_market)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("block", RUN, ids=lambda block: f"{block.page.stem}: {block.text[:40]}")
def test_a_block_does_what_it_says(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    if block.language == "python":
        exec(compile(block.text, block.page.name, "exec"), {"__name__": "__main__"})
        return

    for line in block.text.splitlines():
        assert run(shlex.split(line, comments=True)) == 0, (line, capsys.readouterr().err)


def run(words: list[str]) -> int:
    """Run a command as the documents write it; return its exit code."""
    program, *arguments = words
    assert program == DIVBOT, f"only {DIVBOT} is run; say why this is not: <!-- not run: WHY -->"
    if arguments[0] in WITH_THREADS:
        return divbot(*arguments, DIVBOT_BASE_URL=os.environ["DIVBOT_BASE_URL"]).returncode
    return cli.exit_code(arguments)
