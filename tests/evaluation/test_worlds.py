"""How often the procedure is wrong, and how often it finds what is there, in worlds we made.

At full size (`pytest -m soak tests/evaluation`) these are the acceptance tests of the procedure;
docs/evaluation.md has their figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from divbot.arrays import Floats
from divbot.evaluation.development import search
from divbot.evaluation.finding import Finding
from divbot.evaluation.judgement import judge
from tests.evaluation.stories import YEAR
from tests.evaluation.worlds import losers, nothing, plateau, world

Sharpes = Callable[[np.random.Generator, int], Floats]


def outcomes(
    sharpes: Sharpes, searches: int, *, settings: int, draws: int, **shape: object
) -> Counter[str]:
    """Count the findings of many searches, and the claims that are false; print them."""
    counted: Counter[str] = Counter()
    for number in range(searches):
        rng = np.random.default_rng([number, 7])
        made = world(rng, sharpes(rng, settings), **shape)
        verdict = judge(search(made.results, YEAR, seed=number, draws=draws), made.results)
        counted[verdict.finding] += 1
        claimed = verdict.finding is Finding.EDGE_CONFIRMED
        counted["false"] += claimed and not made.is_true(verdict.search.winner.setting)
    print({name: f"{100 * count / searches:.1f} %" for name, count in sorted(counted.items())})
    return counted


SMALL = {"settings": 80, "draws": 999}
FULL = {"settings": 500, "draws": 9_999}
SIZES = [
    pytest.param((40, SMALL, 4), id="40"),
    pytest.param((1_000, FULL, 65), id="1000", marks=pytest.mark.soak),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({}, id="no edge"),
        pytest.param({"shape": "skewed"}, id="skewed"),
        pytest.param({"shape": "rare"}, id="rare"),
        pytest.param({"yesterday": 0.4}, id="days hang together"),
        pytest.param({"shape": "crashes"}, id="crashes"),
    ],
)
def test_where_there_is_nothing_it_is_wrong_in_one_of_twenty_at_most(
    shape: dict[str, object], size: tuple[int, dict[str, int], int]
) -> None:
    searches, scale, most = size

    counted = outcomes(nothing, searches, **scale, **shape)

    assert counted["false"] <= most


@pytest.mark.parametrize(
    ("searches", "scale", "most"),
    [
        pytest.param(30, SMALL, 0, id="30"),
        pytest.param(300, FULL, 2, id="300", marks=pytest.mark.soak),
    ],
)
def test_where_all_lose_nothing_is_claimed(searches: int, scale: dict[str, int], most: int) -> None:
    assert outcomes(losers, searches, **scale)["false"] <= most


@pytest.mark.parametrize(
    ("height", "searches", "scale", "least"),
    [
        pytest.param(6, 30, SMALL, 22, id="SR 6, 30"),
        pytest.param(1, 300, FULL, 3, id="SR 1, 300", marks=pytest.mark.soak),
        pytest.param(2, 300, FULL, 30, id="SR 2, 300", marks=pytest.mark.soak),
        pytest.param(3, 300, FULL, 105, id="SR 3, 300", marks=pytest.mark.soak),
        pytest.param(4, 300, FULL, 180, id="SR 4, 300", marks=pytest.mark.soak),
        pytest.param(6, 300, FULL, 255, id="SR 6, 300", marks=pytest.mark.soak),
    ],
)
def test_a_plateau_among_losers_is_found(
    height: float, searches: int, scale: dict[str, int], least: int
) -> None:
    counted = outcomes(partial(plateau, height=height), searches, **scale)

    assert counted[Finding.EDGE_CONFIRMED] - counted["false"] >= least
    assert counted["false"] <= searches // 50


@pytest.mark.parametrize(
    ("worst", "best", "searches", "scale", "share"),
    [
        pytest.param(-20, -8, 30, SMALL, (0.8, 1.0), id="-8 to -20, 30"),
        pytest.param(-12, -4, 300, FULL, (0.4, 0.7), id="-4 to -12, 300", marks=pytest.mark.soak),
        pytest.param(-15, -6, 300, FULL, (0.8, 1.0), id="-6 to -15, 300", marks=pytest.mark.soak),
        pytest.param(-20, -8, 300, FULL, (0.9, 1.0), id="-8 to -20, 300", marks=pytest.mark.soak),
    ],
)
def test_where_all_lose_clearly_it_is_said(
    worst: float,
    best: float,
    searches: int,
    scale: dict[str, int],
    share: tuple[float, float],
) -> None:
    counted = outcomes(partial(losers, worst=worst, best=best), searches, **scale)

    assert share[0] <= counted[Finding.EVERY_SETTING_LOSES] / searches <= share[1]


@pytest.mark.parametrize(
    ("searches", "scale"),
    [
        pytest.param(30, SMALL, id="30"),
        pytest.param(300, FULL, id="300", marks=pytest.mark.soak),
    ],
)
def test_it_is_not_said_of_all_where_one_family_does_not_lose(
    searches: int, scale: dict[str, int]
) -> None:
    counted = outcomes(partial(losers, worst=-20, best=-8, idle=True), searches, **scale)

    assert counted[Finding.EVERY_SETTING_LOSES] <= searches // 50
