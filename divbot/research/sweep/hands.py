"""Who does the work: this process, processes of this machine, or a Dask cluster.

One port: calls go in, results come out as they are done, each with its number. A worker that dies
costs what it was doing, which is done again; what ends its workers again and again is named.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any, Protocol, TypeAlias

from divbot.domain.errors import WorkerLost
from divbot.processes import PRELOAD, obey_parent, start_context

DoneCases = Iterator[tuple[int, Any]]
"""The numbers of cases with what came of them, as they are done."""

_Case: TypeAlias = tuple[int, tuple[Any, ...]]

AHEAD = 2
"""Calls that each worker has at hand: the next one is there when one is done."""
_TRIES = 2
"""How often a case may end a worker that does nothing else."""


class Hands(Protocol):
    """Whoever calls functions for others."""

    @property
    def workers(self) -> int:
        """Return how many calls are under way at once."""

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        """Call `call` with each of `cases`; yield what is done, in whatever order.

        A case is taken when somebody is free for it, and what was done before may decide on it.
        Raise WorkerLost where a case ends its workers, or nobody is left to work.
        """


def in_order(
    hands: Hands, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]
) -> Iterable[Any]:
    """Return the results in the order of `cases`."""
    found = dict(hands.done(call, cases))
    return [found[number] for number in range(len(found))]


class OwnHands:
    """Nobody but the process itself, which does one after the other."""

    workers = 1

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        """Call, and yield at once."""
        for number, case in enumerate(cases):
            yield number, call(*case)


class PoolHands:
    """Worker processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor = self._started()

    @classmethod
    @contextmanager
    def started(cls, workers: int) -> Iterator[PoolHands]:
        """Provide so many worker processes, and end them."""
        hands = cls(workers)
        try:
            yield hands
        finally:
            hands._executor.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> Executor:
        context = start_context(PRELOAD)
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=obey_parent)

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        """Hand out a few cases more than there are workers.

        A worker that dies takes the others with it. What was under way is done again, each case
        alone, so that the one that is to blame is known.
        """
        waiting, suspects = enumerate(cases), deque[_Case]()
        ended_workers = Counter[int]()
        while True:
            is_alone = bool(suspects)
            lost: list[_Case] = []
            if is_alone:
                yield from self._drain(call, _emptied(suspects), 1, lost)
            else:
                yield from self._drain(call, waiting, AHEAD * self.workers, lost)
                if not lost:
                    return
            if not lost:
                continue
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._started()
            for number, case in lost:
                ended_workers[number] += is_alone
                if ended_workers[number] >= _TRIES:
                    raise _to_blame(case)
            suspects.extend(lost)

    def _drain(
        self, call: Callable[..., Any], queue: Iterator[_Case], at_once: int, lost: list[_Case]
    ) -> DoneCases:
        """Do what is in the queue, until it is empty or workers are `lost` with their cases."""
        running: dict[Future[Any], _Case] = {}
        while not lost:
            for case in islice(queue, at_once - len(running)):
                try:
                    running[self._executor.submit(call, *case[1])] = case
                except BrokenProcessPool:
                    lost.append(case)
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                case = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.append(case)
                else:
                    yield case[0], result
        lost.extend(running.values())


def _emptied(queue: deque[_Case]) -> Iterator[_Case]:
    """Yield what is in the queue, and take it out."""
    while queue:
        yield queue.popleft()


class FutureHands:
    """Whatever offers futures, minds its own workers, and may be gone."""

    def __init__(
        self,
        executor: Executor,
        workers: int,
        *,
        is_there: Callable[[], bool],
        count: Callable[[], int],
        ends_workers: tuple[type[Exception], ...],
        name: str,
    ) -> None:
        """`count` tells how many workers there are now.

        `ends_workers` are raised where a case ended its workers again and again.
        """
        self._executor = executor
        self.workers = workers
        self._is_there = is_there
        self._count = count
        self._ends_workers = ends_workers
        self._name = name

    def done(self, call: Callable[..., Any], cases: Iterable[tuple[Any, ...]]) -> DoneCases:
        """Hand out a few cases more than there are workers.

        What was beside a case that ends workers is told from it at the end, each alone.
        """
        suspects: list[_Case] = []
        yield from self._drain(call, enumerate(cases), AHEAD * self.workers, suspects)
        for case in suspects:
            guilty: list[_Case] = []
            yield from self._drain(call, iter((case,)), 1, guilty)
            if guilty:
                raise _to_blame(case[1])

    def _drain(
        self, call: Callable[..., Any], queue: Iterator[_Case], at_once: int, lost: list[_Case]
    ) -> DoneCases:
        """Do what is in the queue; `lost` gets what ended workers, and what was beside that."""
        running: dict[Future[Any], _Case] = {}
        nobody_for = 0.0
        try:
            while True:
                for case in islice(queue, at_once - len(running)):
                    with self._missed():
                        running[self._executor.submit(call, *case[1])] = case
                if not running:
                    return
                found = wait(running, timeout=_PATIENCE, return_when=FIRST_COMPLETED).done
                if not found and not self._is_there():
                    raise self._gone()
                nobody_for = 0.0 if found or self._are_there() else nobody_for + _PATIENCE
                if nobody_for >= _WORKERS_PATIENCE:
                    raise self._gone("has no workers any more")
                for future in found:
                    case = running.pop(future)
                    try:
                        with self._missed():
                            result = future.result()
                    except self._ends_workers:
                        lost.append(case)
                    else:
                        yield case[0], result
        finally:
            for future in running:
                future.cancel()

    def _are_there(self) -> bool:
        """Tell whether there are workers; why nobody answers that is seen at the next look."""
        try:
            return self._count() > 0
        except Exception:  # each version of a client has its own
            return False

    @contextmanager
    def _missed(self) -> Iterator[None]:
        """Say so where nobody is there any more: what is raised then, each version has its own."""
        try:
            yield
        except Exception as error:
            if isinstance(error, CancelledError) or not self._is_there():
                raise self._gone() from error
            raise

    def _gone(self, what: str = "is gone") -> WorkerLost:
        return WorkerLost(
            f"{self._name} {what}; what is done is kept, and the same command goes on from there"
        )


_PATIENCE = 1.0
"""Seconds after which one looks whether anybody is there."""
_WORKERS_PATIENCE = 60.0
"""Seconds in which workers may come back."""


def _to_blame(case: tuple[Any, ...]) -> WorkerLost:
    told = " ".join(str(x) for x in case)
    return WorkerLost(f"this ended its worker again and again; is memory short? {told}")
