"""Rules of others: their laws, and where they mislead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.arrays import Floats
from divbot.evaluation import overfitting
from divbot.evaluation.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni
from divbot.evaluation.overfitting import backtest_overfitting
from divbot.evaluation.plateau import plateau_of
from divbot.evaluation.runs import run_sums
from divbot.evaluation.sharpe import expected_maximum, probabilistic_sharpe
from tests.evaluation.worlds import losers, nothing, world

RULES = [bonferroni, benjamini_hochberg, benjamini_yekutieli]
Rule = Callable[[list[float]], Floats]
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize("rule", RULES)
@given(p_values, st.integers(0, 10_000))
def test_adjusted_p_values_follow_their_tests(rule: Rule, p: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(p))

    adjusted = rule(p)

    assert rule([p[i] for i in order]).tolist() == adjusted[order].tolist()
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= 1).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")], [[0.1]]])
def test_what_is_no_p_value_is_refused(rule: Rule, p: list[float]) -> None:
    with pytest.raises(ValueError, match="each between 0 and 1"):
        rule(p)


def test_overfitting_is_a_half_where_there_is_nothing() -> None:
    rng = np.random.default_rng(1)

    found = [
        backtest_overfitting(world(rng, nothing(rng, 60)).results.net_r, blocks=8).probability
        for _ in range(40)
    ]

    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_overfitting_confirms_losers() -> None:
    rng = np.random.default_rng(2)

    found = [
        backtest_overfitting(world(rng, losers(rng, 500)).results.net_r, blocks=10).probability
        for _ in range(10)
    ]

    assert np.mean(np.array(found) < 0.05) > 0.7


def test_ways_looked_at_in_parts_are_the_same_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    results = np.random.default_rng(3).normal(size=(10, 50))
    whole = backtest_overfitting(results, blocks=6)
    monkeypatch.setattr(overfitting, "_CELLS", 30)

    parts = backtest_overfitting(results, blocks=6)

    assert len(parts.logits) == 20
    assert parts.logits.tolist() == whole.logits.tolist()


def test_a_setting_that_never_changes_has_no_sharpe_ratio_to_win_with() -> None:
    constant, noisy = np.full(16, 5.0), np.tile([1.0, 2.0], 8)

    found = backtest_overfitting(np.array([constant, noisy]), blocks=4)

    assert found.performance.tolist() == pytest.approx([3.0] * 6)


@pytest.mark.parametrize("blocks", [0, 3, 18])
def test_blocks_are_even_and_not_empty(blocks: int) -> None:
    with pytest.raises(ValueError, match="even number of blocks is expected, 2 to 16"):
        backtest_overfitting(np.zeros((3, 16)), blocks=blocks)


def test_no_trial_has_no_maximum() -> None:
    with pytest.raises(ValueError, match="1 trial at least"):
        expected_maximum(0)


def test_moments_that_no_distribution_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no distribution has skew 5"):
        probabilistic_sharpe(0.5, 100, skew=5.0, kurtosis=3.0)


def test_neighbours_differ_in_one_parameter_by_one_step() -> None:
    places = np.array([[x, y] for x in range(3) for y in range(3)])
    t = np.arange(9, dtype=float) - 2  # 0 and 1 lose, 2 earns nothing

    plateau = plateau_of(places, t)

    # 0 1 2     the one in the middle, 4, has 1, 3, 5 and 7 beside it
    # 3 4 5
    # 6 7 8
    assert plateau.support[4] == (t[1] + t[3] + t[5] + t[7]) / 4
    assert np.flatnonzero(plateau.on_it).tolist() == [6, 7, 8]
    assert plateau.share == pytest.approx(3 / 9)


def test_a_setting_without_neighbours_supports_itself() -> None:
    plateau = plateau_of(np.array([[0], [2], [3]]), np.array([1.0, 2.0, np.nan]))

    assert plateau.support[:2].tolist() == [1.0, 2.0]
    assert not plateau.on_it.any()


def test_days_that_are_no_whole_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="20 days are not whole runs of 7 days"):
        run_sums(np.zeros((2, 20)), 7)
