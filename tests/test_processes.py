"""How other processes are started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from divbot import processes
from divbot.app import scanning
from divbot.processes import PRELOAD, start_context, start_early
from tests.cli.commands import environment

SCRIPT = """
import os
from divbot.processes import start_context

with start_context().Pool(1) as pool:
    print(os.getenv("MALLOC_ARENA_MAX"), pool.apply(os.getenv, ("MALLOC_ARENA_MAX",)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pools of memory are glibc's")
@pytest.mark.parametrize(("own", "seen"), [(None, "None 2"), ("4", "4 4")])
def test_workers_share_few_pools_of_memory(own: str | None, seen: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    variables = {} if own is None else {"MALLOC_ARENA_MAX": own}
    variables["PYTHONPATH"] = os.pathsep.join(sys.path)

    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        encoding="utf-8",
        env=environment(**variables),
        check=True,
        timeout=60,
    )

    assert run.stdout.strip() == seen


@pytest.mark.parametrize(
    ("workers", "demo", "ends"),
    [
        pytest.param(0, False, True, id="no workers"),
        pytest.param(0, True, False, id="no workers, but an exchange"),
        pytest.param(2, False, False, id="workers"),
    ],
)
def test_what_was_started_early_ends_where_nobody_wants_it(
    monkeypatch: pytest.MonkeyPatch, workers: int, demo: bool, ends: bool
) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(processes, "end_forkserver", lambda: ended.append(True))
    start_early()

    scanning.start_workers(workers, demo=demo)

    assert bool(ended) is ends


def test_what_others_use_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(processes, "end_forkserver", lambda: ended.append(True))
    start_early()
    start_context(PRELOAD)

    scanning.start_workers(0, demo=False)

    assert not ended
