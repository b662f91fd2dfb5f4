"""The worker processes, and what becomes of work when one of them dies or hangs.

    parent                                            worker process (as many as asked for)
    run(tasks) -- submit --> ProcessPoolExecutor --> BlockWorker.scan(task)
        |                                                | one session, several threads
        |<------------- BlockResult | error -------------|
        |<-- progress (shared counter of symbols) -------|

Theory of operation. One dead worker breaks the whole executor: every unfinished future raises,
without a hint which task was to blame; a hung one blocks for ever. Both end the same way: kill
the processes that are ours, start afresh, submit only what is unfinished. Tasks that were twice
under way when it happened go on alone, one at a time, so that the culprit shows; a culprit of many
symbols is halved until one symbol stands accused, and that one is reported lost. All others
get their result. Nothing is to blame for a worker that ends before any of them is ready.

It is one module: who restarts workers has to know what was under way, and whose lease it spent.

No wait is longer than a fifth of a second, so that Ctrl-C is heard. Workers are started before the
first task, by a thread of their own, while the parent still asks for the listing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from typing import Protocol, Self

from divbot.domain.clock import Clock, SystemClock
from divbot.domain.errors import WorkerLost
from divbot.processes import (
    PRELOAD,
    SHARE_MEMORY,
    allowed_to,
    end_forkserver,
    start_context,
)
from divbot.scanner.port import Source
from divbot.scanner.workforce.process import begin, ready, scan_block
from divbot.scanner.workforce.task import BlockTask, Done

_CANNOT_START = (RuntimeError, OSError, EOFError)
"""What submitting raises: shut down or broken; a forkserver that was killed."""
_POLL_SECONDS = 0.1
_START_SECONDS = 60.0
_SUSPECT_AFTER = 2
_MOST_DEATHS = 12
"""In a row, with nothing learnt between: more than halving a block down to its culprit takes."""
_MOST_FALSE_STARTS = 3
"""In a row, where no worker was ever ready: chance may end one, more are a fault of ours."""
_MOST_CULPRITS = 10
"""Symbols in one run that end their worker: more are a fault of ours, not of the symbols."""
_PATIENCE = 0.7

Progress = Callable[[int, str], None]
"""Called with the number of symbols downloaded so far, and what work waits for, if it does."""


class Runner(Protocol):
    """Run blocks somewhere."""

    @property
    def workers(self) -> int:
        """Return how many blocks run at once."""

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        """Return what became of each task; a task may come back in smaller ones."""


class Pool(Runner, Protocol):
    """Run blocks in processes and threads that somebody has to end."""

    def close(self) -> None:
        """End every process and thread."""


class ProcessPool:
    """Run blocks in worker processes; outlive any of them.

    Workers of a `niceness` above 0 use what the machine's other work leaves of the cores.
    """

    def __init__(
        self,
        source: Source,
        workers: int,
        connections: int,
        *,
        stall_seconds: float = 45.0,
        niceness: int = 0,
    ) -> None:
        self.workers = workers
        self._source = source
        self._connections = connections
        self._stall_seconds = stall_seconds
        self._niceness = niceness
        self._clock: Clock = SystemClock()
        self._context = start_context(PRELOAD)
        # Raw, without a lock: a worker killed while it holds one would stop all others. At worst
        # a count is lost, and the count is for the eye, and for telling slow from hung.
        with allowed_to(SHARE_MEMORY):
            self._downloaded = RawValue("L", 0)
        self._deaths = 0
        self._culprits = 0
        self._has_worked = False
        # Guards `_is_closed` and `_executor`: who closes the pool may do so while another thread
        # runs tasks.
        self._lock = threading.RLock()
        self._is_closed = False
        self._executor = self._start()

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        """Return what became of each task; one that killed its worker comes back in parts."""
        self._downloaded.value = 0
        self._culprits = self._deaths = 0
        finished: list[Done] = []
        together = [_Attempt(task) for task in tasks]
        suspects: list[BlockTask] = []
        while together:
            failed = self._attempt(together, finished, progress)
            together = [attempt for attempt in failed if attempt.failures < _SUSPECT_AFTER]
            suspects += [x.task for x in failed if x.failures >= _SUSPECT_AFTER]
        while suspects:
            suspect = suspects.pop()
            failed = self._attempt([_Attempt(suspect)], finished, progress)
            if not failed:
                continue
            if not failed[0].failures:
                suspects.append(suspect)
            elif len(suspect.symbols) > 1:
                suspects += suspect.halves()
            else:
                finished.append((suspect, WorkerLost("its analysis ended the worker process")))
                self._convict()
        return finished

    def close(self) -> None:
        """End every worker; they hold nothing that would be lost. Tasks under way are lost."""
        with self._lock:
            self._is_closed = True
            self._end_workers()

    def _end_workers(self) -> None:
        self._starting.join(_PATIENCE)
        if self._starting.is_alive():
            # The forkserver still compiles kernels, and the executor's lock is held meanwhile.
            end_forkserver()
            self._starting.join(_PATIENCE)
        end_executor(self._executor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attempt(
        self,
        batch: Sequence[_Attempt],
        finished: list[Done],
        progress: Progress,
    ) -> list[_Attempt]:
        """Run a batch, add what ends to `finished`; return what a dead or hung worker cost."""
        futures = self._submit(batch)
        leases = [attempt.task.lease for attempt in futures.values()]
        try:
            for future in self._as_they_end(futures, progress):
                with contextlib.suppress(BrokenProcessPool, CancelledError):
                    finished += future.result()
                    del futures[future]
            was_ready = self._is_ready
            self._judge(died=bool(futures), learnt=len(futures) < len(leases))
        finally:
            for lease in leases:
                self._source.close_lease(lease)
        return [attempt.failed() if was_ready else attempt for attempt in futures.values()]

    def _convict(self) -> None:
        self._deaths = 0
        self._culprits += 1
        if self._culprits > _MOST_CULPRITS:
            raise WorkerLost(f"more than {_MOST_CULPRITS} symbols ended their worker process")

    def _judge(self, *, died: bool, learnt: bool) -> None:
        """Start afresh after a death; give up where nothing but deaths can be expected."""
        self._deaths = 0 if learnt else self._deaths + 1
        if self._deaths > _MOST_DEATHS:
            raise WorkerLost("worker processes die or hang again and again, whatever they do")
        if died and not self._has_worked and self._deaths >= _MOST_FALSE_STARTS:
            raise WorkerLost("worker processes end before they begin")
        if died:
            self._restart()

    def _submit(self, batch: Sequence[_Attempt]) -> dict[Future[list[Done]], _Attempt]:
        leased = [attempt.on_lease(self._lease_for(attempt.task)) for attempt in batch]
        try:
            return {self._executor.submit(scan_block, x.task): x for x in leased}
        except _CANNOT_START:
            # A worker died between two scans: nobody's fault that is submitted now.
            self._restart()
        try:
            return {self._executor.submit(scan_block, x.task): x for x in leased}
        except _CANNOT_START as error:
            raise WorkerLost(f"cannot start worker processes: {error}") from error

    def _lease_for(self, task: BlockTask) -> int:
        return self._source.open_lease(len(task.symbols), task.limit)

    def _as_they_end(
        self, futures: dict[Future[list[Done]], _Attempt], progress: Progress
    ) -> Sequence[Future[list[Done]]]:
        """Return the futures that ended: all of them, unless a worker died or hung."""
        pending = set(futures)
        last_sign = self._clock.monotonic()
        # What is cancelled when the pool is closed counts as pending for ever.
        while pending and not self._is_closed:
            seen = self._downloaded.value
            done, pending = wait(pending, _POLL_SECONDS, FIRST_COMPLETED)
            waits_for = self._source.grant_weight()
            progress(self._downloaded.value, waits_for)
            now = self._clock.monotonic()
            if done or waits_for or self._downloaded.value != seen:
                last_sign = now
            if self._is_closed or now - last_sign > self._patience():
                break
        return [future for future in futures if future not in pending]

    def _patience(self) -> float:
        """Return the seconds without any sign that mean a hung worker."""
        # Workers that start may compile the kernels, on a machine that is busy with other things.
        return self._stall_seconds if self._is_ready else max(self._stall_seconds, _START_SECONDS)

    def _start(self) -> ProcessPoolExecutor:
        self._is_ready = False
        with allowed_to(SHARE_MEMORY):
            executor = ProcessPoolExecutor(
                self.workers,
                mp_context=self._context,
                initializer=begin,
                initargs=(self._source, self._connections, self._downloaded, self._niceness),
            )
        # A thread, because the forkserver answers only once it has loaded the kernels. Whoever
        # submits in between waits at the executor's lock.
        self._starting = threading.Thread(target=self._start_workers, args=(executor,), daemon=True)
        self._starting.start()
        return executor

    def _start_workers(self, executor: ProcessPoolExecutor) -> None:
        with contextlib.suppress(*_CANNOT_START):  # whoever submits next will meet it, and mend it
            for _ in range(self.workers):
                executor.submit(ready).add_done_callback(self._note_readiness)

    def _note_readiness(self, ready: Future[None]) -> None:
        if not ready.cancelled() and ready.exception() is None:
            self._has_worked = self._is_ready = True

    def _restart(self) -> None:
        with self._lock:
            if self._is_closed:
                raise WorkerLost("the pool was closed")
            self._end_workers()
            self._executor = self._start()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A task, and how often a worker died or hung while it was under way."""

    task: BlockTask
    failures: int = field(default=0)

    def on_lease(self, lease: int) -> _Attempt:
        return replace(self, task=replace(self.task, lease=lease))

    def failed(self) -> _Attempt:
        return replace(self, failures=self.failures + 1)


def end_executor(executor: ProcessPoolExecutor) -> None:
    """End its processes, whatever they are doing."""
    # The executor forgets its processes at shutdown, and never ends one that hangs.
    started = executor._processes  # noqa: SLF001
    manager: threading.Thread | None = executor._executor_manager_thread  # type: ignore[assignment]  # noqa: SLF001
    executor.shutdown(wait=False, cancel_futures=True)
    # Only now: shutdown waits for a thread that is submitting, and that may just start a process.
    processes: list[BaseProcess] = list((started or {}).values())
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_PATIENCE / len(processes))
    for process in processes:
        if process.is_alive():
            process.kill()
            process.join(_PATIENCE)
    if manager is not None:
        # It gives the queues' semaphores back: leaving in the middle of that would be told on
        # stderr as a leak.
        manager.join(_PATIENCE)
