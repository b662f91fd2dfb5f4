"""How other processes are started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
