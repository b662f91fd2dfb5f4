"""divbot from Python: what a script sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import divbot
from divbot.domain.errors import InputError, SettingsError
from tests.cli.commands import environment

SCRIPT = """
import divbot

{guard}
    report = divbot.scan(top=8, workers=2, base_url={url!r})
    frame = report.to_frame()
    print(report.summary.scanned, len(frame) == len(report.opportunities))
"""


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "script.py"
    file.write_text(script)
    return subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(),
        check=False,
        timeout=60,
    )


def test_a_script_gets_a_report_and_a_frame(quiet_market: str, tmp_path: Path) -> None:
    guarded = SCRIPT.format(guard='if __name__ == "__main__":', url=quiet_market)

    done = run(guarded, tmp_path)

    assert (done.stdout, done.stderr) == ("8 True\n", "")


def test_a_script_without_the_guard_is_told_what_it_lacks(
    quiet_market: str, tmp_path: Path
) -> None:
    done = run(SCRIPT.format(guard="if True:", url=quiet_market), tmp_path)

    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert 'under `if __name__ == "__main__":`' in told[0]
    assert told[-1].endswith("WorkerLost: worker processes end before they begin")


def test_scans_can_follow_each_other_in_one_process(quiet_market: str) -> None:
    first, second = (
        divbot.scan(top=8, sequential=True, base_url=quiet_market).to_document() for _ in range(2)
    )

    del first["timings"], second["timings"]
    assert first == second


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown setting 'tpo' given"):
        divbot.scan(tpo=3)


def test_a_demo_is_no_venue_of_yours() -> None:
    with pytest.raises(InputError, match="demo and base_url exclude each other"):
        divbot.scan(demo=True, base_url="http://127.0.0.1:9")
