"""A Dask cluster of this machine: a scheduler and its workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from divbot import kernels
from divbot.kernels.place import place_of

PROJECT = Path(__file__).parents[3]
_ENVIRONMENT = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__WORKER__DAEMON": "True",
    "DASK_TEMPORARY_DIRECTORY": "",
    "PYTHONPATH": str(PROJECT),
}


def cache_of_its_own(folder: Path) -> Path:
    """Return a cache folder in which nothing is but compiled code: as on another machine."""
    own = folder / "divbot"
    own.mkdir(parents=True, mode=0o700)
    for path in place_of(Path(kernels.__file__).parent).folder.parent.iterdir():
        if path.name.startswith("kernels-"):
            (own / path.name).symlink_to(path)
    return folder


class LocalCluster:
    """A scheduler with workers, by their processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--no-dashboard", "--no-show")
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, *, has_nanny: bool = False, **environment: str) -> None:
        nanny = "--nanny" if has_nanny else "--no-nanny"
        options = ("--nthreads", "1", nanny, "--no-dashboard", "--memory-limit", "0")
        self.workers.append(self._start("dask_worker", *options, **environment))

    @property
    def address(self) -> str:
        while not (self._file.exists() and self._file.read_text()):
            assert self.scheduler.poll() is None
            time.sleep(0.02)
        return str(json.loads(self._file.read_text())["address"])

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, program: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        if program == "dask_worker":
            options = (self.address, *options, "--local-directory", str(self._folder))
        else:
            options = (*options, "--host", "127.0.0.1", "--scheduler-file", str(self._file))
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *options],
            cwd=PROJECT,
            env=os.environ
            | _ENVIRONMENT
            | {"DASK_TEMPORARY_DIRECTORY": str(self._folder)}
            | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def local_cluster(folder: Path, workers: int) -> Iterator[LocalCluster]:
    cluster = LocalCluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.end()
