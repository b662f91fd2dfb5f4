"""A local exchange in a process of its own, for as long as a benchmark needs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commandline import BenchmarkFailed, undisturbed

DIVBOT = [sys.executable, "-m", "divbot"]
MOST_SYMBOLS = 5000
"""That an exchange lists."""
_SECONDS_TO_END = 3.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where an exchange listens, and its process."""

    url: str
    pid: int


@contextmanager
def open_exchange(
    market: str,
    symbols: int,
    *,
    latency: float = 0.0,
    speed: float = 1.0,
    is_nice: bool = False,
    compress: bool = False,
    publish_lag: float = 0.0,
) -> Iterator[Exchange]:
    """Provide a local exchange whose replies take `latency` ms more than they need.

    It shows a new candle `publish_lag` ms after the last one has closed.

    It lists ordinary symbols only, and some more than asked for, as spreads grow too wide at times.
    A real venue takes none of our cores: a nice one shares them with everything but the run.
    """
    command = ["nice"] if is_nice else []
    command += [*DIVBOT, "exchange", "--market", market, "--no-awkward"]
    command += ["--symbols", str(min(symbols + symbols // 10 + 10, MOST_SYMBOLS))]
    command += ["--latency", f"{latency}ms", "--speed", str(speed)]
    command += ["--compress"] if compress else []
    command += ["--publish-lag", f"{publish_lag}ms"] if publish_lag else []
    # More scans in a minute than a venue would allow.
    command += ["--weight-limit", "100000000"]
    with running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        first = process.stdout.readline()
        if not first:
            raise BenchmarkFailed("the local exchange did not start")
        yield Exchange(first.split()[-1], process.pid)


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Provide a process that has ended afterwards, whatever comes between."""
    process = None
    try:
        with undisturbed():
            process = subprocess.Popen(command, encoding="utf-8", **options)
        yield process
    finally:
        if process is not None:
            end(process)
            if process.stdout:
                process.stdout.close()


def end(process: subprocess.Popen[str]) -> None:
    """End a process that was started, whatever it is doing."""
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
