"""Who does the work, and what happens where a worker ends."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from divbot.domain.errors import WorkerLost
from divbot.research.sweep.hands import FutureHands, Hands, OwnHands, PoolHands, in_order
from tests.research.sweep.labour import doubled, ends_its_worker, ends_its_worker_once

CASES = [(number,) for number in range(6)]
DOUBLED = [0, 2, 4, 6, 8, 10]


@pytest.fixture(scope="module")
def pool() -> Iterator[PoolHands]:
    with PoolHands.started(2) as hands:
        yield hands


@pytest.mark.parametrize("whose", ["own", "pool"])
def test_results_come_in_the_order_of_their_cases(whose: str, pool: PoolHands) -> None:
    hands: Hands = OwnHands() if whose == "own" else pool

    assert in_order(hands, doubled, CASES) == DOUBLED


def test_a_worker_that_dies_costs_what_it_was_doing(pool: PoolHands, tmp_path: Path) -> None:
    flag = tmp_path / "ended"

    found = in_order(pool, ends_its_worker_once, [(x, flag) for (x,) in CASES])

    assert flag.exists()
    assert found == DOUBLED


def test_what_ends_its_workers_again_and_again_is_named(pool: PoolHands) -> None:
    with pytest.raises(WorkerLost, match=r"again and again; is memory short\? 3$"):
        in_order(pool, ends_its_worker, CASES)

    assert in_order(pool, doubled, CASES) == DOUBLED


class Offering(Executor):
    """An executor whose client is closed, or whose work goes wrong."""

    def __init__(self, *, takes_calls: bool) -> None:
        self._takes_calls = takes_calls

    def submit(self, call: Any, *arguments: Any, **_: Any) -> Future[Any]:
        if not self._takes_calls:
            raise RuntimeError("closed")
        future: Future[Any] = Future()
        future.set_exception(RuntimeError("wrong"))
        return future


class Killed(Exception):
    """Raised for whatever was on a worker that ended too often."""


class Crowded(Executor):
    """Work of which case 3 ends its workers, and cases 2 and 4 are beside it at first."""

    def __init__(self, *guilty: int) -> None:
        self._guilty = guilty
        self._beside = {2, 3, 4}

    def submit(self, call: Any, *arguments: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        (number,) = arguments
        if number in self._guilty or number in self._beside:
            self._beside.discard(number)
            future.set_exception(Killed())
        else:
            future.set_result(call(number))
        return future


def crowded(*guilty: int) -> FutureHands:
    return FutureHands(
        Crowded(*guilty),
        2,
        is_there=lambda: True,
        count=lambda: 2,
        ends_workers=(Killed,),
        name="the scheduler",
    )


def test_what_was_beside_a_case_that_ends_workers_is_not_to_blame() -> None:
    found: list[int] = []
    with pytest.raises(WorkerLost, match=r"again and again; is memory short\? 3$"):
        found.extend(number for number, _ in crowded(3).done(doubled, CASES))

    assert set(found) >= {0, 1, 5}
    assert in_order(crowded(), doubled, CASES) == DOUBLED


@pytest.mark.parametrize("takes_calls", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_whatever_is_raised_once_nobody_is_there_says_that_they_are_gone(
    takes_calls: bool, is_there: bool
) -> None:
    hands = FutureHands(
        Offering(takes_calls=takes_calls),
        1,
        is_there=lambda: is_there,
        count=lambda: 1,
        ends_workers=(),
        name="the scheduler",
    )

    with pytest.raises(Exception) as raised:  # noqa: PT011
        in_order(hands, doubled, CASES)

    told = "the scheduler is gone; what is done is kept, and the same command goes on from there"
    own = "wrong" if takes_calls else "closed"
    assert str(raised.value) == (own if is_there else told)
    assert isinstance(raised.value, RuntimeError if is_there else WorkerLost)
