"""The pool against workers that die, hang and raise."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from divbot.domain.errors import WorkerLost
from divbot.domain.market import Interval
from divbot.scanner.workforce.inline import InlinePool
from divbot.scanner.workforce.pool import ProcessPool
from divbot.scanner.workforce.task import BlockResult, BlockTask, Done
from tests.cli.commands import linux
from tests.scanner.fakes import TRADE, FakeMarketData, FakeSource, error_named, names


def task(*symbols: str) -> BlockTask:
    return BlockTask(symbols, Interval.M5, 1000, 5, TRADE)


def quiet(done: int, waits_for: str) -> None:
    pass


def outcome_by_symbol(done: list[Done]) -> dict[str, str]:
    return {symbol: error_named(outcome) for task, outcome in done for symbol in task.symbols}


def children() -> set[int]:
    """Return the processes below this one, by the kernel's own list."""
    found: set[int] = set()
    todo = [os.getpid()]
    while todo:
        for path in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            new = {int(pid) for pid in path.read_text().split()} - found
            found |= new
            todo += new
    return found


def test_blocks_run_in_other_processes() -> None:
    with ProcessPool(FakeSource(names(8)), workers=2, connections=2) as pool:
        done = pool.run([task(*names(8)[:4]), task(*names(8)[4:])], quiet)

    results = [outcome for _, outcome in done if isinstance(outcome, BlockResult)]
    assert len(results) == 2
    assert os.getpid() not in {result.worker for result in results}
    assert sorted(x.symbol for result in results for x in result.coverage) == list(names(8))


def test_progress_counts_every_symbol() -> None:
    seen: list[int] = []
    with ProcessPool(FakeSource(names(8)), workers=1, connections=2) as pool:
        pool.run([task(*names(8))], lambda done, waits_for: seen.append(done))

    assert seen == sorted(seen)
    assert seen[-1] == 8


def test_a_killed_a_hung_and_a_raising_symbol_cost_only_themselves() -> None:
    symbols = (*names(5), "KILLERUSDT", "HANGERUSDT", "RAISERUSDT")
    tasks = [task(*symbols[0::2]), task(*symbols[1::2])]

    with ProcessPool(FakeSource(symbols), workers=2, connections=2, stall_seconds=1.5) as pool:
        outcomes = outcome_by_symbol(pool.run(tasks, quiet))

    lost = {symbol for symbol, outcome in outcomes.items() if outcome != "result"}
    assert set(outcomes) == set(symbols)
    assert lost == {"KILLERUSDT", "HANGERUSDT", "RAISERUSDT"}
    assert {outcomes[symbol] for symbol in lost} == {"WorkerLost"}


def test_the_pool_goes_on_after_a_worker_died_between_two_scans() -> None:
    with ProcessPool(FakeSource(names(2)), workers=1, connections=1) as pool:
        first = pool.run([task("S000USDT")], quiet)
        assert isinstance(first[0][1], BlockResult)
        os.kill(first[0][1].worker, 9)

        second = pool.run([task("S001USDT")], quiet)

    assert outcome_by_symbol(second) == {"S001USDT": "result"}


def test_a_handful_of_killers_cost_only_themselves() -> None:
    symbols = (*names(20), *(f"KILLER{number}" for number in range(3)))

    with ProcessPool(FakeSource(symbols), workers=2, connections=1) as pool:
        outcomes = outcome_by_symbol(pool.run([task(*symbols)], quiet))

    assert {symbol for symbol, outcome in outcomes.items() if outcome != "result"} == {
        "KILLER0",
        "KILLER1",
        "KILLER2",
    }


def test_a_market_of_killers_is_not_worked_through_for_ever() -> None:
    symbols = tuple(f"KILLER{number}" for number in range(40))

    with (
        ProcessPool(FakeSource(symbols), workers=1, connections=1) as pool,
        pytest.raises(WorkerLost, match="more than 10 symbols"),
    ):
        pool.run([task(*symbols)], quiet)


@linux
def test_closing_leaves_no_worker_behind() -> None:
    pool = ProcessPool(FakeSource(names(2)), workers=2, connections=1)
    done = pool.run([task("S000USDT"), task("S001USDT")], quiet)
    workers = {outcome.worker for _, outcome in done if isinstance(outcome, BlockResult)}

    pool.close()

    assert workers
    assert not workers & children()


@dataclass(frozen=True)
class DoomedSource(FakeSource):
    """End the first so many workers before they are ready."""

    lives: Path = Path()
    """A folder with a file for each worker that is still to end."""

    def open(self, connections: int) -> FakeMarketData:
        for life in self.lives.iterdir():
            life.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(connections)


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_worker_killed_before_any_is_ready_costs_nothing(tmp_path: Path, deaths: int) -> None:
    for number in range(deaths):
        (tmp_path / str(number)).touch()

    with ProcessPool(DoomedSource(names(3), lives=tmp_path), workers=1, connections=1) as pool:
        outcomes = outcome_by_symbol(pool.run([task(*names(3))], quiet))

    assert outcomes == dict.fromkeys(names(3), "result")


def test_workers_that_never_get_ready_are_given_up(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / str(number)).touch()
    source = DoomedSource(names(3), lives=tmp_path)

    with (
        ProcessPool(source, workers=1, connections=1) as pool,
        pytest.raises(WorkerLost, match="end before they begin"),
    ):
        pool.run([task(*names(3))], quiet)

    assert len(list(tmp_path.iterdir())) >= 5


class StuckSource(FakeSource):
    """Keep a worker from ever being ready."""

    def open(self, connections: int) -> FakeMarketData:
        threading.Event().wait()
        raise AssertionError


def test_closing_ends_a_worker_that_is_only_just_being_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spawn, shutdown = ProcessPoolExecutor._spawn_process, ProcessPoolExecutor.shutdown  # type: ignore[attr-defined]
    is_closing = threading.Event()

    def spawn_late(executor: ProcessPoolExecutor) -> None:
        is_closing.wait()
        spawn(executor)

    def shut_down(executor: ProcessPoolExecutor, **how: bool) -> None:
        is_closing.set()
        shutdown(executor, **how)

    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", spawn_late)
    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", shut_down)
    monkeypatch.setattr("divbot.scanner.workforce.pool.end_forkserver", lambda: None)
    before = set(multiprocessing.active_children())

    ProcessPool(StuckSource(names(1)), workers=1, connections=1).close()

    left = set(multiprocessing.active_children()) - before
    for process in left:
        process.kill()
    assert not left


@linux
def test_workers_are_never_forked_from_a_process_with_threads() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with ProcessPool(FakeSource(names(1)), workers=1, connections=1) as pool:
        done = pool.run([task("S000USDT")], quiet)
        assert isinstance(done[0][1], BlockResult)
        parent = int(Path(f"/proc/{done[0][1].worker}/stat").read_text().split()[3])
        threads = len(list(Path(f"/proc/{parent}/task").iterdir()))
    stop.set()
    thread.join()

    assert parent != os.getpid()
    assert parent in children()
    assert threads == 1
    assert multiprocessing.get_start_method(allow_none=True) in (None, "fork")


def test_inline_does_the_same_in_this_process() -> None:
    pool = InlinePool(FakeSource(()), connections=2)
    seen: list[int] = []

    done = pool.run(
        [task("S000USDT", "RAISERUSDT", "S001USDT"), task("DELISTEDUSDT")],
        lambda done, _: seen.append(done),
    )

    pool.close()
    assert outcome_by_symbol(done) == {
        "S000USDT": "result",
        "RAISERUSDT": "WorkerLost",
        "S001USDT": "result",
        "DELISTEDUSDT": "result",
    }
    assert seen[-1] >= 4
