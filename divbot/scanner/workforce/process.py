"""The worker's side: one process runs one BlockWorker from its start to its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from divbot.domain.clock import SystemClock
from divbot.domain.errors import DivbotError, WorkerLost
from divbot.processes import obey_parent
from divbot.scanner.port import Source
from divbot.scanner.workforce.task import BlockTask, Done

if TYPE_CHECKING:
    from divbot.scanner.workforce.worker import BlockWorker

_worker: BlockWorker


def begin(source: Source, connections: int, downloaded: Any, niceness: int) -> None:
    """Make the worker of this process; `downloaded` counts symbols for the parent."""
    global _worker  # noqa: PLW0603 - the executor gives an initializer no other place to put it
    obey_parent()
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)

    def count() -> None:
        downloaded.value += 1

    _worker = new_worker(source, connections, count)


def new_worker(source: Source, connections: int, on_symbol: Callable[[], None]) -> BlockWorker:
    """Return a worker on connections of its own."""
    # Loaded where the work is done: a parent of workers needs no kernels itself.
    from divbot.scanner.workforce.worker import BlockWorker

    return BlockWorker(source.open(connections), connections, SystemClock(), on_symbol)


def ready() -> None:
    """Do nothing: by the time it is done, the worker has started."""


def scan_block(task: BlockTask) -> list[Done]:
    """Do a task in a worker process."""
    return scan(_worker, task)


def scan(worker: BlockWorker, task: BlockTask) -> list[Done]:
    """Return the result of a block, or why there is none: the worker boundary.

    A bug that one symbol's candles bring to light must not cost the others: halve until found.
    """
    try:
        return [(task, worker.scan(task))]
    except DivbotError as error:
        return [(task, error)]
    except Exception as error:
        if len(task.symbols) > 1:
            return [done for half in task.halves() for done in scan(worker, half)]
        return [(task, WorkerLost(f"{type(error).__name__}: {error}"))]
