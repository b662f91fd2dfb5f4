"""The journal against power loss: what had reached the disk is kept, and nothing in halves.

The statements of a real journal are run again on a file system that notes every write and every
sync. The power then fails at random points: of what was not synced, any part may be on the disk,
torn at 512 bytes. The real journal opens what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import apsw
import pytest

from divbot.domain.events import Event
from divbot.trading.journal import Journal
from tests.trading.events import STARTED
from tests.trading.writer import decision

DECISIONS = 30
SECTOR = 512


@dataclass(frozen=True)
class Write:
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    name: str
    size: int


@dataclass(frozen=True)
class Sync:
    name: str


@dataclass(frozen=True)
class Told:
    """A COMMIT has returned."""


Step = Write | Truncate | Sync | Told


class NotingDisk(apsw.VFS):
    def __init__(self, steps: list[Step]) -> None:
        super().__init__("noting", "")
        self._steps = steps

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        return NotingFile(name, flags, self._steps)


class NotingFile(apsw.VFSFile):
    def __init__(
        self, name: apsw.URIFilename | str | None, flags: list[int], steps: list[Step]
    ) -> None:
        super().__init__("", name, flags)
        full = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._name = Path(full).name
        self._steps = steps

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._steps.append(Write(self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self._steps.append(Truncate(self._name, size))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._steps.append(Sync(self._name))


def test_a_power_loss_takes_nothing_that_was_told(tmp_path: Path) -> None:
    before, statements = recorded(tmp_path)
    steps = noted(tmp_path, before, statements)

    kept = [survived(tmp_path, before, steps, seed) for seed in range(300)]

    assert all(durable >= told for told, durable in kept)
    assert {told for told, _ in kept} >= set(range(1, DECISIONS))


def test_without_syncs_at_each_commit_it_would(tmp_path: Path) -> None:
    before, statements = recorded(tmp_path)
    careless = [x.replace("synchronous = FULL", "synchronous = NORMAL") for x in statements]
    steps = noted(tmp_path, before, careless)

    kept = [survived(tmp_path, before, steps, seed) for seed in range(60)]

    assert any(durable < told for told, durable in kept)


def recorded(folder: Path) -> tuple[bytes, Sequence[str]]:
    """Return a journal's file, and all statements of opening it and writing decisions."""
    path, statements = folder / "real.db", list[str]()
    Journal.create(path, STARTED).close()
    before = path.read_bytes()
    connect = sqlite3.connect

    def traced(*arguments: object, **options: object) -> sqlite3.Connection:
        connection = connect(*arguments, **options)  # type: ignore[call-overload]
        connection.set_trace_callback(statements.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("divbot.trading.database.sqlite3.connect", traced)
        with Journal.open(path) as journal:
            for number in range(1, DECISIONS + 1):
                journal.write(*decision(number))
    # What triggers do is told as comments.
    return before, [x for x in statements if not x.startswith("--")]


def noted(folder: Path, before: bytes, statements: Sequence[str]) -> list[Step]:
    """Return what the statements do to the disk."""
    steps: list[Step] = []
    disk = NotingDisk(steps)
    path = folder / "run.db"
    path.write_bytes(before)
    connection = apsw.Connection(str(path), vfs="noting")
    connection.execute("PRAGMA wal_autocheckpoint = 20")  # some checkpoints among few writes
    for statement in statements:
        connection.execute(statement).fetchall()
        if statement == "COMMIT":
            steps.append(Told())
    connection.close()
    disk.unregister()
    return steps


def survived(folder: Path, before: bytes, steps: Sequence[Step], seed: int) -> tuple[int, int]:
    """Return how many decisions were told before the power failed, and how many are there after."""
    chance = Random(seed)
    end = chance.randrange(len(steps) + 1)
    files = {"run.db": bytearray(before), "run.db-wal": bytearray()}
    for name, content in files.items():
        mine = [x for x in steps[:end] if not isinstance(x, Told) and x.name == name]
        synced = max((n for n, x in enumerate(mine, 1) if isinstance(x, Sync)), default=0)
        for step in mine[:synced]:
            perform(content, step)
        for step in lost_in_part(mine[synced:], chance):
            perform(content, step)
        (folder / name).write_bytes(content)
    (folder / "run.db-shm").unlink(missing_ok=True)
    with Journal.open(folder / "run.db") as journal:
        events = [event for _, event in journal.events()]
    durable = len(events) // 3
    assert events == history(durable)
    return sum(isinstance(x, Told) for x in steps[:end]), durable


def lost_in_part(unsynced: Sequence[Step], chance: Random) -> list[Step]:
    """Return what of the unsynced steps has reached the disk: all, some first ones, or any."""
    if chance.random() < 0.3:
        return list(unsynced[: chance.randrange(len(unsynced) + 1)])
    share = chance.choice([0.0, 0.5, 0.9, 1.0])
    sectors: list[Step] = []
    for step in unsynced:
        if isinstance(step, Write):
            sectors += [
                Write(step.name, step.offset + at, step.data[at : at + SECTOR])
                for at in range(0, len(step.data), SECTOR)
            ]
        else:
            sectors.append(step)
    return [step for step in sectors if chance.random() < share]


def perform(content: bytearray, step: Step) -> None:
    if isinstance(step, Write):
        content.extend(bytes(max(0, step.offset - len(content))))
        content[step.offset : step.offset + len(step.data)] = step.data
    elif isinstance(step, Truncate):
        del content[step.size :]


def history(decisions: int) -> list[Event]:
    return [STARTED, *(event for n in range(1, decisions + 1) for event in decision(n))]
