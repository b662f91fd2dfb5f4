"""What a command takes with all processes below it: time, memory; Linux only."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commandline import BenchmarkFailed
from machine import Others, adopt_orphans, reap_orphans, tree_pss
from venue import running

_LOOK_EVERY = 0.1
"""Seconds between two looks at the memory: it takes time of the cores."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command took."""

    seconds: float
    """From its start to its exit."""
    processor: float
    """Seconds of processors."""
    most: float
    """MB of all processes at once, what they share counted once."""
    others: float
    """The part of the cores that others used."""


def spent_by(command: Sequence[str], environment: Mapping[str, str], besides: int = -1) -> Spent:
    """Run a command to its end; raise BenchmarkFailed, with its last word, where it fails.

    `besides` is another child of this process, which goes on.
    """
    adopt_orphans()
    others, before, began = Others(os.getpid()), seconds_of_ended(), time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        try:
            with running(command, env=environment, stdout=told, stderr=told) as process:
                most = watched(process, _LOOK_EVERY)
                seconds = time.perf_counter() - began
        finally:
            # A forkserver ends a moment after who needed it.
            reap_orphans(without=besides)
        told.seek(0)
        last = (told.read().strip().splitlines() or ["without a word"])[-1]
    if process.returncode:
        raise BenchmarkFailed(f"{' '.join(command[:4])} failed: {last}")
    return Spent(seconds, seconds_of_ended() - before, most, others.share(seconds))


def own_environment() -> dict[str, str]:
    """Return an environment without the user's settings, and with bytecode, as anywhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DIVBOT_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def watched(process: subprocess.Popen[str], every: float) -> float:
    """Wait for a process; return the most memory of it and all below it, MB."""
    most = 0.0
    while process.poll() is None:
        most = max(most, tree_pss(process.pid))
        time.sleep(every)
    return most


def seconds_of_ended() -> float:
    """Return the processor seconds of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
