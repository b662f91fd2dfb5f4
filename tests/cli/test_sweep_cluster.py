"""`divbot sweep --scheduler`: the verdict of one machine, whoever works and whoever is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from divbot.cli import command_line, exit_code
from divbot.domain.market import Interval, Market
from divbot.history.parts import RowSource
from divbot.history.store import Store
from divbot.research.sweep import parcels
from divbot.research.sweep import run as core
from tests.history.made import HOUR, walked
from tests.research.sweep.cluster import LocalCluster, cache_of_its_own, local_cluster

pytest.importorskip("distributed")

PLAIN = (
    *("--set", "stop_atr=0.5,1", "--set", "reward_risk=1.5,2", "--set", "pivot_left=3,5"),
    *("--min-age", "0", "--limit", "330", "--sequential", "--no-portfolio"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = Store(tmp_path_factory.mktemp("shared"), Market.USDM)
    with found.locked():
        for number, symbol in enumerate(("AAAUSDT", "BBBUSDT", "CCCUSDT")):
            candles = walked(symbol, number, 6 * 260, price=20.0, move=0.02, step=4 * HOUR)
            found.write(symbol, Interval.H4, candles, RowSource("made"))
    return found.root


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DIVBOT_INTERVAL", "4h")
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)  # each unit goes by itself
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    with local_cluster(tmp_path, workers=0) as found:
        add_machine(found, tmp_path)
        yield found


def add_machine(cluster: LocalCluster, folder: Path) -> Path:
    """Let another machine with one worker join; return its cache."""
    cache = cache_of_its_own(folder / f"machine {len(cluster.workers)}")
    cluster.add_worker(XDG_CACHE_HOME=str(cache))
    return cache


def arguments(store: Path, *more: Any) -> list[str]:
    return [str(x) for x in ("sweep", "--data", store, *PLAIN, "--json", *more)]


def swept(capsys: pytest.CaptureFixture[str], store: Path, *more: Any) -> dict[str, Any]:
    command_line()(arguments(store, *more), prog_name="divbot", standalone_mode=False)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    document.pop("ledger")
    return document


def test_a_cluster_has_the_verdict_of_one_machine_even_if_it_is_lost_halfway(
    cluster: LocalCluster,
    home: Path,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = "--scheduler", cluster.address
    alone = swept(capsys, store)
    keep, kept = core._keep, []

    def keep_and_lose(path: Path, sums: Any) -> None:
        keep(path, sums)
        kept.append(path)
        if len(kept) == 2:
            cluster.scheduler.kill()
            cluster.scheduler.wait()

    assert swept(capsys, store, *at) == alone
    theirs = {path.name for path in (home / "machine 0").glob("divbot/past/*/*.npy")}
    assert theirs >= {path.name for path in (home / "cache").glob("divbot/past/*/????-??-*.npy")}

    monkeypatch.setattr(core, "_keep", keep_and_lose)
    code = exit_code(arguments(store, *at))
    told = capsys.readouterr().err.splitlines()[-1]
    assert code == 1
    assert told.startswith(f"divbot: the scheduler at {at[1]} is gone; what is done is kept")
    assert swept(capsys, store, "--resume") == alone


@pytest.mark.soak
def test_one_two_and_four_machines_have_the_same_verdict_and_those_that_are_left_of_four(
    cluster: LocalCluster,
    home: Path,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = "--scheduler", cluster.address
    found = [swept(capsys, store)]
    keep = core._keep

    def keep_and_lose(path: Path, sums: Any) -> None:
        keep(path, sums)
        cluster.workers[0].kill()

    for machines in (1, 2, 4):
        while len(cluster.workers) < machines:
            add_machine(cluster, home)
        found.append(swept(capsys, store, *at))
    monkeypatch.setattr(core, "_keep", keep_and_lose)
    found.append(swept(capsys, store, *at))

    assert cluster.workers[0].wait() != 0
    assert all(x == found[0] for x in found)


def test_where_a_worker_cannot_read_the_store_it_is_named_with_the_url(
    cluster: LocalCluster,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory is of one process: this one has a store there, and no worker has."""
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").put(str(store), "/bucket/", recursive=True)

    code = exit_code(arguments(f"memory://bucket/{store.name}", "--scheduler", cluster.address))  # type: ignore[arg-type]

    told = capsys.readouterr().err.splitlines()[-1]
    assert code == 2
    assert f"--data: memory://bucket/{store.name} cannot be read on " in told
    assert "expected a store with candles of usdm, found none (the worker at tcp://" in told


def test_candles_that_the_store_at_data_lacks_are_to_be_fetched_into_it(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = exit_code(arguments(store, "--set", "interval=1h"))

    told = capsys.readouterr().err.splitlines()[-1]
    assert code == 2
    assert "expected 1h candles to search on, found none; get some: divbot data download" in told
    assert told.endswith(f", into the store at {store}")
