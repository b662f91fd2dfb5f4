"""The journal against kill -9, at any moment of its opening and its writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from divbot.trading.journal.journal import Journal, read
from divbot.trading.journal.versions import VERSION
from tests.trading.events import STARTED
from tests.trading.old_journals import copied, version_of
from tests.trading.writer import decision

PROJECT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="fork and kill -9")


class Nursery:
    """Begets writers and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def live(self, path: Path, first: int, heard: int, spin: int) -> list[str]:
        """Return what a writer told that was killed a little after it had told `heard` lines."""
        pid = self._beget(first, path)
        told = [self._hear() for _ in range(heard)]
        for _ in range(spin):  # no clock: less than the time of a transaction, or of an opening
            pass
        os.kill(pid, signal.SIGKILL)
        return told + list(iter(self._hear, "gone"))

    def upgrade(self, path: Path, statement: int) -> list[str]:
        """Return what is told by who opens a journal, and dies before it executes `statement`."""
        self._beget(-statement, path)
        return list(iter(self._hear, "gone"))

    def _beget(self, first: int, path: Path) -> int:
        assert self._process.stdin
        self._process.stdin.write(f"{first} {path}\n")
        self._process.stdin.flush()
        return int(self._hear().removeprefix("pid "))

    def _hear(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().rstrip("\n")
        assert line, "the nursery has ended"
        assert not line.startswith("failed"), line
        return line


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.trading.writer"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield Nursery(process)
        assert process.stdin
        process.stdin.close()


@pytest.mark.parametrize(
    "kills", [pytest.param(25, id="25"), pytest.param(200, id="200", marks=pytest.mark.soak)]
)
def test_what_was_told_is_kept_and_what_is_kept_is_whole(
    nursery: Nursery, tmp_path: Path, kills: int
) -> None:
    chance, path, told, hot = Random(kills), tmp_path / "run.db", 0, 0

    for _ in range(kills):
        durable = written(path)
        # Decided again: the last one that was told, and those that nobody was told of.
        heard = chance.choice([0, chance.randrange(30)])
        first = max(told, 1)
        lines = nursery.live(path, first, heard, chance.randrange(100_000))

        steps = [line.split() for line in lines if line != "open"]
        assert [int(number) for _, number in steps] == list(range(first, first + len(steps)))
        assert [word for word, _ in steps] == [
            "again" if number <= durable else "done" for number in range(first, first + len(steps))
        ]
        told = max([told, *(int(number) for _, number in steps)])
        hot += has_log(path)
        assert written(path) >= told

    with Journal.open(path) as journal:
        assert [event for _, event in journal.events()] == history(written(path))
    assert told >= kills
    assert hot >= kills // 2


def test_an_upgrade_that_is_killed_loses_nothing(nursery: Nursery, tmp_path: Path) -> None:
    found = dict[tuple[int, int], int]()

    for statement in range(1, 300, 16):
        path = copied("version-1-usdm", tmp_path / f"{statement}.db")
        before = read(path)
        told = nursery.upgrade(path, statement)

        left = version_of(path), len(list(tmp_path.glob(f"{statement}.v1-*.db")))
        found[left] = found.get(left, 0) + 1
        assert read(path) == before
        with Journal.open(path) as journal:
            assert journal.ledger == before.ledger
        (original,) = tmp_path.glob(f"{statement}.v1-*.db")
        assert read(original).events == before.events
        if told:
            break

    assert told == ["open"]
    assert found.keys() == {(1, 0), (1, 1), (VERSION, 1)}
    assert found[1, 1] > 3


def written(path: Path) -> int:
    """Return how many decisions are durable, each of them whole and in its place."""
    if not path.exists():
        return 0
    events = list(read(path).events)
    count = len(events) // 3
    assert events == history(count)
    return count


def history(decisions: int) -> list[object]:
    return [STARTED, *(event for n in range(1, decisions + 1) for event in decision(n))]


def has_log(path: Path) -> bool:
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0
