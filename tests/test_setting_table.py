"""A setting is stated once: a row of the table is all that it takes to add one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROW = """
    snooze = setting(
        Duration("0", "2h", "m"), "15m", "rest this long after a day of losses"
    )
    max_age ="""
PROGRAM = """
import os, runpy
from pathlib import Path
from typer.testing import CliRunner
from divbot.cli import command_line, exit_code
from divbot.domain.durations import duration_text
from divbot.settings import load_settings

def told(**given):
    print(duration_text(load_settings(given).snooze))

help = CliRunner(env={"COLUMNS": "100"}).invoke(command_line(["paper"]), ["paper", "-h"]).stdout
print(*next(x for x in help.splitlines() if "--snooze" in x).split())
print(exit_code(["paper", "--snooze", "30"]))
told()
Path("divbot.toml").write_text('snooze = "20m"')
told()
os.environ["DIVBOT_SNOOZE"] = "25m"
told()
told(snooze="30m")
texts = runpy.run_path("docs/settings.py")
print(*[x for x in texts["example_text"]().splitlines() if x.startswith("snooze")])
print(*[x for x in texts["page_text"]().splitlines() if "snooze" in x])
"""


def test_one_row_more_is_a_key_a_variable_a_flag_a_line_and_a_row_more(tmp_path: Path) -> None:
    for folder in ("divbot", "docs"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    table = tmp_path / "divbot" / "setting_table.py"
    text = table.read_text("utf-8")
    table.write_text(text.replace("\n    max_age =", ROW, 1), "utf-8")

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert run.stdout.splitlines() == [
        "--snooze TIME Rest this long after a day of losses. [15m]",
        "2",
        "15m",
        "20m",
        "25m",
        "30m",
        'snooze = "15m"                  # rest this long after a day of losses',
        "| `snooze` | `15m` | a time from 0 to 2h | rest this long after a day of losses |",
    ]
    assert run.stderr == (
        "divbot: snooze: expected a time from 0 to 2h, found 30; add the unit: 30m\n"
    )
