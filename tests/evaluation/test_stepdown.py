"""All settings against luck: laws that hold whatever the settings are."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.evaluation import stepdown
from divbot.evaluation.signs import signs_of
from divbot.evaluation.stepdown import step_down

SIGNS = signs_of(20, draws=999, seed=5)
seeds = st.integers(0, 10_000)


def sums_of(seed: int, settings: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(0.1, 1, (settings, 20)) + rng.normal(0, 0.5, 20), 1)


@given(seeds, st.permutations(range(12)))
def test_p_values_follow_their_settings(seed: int, order: list[int]) -> None:
    sums = sums_of(seed)

    there, here = step_down(sums, SIGNS), step_down(sums[order], SIGNS)

    assert here.p.tolist() == there.p[order].tolist()
    assert here.t.tolist() == there.t[order].tolist()
    assert here.best == pytest.approx(there.best)


@given(seeds)
def test_copies_cost_nothing(seed: int) -> None:
    sums = sums_of(seed)

    found = step_down(np.concatenate([sums, sums, sums[:3]]), SIGNS)

    alone = step_down(sums, SIGNS).p
    assert found.p.tolist() == [*alone, *alone, *alone[:3]]


@given(seeds, st.integers(-8, 8))
def test_a_larger_risk_is_no_better_setting(seed: int, power: int) -> None:
    sums = sums_of(seed)
    scaled = sums * 2.0 ** (power * np.arange(len(sums)))[:, None]

    assert step_down(scaled, SIGNS).p.tolist() == step_down(sums, SIGNS).p.tolist()


@given(seeds)
def test_a_better_setting_never_has_a_larger_p(seed: int) -> None:
    found = step_down(sums_of(seed), SIGNS)

    by_rank = found.p[np.argsort(-found.t)]

    assert (np.diff(by_rank) >= 0).all()
    assert by_rank[0] == pytest.approx((1 + (found.best >= found.t.max() - 1e-9).sum()) / 1000)


@given(seeds)
def test_more_settings_never_make_one_likelier(seed: int) -> None:
    sums = sums_of(seed)

    alone = step_down(sums[:6], SIGNS).p

    assert (step_down(sums, SIGNS).p[:6] >= alone).all()


def test_the_hopeless_are_left_out() -> None:
    sums = sums_of(1)
    sums[4:] -= 5

    found = step_down(sums, SIGNS, hopeless=-1.8)

    assert found.p[:4].tolist() == step_down(sums[:4], SIGNS).p.tolist()
    assert found.p[4:].tolist() == [1.0] * 8


def test_where_all_are_hopeless_luck_is_not_asked() -> None:
    found = step_down(sums_of(1) - 5, SIGNS, hopeless=-1.8)

    assert found.p.tolist() == [1.0] * 12
    assert len(found.best) == 0


def test_a_setting_that_always_earns_the_same_is_as_good_as_can_be() -> None:
    found = step_down(np.ones((1, 20)), SIGNS)

    assert found.t.tolist() == [np.inf]
    assert found.p.tolist() == [0.001]


def test_worlds_looked_at_in_parts_are_the_same_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = sums_of(2)
    whole = step_down(sums, SIGNS)
    monkeypatch.setattr(stepdown, "_CELLS", 100)

    parts = step_down(sums, SIGNS)

    assert parts.p.tolist() == whole.p.tolist()
    assert parts.best == pytest.approx(whole.best)


def test_ten_thousand_settings_fit_into_little_memory() -> None:
    sums = np.random.default_rng(0).normal(size=(10_000, 34))
    signs = signs_of(34, draws=999)
    tracemalloc.start()

    step_down(sums, signs)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64e6  # all worlds at once would be 80 MB at 999 draws, 800 MB at 9,999
