"""A search on a Dask cluster: a real scheduler and workers, as processes on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from divbot.domain.errors import InputError, WorkerLost
from divbot.research.sweep.cluster import check_versions, checked_threads, cluster_hands
from divbot.research.sweep.hands import OwnHands, in_order
from divbot.research.sweep.run import search
from tests.research.sweep.cluster import LocalCluster, local_cluster
from tests.research.sweep.labour import doubled, ends_its_worker, ends_its_worker_once
from tests.research.sweep.markets import FIRST, rules, variants, walks

pytest.importorskip("distributed")

CASES = [(number,) for number in range(6)]
DOUBLED = [0, 2, 4, 6, 8, 10]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    with local_cluster(tmp_path, workers=2) as found:
        yield found


def test_a_cluster_finds_what_one_process_finds_whoever_dies(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    history, days = walks(), range(FIRST + 25, FIRST + 115)
    own = search(history, variants(), days, rules(), cache=tmp_path / "own", hands=OwnHands())

    with cluster_hands(cluster.address) as hands:
        found = search(history, variants(), days, rules(), cache=tmp_path / "c", hands=hands)
        flag = tmp_path / "ended"
        after = in_order(hands, ends_its_worker_once, [(x, flag) for (x,) in CASES])

    assert (found.results.net_r == own.results.net_r).all()
    assert (found.results.trades == own.results.trades).all()
    assert flag.exists()
    assert after == DOUBLED


def test_what_ends_workers_is_named_and_those_that_are_gone_are_missed(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("divbot.research.sweep.hands._WORKERS_PATIENCE", 1.0)
    for _ in range(2):
        cluster.add_worker()  # one that ends its worker ends two, and two more alone
    with cluster_hands(cluster.address) as hands:
        with pytest.raises(WorkerLost, match=r"again and again; is memory short\? 3$"):
            in_order(hands, ends_its_worker, CASES)
        with pytest.raises(WorkerLost, match=r"the scheduler at tcp.* has no workers any more; "):
            in_order(hands, doubled, CASES)

        cluster.scheduler.kill()
        with pytest.raises(WorkerLost, match=r"the scheduler at tcp.* is gone"):
            in_order(hands, doubled, CASES)


def test_where_no_scheduler_is_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("divbot.research.sweep.cluster._TIMEOUT", 0.5)
    with (
        pytest.raises(InputError, match="expected a Dask scheduler"),
        cluster_hands("tcp://127.0.0.1:9"),
    ):
        pass


class CheckedClient:
    """Of a client what is asked before anything is done."""

    def __init__(self, told: object) -> None:
        self._told = told

    def wait_for_workers(self, count: int, timeout: float) -> None:
        if self._told is None:
            raise TimeoutError

    def run(self, call: object, on_error: str) -> dict[str, object]:
        return {"tcp://10.0.0.2:4000": self._told}


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param(None, r"has no workers; start some with `dask worker tcp://s`", id="none"),
        pytest.param("abc", r"tcp://10.0.0.2:4000 runs another divbot", id="another version"),
        pytest.param(
            ModuleNotFoundError("No module named 'divbot'"),
            r"cannot run divbot \(ModuleNotFoundError: No module named 'divbot'\)",
            id="no divbot",
        ),
    ],
)
def test_workers_that_cannot_do_it_are_told_in_one_line(told: object, line: str) -> None:
    with pytest.raises(InputError, match=line):
        checked_threads(CheckedClient(told), "tcp://s")


class VersionsClient:
    """A client that was told of these versions of distributed."""

    def __init__(self, scheduler: str, worker: str) -> None:
        self._scheduler, self._worker = scheduler, worker

    def get_versions(self) -> dict[str, Any]:
        return {
            "client": versions("2026.8.0"),
            "scheduler": versions(self._scheduler),
            "workers": {"tcp://10.0.0.2:4000": versions(self._worker)},
        }


def versions(distributed: str, python: str = "3.11.7.final.0") -> dict[str, Any]:
    return {"packages": {"python": python, "distributed": distributed}}


@pytest.mark.parametrize(
    ("scheduler", "worker", "line"),
    [
        pytest.param("2024.8.0", "2026.8.0", "^the scheduler at tcp://s runs", id="scheduler"),
        pytest.param(
            "2026.8.0", "2024.8.0", "^the worker at tcp://10.0.0.2:4000 runs", id="worker"
        ),
    ],
)
def test_other_versions_are_told_in_one_line(scheduler: str, worker: str, line: str) -> None:
    with pytest.raises(InputError, match=line) as raised:
        check_versions(VersionsClient(scheduler, worker), "tcp://s")

    assert str(raised.value).endswith(
        " runs Python 3.11 and distributed 2024.8.0, this machine Python 3.11 and distributed "
        "2026.8.0; install the same versions there"
    )
