"""Signs of worlds: the same for everybody, and fair."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.evaluation.signs import signs_of


def test_the_same_seed_gives_the_same_worlds_for_ever() -> None:
    first = signs_of(34, seed=1).values[0]

    assert (
        "".join("+" if sign > 0 else "-" for sign in first) == "-----------++-++++-+++-++----++---"
    )


def test_seeds_differ() -> None:
    assert (signs_of(34, seed=1).values != signs_of(34, seed=2).values).any()


def test_signs_are_fair_and_runs_independent() -> None:
    signs = signs_of(34).values.astype(float)

    together = signs.T @ signs / len(signs)

    assert signs.shape == (9_999, 34)
    assert np.abs(signs.mean(axis=0)).max() < 0.05
    assert np.abs(together - np.eye(34)).max() < 0.05


@pytest.mark.parametrize(
    ("runs", "worlds", "exact"), [(4, 16, True), (13, 8192, True), (14, 9_999, False)]
)
def test_few_runs_have_so_few_worlds_that_all_are_looked_at(
    runs: int, worlds: int, *, exact: bool
) -> None:
    signs = signs_of(runs)

    assert signs.values.shape == (worlds, runs)
    assert signs.exact is exact
    assert not exact or len(np.unique(signs.values, axis=0)) == worlds
