"""Blocks done in the process that asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from divbot.scanner.port import Source
from divbot.scanner.workforce.pool import Progress
from divbot.scanner.workforce.process import new_worker, scan
from divbot.scanner.workforce.task import BlockTask, Done


class InlinePool:
    """Run blocks one after the other in this very process, for debugging and small scans."""

    workers = 1

    def __init__(self, source: Source, connections: int) -> None:
        self._source = source
        self._done = 0
        self._progress: Progress = _ignore
        from divbot.scanner.workforce import kernels  # only here: a parent of workers needs none

        kernels.warm()
        self._worker = new_worker(source, connections, self._count)

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        """Return what became of each task."""
        self._done, self._progress = 0, progress
        return [done for task in tasks for done in self._scan(task)]

    def _scan(self, task: BlockTask) -> list[Done]:
        lease = self._source.open_lease(len(task.symbols), task.limit)
        try:
            return scan(self._worker, replace(task, lease=lease))
        finally:
            self._source.close_lease(lease)

    def _count(self) -> None:
        self._done += 1
        self._progress(self._done, "")

    def close(self) -> None:
        """Let go of every connection."""
        self._worker.close()


def _ignore(done: int, waits_for: str) -> None:
    """Tell nobody."""
