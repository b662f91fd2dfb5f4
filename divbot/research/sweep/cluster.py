"""A Dask cluster as hands: its scheduler is named, its workers run the same divbot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from divbot.domain.errors import InputError, WorkerLost
from divbot.extras import DISTRIBUTED, how_to_install
from divbot.research.sweep.hands import FutureHands
from divbot.research.sweep.run import code_hash

_TIMEOUT = 10
"""Seconds to find the scheduler, and a worker of it."""
_AHEAD = 2
"""Cases that each thread of a worker has at hand."""


@contextmanager
def cluster_hands(address: str) -> Iterator[FutureHands]:
    """Provide the workers of the scheduler at `address`, such as tcp://HOST:8786.

    Raise InputError where there is no such scheduler, or a worker has another divbot or none.
    """
    try:
        # Its functions have no types.
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise InputError(
            f"for a cluster, distributed is needed: {how_to_install(DISTRIBUTED)}"
        ) from error
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"--scheduler: expected a Dask scheduler of a fitting version at {address}, found none"
        ) from error
    try:
        threads = checked_threads(client, address)
        yield FutureHands(
            client.get_executor(pure=False),
            _AHEAD * threads,
            is_there=lambda: client.status == "running",
            ends_workers=(distributed.KilledWorker,),
            name=f"the scheduler at {address}",
        )
    finally:
        client.close(timeout=1)


def checked_threads(client: Any, address: str) -> int:
    """Return how many threads there are, of workers that run this very divbot."""
    try:
        client.wait_for_workers(1, timeout=_TIMEOUT)
        found = client.run(code_hash, on_error="return")
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"the scheduler at {address} has no workers; start some with `dask worker {address}`"
        ) from error
    for worker, told in sorted(found.items()):
        if isinstance(told, BaseException):
            raise InputError(
                f"the worker at {worker} cannot run divbot ({type(told).__name__}: {told}); "
                "install the same version there"
            )
        if told != code_hash():
            raise InputError(
                f"the worker at {worker} runs another divbot than this machine; install the same "
                "version there"
            )
    threads: int = sum(client.nthreads().values())
    if not threads:
        raise WorkerLost(f"the workers of {address} have gone")
    return threads
