"""A Dask cluster as hands: its scheduler is named, its workers run the same divbot."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from divbot.domain.errors import InputError, WorkerLost
from divbot.domain.hosts import without_secrets
from divbot.extras import DISTRIBUTED, how_to_install
from divbot.research.sweep.hands import FutureHands
from divbot.research.sweep.run import code_hash

_TIMEOUT = 10
"""Seconds to find the scheduler, and a worker of it."""


class ReadByWorkers(Protocol):
    """What workers must be able to read; it is sent to them."""

    def check(self) -> None:
        """Raise InputError where it cannot be read."""


@contextmanager
def cluster_hands(address: str, shared: ReadByWorkers | None = None) -> Iterator[FutureHands]:
    """Provide the workers of the scheduler at `address`, such as tcp://HOST:8786.

    Raise InputError where there is no such scheduler, it or a worker has other versions than this
    machine, or a worker cannot read what is `shared`.
    """
    shown = without_secrets(address)
    try:
        # Its functions have no types.
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise InputError(
            f"for a cluster, distributed is needed: {how_to_install(DISTRIBUTED)}"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: they are looked at below
            client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
        # Whatever it writes of a scheduler that is gone is said by divbot, once.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"--scheduler: expected a Dask scheduler at {shown} with which distributed "
            f"{distributed.__version__} can talk, found none; start one of this version there with "
            "`dask scheduler`"
        ) from error
    try:
        try:
            check_versions(client, shown)
            threads = checked_threads(client, shown)
            if shared is not None:
                check_shared(client, shared)
        except OSError as error:
            raise WorkerLost(f"the scheduler at {shown} is gone") from error
        yield FutureHands(
            client.get_executor(pure=False),
            threads,
            is_there=lambda: client.status == "running",
            count=lambda: len(client.nthreads()),
            ends_workers=(distributed.KilledWorker,),
            name=f"the scheduler at {shown}",
        )
    finally:
        client.close(timeout=1)


def check_versions(client: Any, address: str) -> None:
    """Raise InputError where scheduler or workers have another Python or Dask than this machine."""
    found = client.get_versions()
    own = _told(found["client"])
    others = {f"the scheduler at {address}": found["scheduler"]} | {
        f"the worker at {name}": about for name, about in sorted(found["workers"].items())
    }
    for who, about in others.items():
        if _told(about) != own:
            raise InputError(
                f"{who} runs {_told(about)}, this machine {own}; install the same versions there"
            )


def _told(about: Mapping[str, Any]) -> str:
    packages = about["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return f"Python {python} and distributed {packages['distributed']}"


def checked_threads(client: Any, address: str) -> int:
    """Return how many threads there are, of workers that run this very divbot."""
    try:
        client.wait_for_workers(1, timeout=_TIMEOUT)
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"the scheduler at {address} has no workers; start some with `dask worker {address}`"
        ) from error
    for worker, told in _asked(client, code_hash):
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


def check_shared(client: Any, shared: ReadByWorkers) -> None:
    """Raise InputError where a worker cannot read what all of them need."""
    for worker, told in _asked(client, shared.check):
        if isinstance(told, BaseException):
            raise InputError(f"{told} (the worker at {worker})")


def _asked(client: Any, call: Callable[[], object]) -> list[tuple[str, object]]:
    """Return what the call gives, or raises, on each worker."""
    found: Mapping[str, object] = client.run(call, on_error="return")
    return sorted(found.items())
