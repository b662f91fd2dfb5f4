"""What processes use of this machine, and what is left to them by others; Linux only."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_IDLE = (3, 4)
"""Of the columns in /proc/stat: idle, and waiting for the disk."""
_GUEST = 8
"""From this column on, what is counted elsewhere already."""
_SET_CHILD_SUBREAPER = 36
"""Of prctl(2)."""
_SECONDS_TO_END = 5.0
NOISY = 0.1
"""Of the cores used by others: from there on the figures tell of them, too."""


def tree(root: int, without: int | None = None) -> Iterator[int]:
    """Yield the process and all below it, but not `without` and what is below that."""
    todo = [root]
    while todo:
        pid = todo.pop()
        if pid == without:
            continue
        yield pid
        try:
            todo += _children(pid)
        except OSError:
            continue


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and all below it hold at one moment."""

    processes: int
    threads: int
    descriptors: int
    rss: float
    """MB of the root process alone."""
    pss: float
    """MB of all, what they share counted once."""
    private: float
    """MB of that which is in no file: what they allocated."""
    private_of: Mapping[int, float] = field(default_factory=dict)
    """The same by process, the root first, others in the order in which they were started."""


def usage_of(root: int, without: int | None = None) -> Usage:
    """Return what the process and all below it hold now, but not `without`."""
    processes = threads = descriptors = 0
    pss = 0.0
    private: dict[int, float] = {}
    for pid in sorted(tree(root, without)):
        try:
            threads += int(_status(pid)["Threads"])
            descriptors += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            memory = _memory(pid)
            pss += memory["Pss"]
            private[pid] = memory["Pss_Anon"]
        except (OSError, KeyError):
            continue  # it has just ended
        processes += 1
    return Usage(processes, threads, descriptors, rss_of(root), pss, sum(private.values()), private)


def rss_of(pid: int) -> float:
    """Return the resident memory of one process, in MB."""
    return int(_status(pid)["VmRSS"].split()[0]) / 1024


def pss_of(pid: int) -> float:
    """Return the proportional memory of one process, in MB."""
    return _memory(pid)["Pss"]


def tree_pss(root: int) -> float:
    """Return the proportional memory of a process and all below it, in MB."""
    total = 0.0
    for pid in tree(root):
        try:
            total += pss_of(pid)
        except OSError:
            continue
    return total


def seconds_of_tree(root: int) -> float:
    """Return the processor seconds of a process, all below it, and those of its that ended."""
    total = 0
    for pid in tree(root):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / _TICKS


def busy_seconds() -> float:
    """Return the processor seconds that all of the machine has spent, those taken from it too."""
    columns = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]))
    return sum(x for n, x in enumerate(columns[:_GUEST]) if n not in _IDLE) / _TICKS


def adopt_orphans() -> None:
    """Become the parent of processes below this one whose own parent ends.

    Their processor seconds would be nobody's otherwise.
    """
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(without: int) -> None:
    """Wait for every child of this process but one; kill what does not end by itself."""
    until = time.monotonic() + _SECONDS_TO_END
    while children := [pid for pid in _children(os.getpid()) if pid != without]:
        for pid in children:
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)


class Others:
    """How much of the machine others use, from now on."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._busy, self._own = busy_seconds(), seconds_of_tree(root)

    def share(self, seconds: float) -> float:
        """Return the part of all cores that others used in the `seconds` since."""
        busy, own = busy_seconds() - self._busy, seconds_of_tree(self._root) - self._own
        return max(busy - own, 0.0) / seconds / (os.cpu_count() or 1)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}").glob("task/*/children")
    return [int(child) for children in found for child in children.read_text().split()]


def _memory(pid: int) -> dict[str, float]:
    """Return what smaps_rollup tells of a process, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {
        name: int(value.split()[0]) / 1024 for name, _, value in (x.partition(":") for x in lines)
    }


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
