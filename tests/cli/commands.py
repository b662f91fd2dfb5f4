"""divbot as its user starts it: in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from divbot.domain.clock import SystemClock

CLOCK = SystemClock()
DIVBOT = (sys.executable, "-m", "divbot")


def environment(**changes: str) -> dict[str, str]:
    """Return this environment without any setting of divbot, and with candles kept nowhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIVBOT_")}
    return kept | {"DIVBOT_KEEP_CANDLES": "false"} | changes


def divbot(
    *arguments: str | Path, folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `divbot ARGUMENTS` to its end; return what it printed."""
    return subprocess.run(
        [*DIVBOT, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(**variables),
        timeout=120,
        check=False,
    )


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start `divbot ARGUMENTS` as the leader of a process group, as a shell does."""
    return subprocess.Popen(
        [*DIVBOT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        env=environment(**variables),
        start_new_session=True,
        preexec_fn=hear_signals,  # noqa: PLW1509
    )


def hear_signals() -> None:
    """Let signals be heard again that tests ignore which were started with `&` or nohup."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for processes, in /proc")
"""What a test bears that looks at a `group`."""


def group(leader: int) -> set[int]:
    """Return the living processes of the group, zombies left out."""
    members = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = path.read_text().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(pgrp) == leader and state != "Z":
            members.add(int(path.parent.name))
    return members


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = CLOCK.monotonic() + seconds
    while not condition():
        if CLOCK.monotonic() > end:
            return False
        CLOCK.wait(0.02)
    return True
