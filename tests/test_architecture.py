"""The house rules, held by tools: style, types, layers, and what a worker may load."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PRIVATE = b"/".join([b"", b"work", b""])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=PROJECT, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "ruff", "check", "."], id="ruff"),
        pytest.param(["-m", "ruff", "format", "--check", "."], id="ruff format"),
        pytest.param(["-m", "mypy"], id="mypy strict"),
        pytest.param(
            ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
            id="layers",
        ),
    ],
)
def test_the_tools_find_nothing(command: Sequence[str]) -> None:
    result = run(*command)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "module",
    [
        "divbot.scanner.workforce.preload",
        "divbot.scanner.workforce.pool",
        "divbot.binance.market_data",
    ],
)
def test_workers_load_nothing_that_only_the_parent_needs(module: str) -> None:
    code = (
        f"import {module}, sys\n"
        "print(sorted({'typer', 'rich', 'pydantic', 'pandas', 'aiohttp'} & set(sys.modules)))"
    )

    assert run("-c", code).stdout == "[]\n"


def test_a_worker_s_main_module_loads_no_command_line() -> None:
    # A worker imports the main module of its parent under another name.
    code = "import divbot.__main__, sys; print('typer' in sys.modules, 'rich' in sys.modules)"

    assert run("-c", code).stdout == "False False\n"


def test_time_is_read_by_the_clock_alone() -> None:
    readers = [
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "divbot").rglob("*.py")
        if re.search(r"^\s*(import|from) time\b|datetime\.now", path.read_text("utf-8"), re.M)
    ]

    assert readers == ["divbot/domain/clock.py"]


def test_the_project_tells_no_path_of_the_machine_it_was_made_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")

    found = [name for name in listed.stdout.splitlines() if PRIVATE in read(PROJECT / name)]

    assert listed.stdout
    assert found == []


def read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
