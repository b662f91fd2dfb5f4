"""How the benchmarks take their flags, and how they end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from divbot.domain.clock import SystemClock
from tests.cli.commands import hear_signals

PROJECT = Path(__file__).parents[2]


def start(script: str, *flags: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "benchmarks" / script), *flags],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=hear_signals,  # noqa: PLW1509
    )


@pytest.mark.parametrize(
    ("script", "flags", "says"),
    [
        ("workers.py", ["--workers", "0", "257"], "--workers: expected .* 0 to 256, found '257'"),
        ("workers.py", ["--latency", "nan"], "--latency: expected a time from 0 to 60s, found nan"),
        ("workers.py", ["--picture", "x.jpg"], "expected FILE.html or FILE.png, found 'x.jpg'"),
        ("workers.py", ["--picture", "none/x.html"], "there is no folder"),
        ("workers.py", ["--frobnicate"], "unrecognized arguments: --frobnicate"),
        ("peers.py", ["--freqtrade", "nowhere"], "--freqtrade: expected a program"),
        ("scan.py", ["--symbols", "0"], "--symbols: expected .* found '0'"),
    ],
)
def test_a_wrong_flag_is_told_in_one_line(script: str, flags: list[str], says: str):
    run = start(script, *flags)

    printed, complained = run.communicate(timeout=60)

    assert (run.returncode, printed) == (2, "")
    assert complained.startswith(f"{script}: ")
    assert complained.count("\n") == 1
    assert re.search(says, complained)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for processes")
def test_who_is_told_to_stop_takes_its_processes_with_it(number: int, code: int):
    from machine import tree

    run = start("workers.py", "--symbols", "20", "--latency", "5s")
    clock = SystemClock()
    while len(below := list(tree(run.pid))) < 3:  # itself, the exchange, a scan
        clock.wait(0.05)

    run.send_signal(number)
    printed, complained = run.communicate(timeout=60)

    assert (run.returncode, printed, complained) == (code, "", "")
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
