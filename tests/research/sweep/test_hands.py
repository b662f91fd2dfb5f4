"""Who does the work, and what happens where a worker ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from divbot.domain.errors import WorkerLost
from divbot.research.sweep.hands import Hands, OwnHands, PoolHands, in_order
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
