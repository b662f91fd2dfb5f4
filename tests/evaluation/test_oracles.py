"""Numbers that others published, and small cases that can be counted by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from divbot.evaluation.effect import effects_of
from divbot.evaluation.overfitting import backtest_overfitting
from divbot.evaluation.runs import t_statistics
from divbot.evaluation.sharpe import deflated_sharpe, expected_maximum
from divbot.evaluation.signs import Signs, signs_of
from divbot.evaluation.stepdown import step_down


def test_of_sixteen_signs_three_do_as_well() -> None:
    found = step_down(np.array([[1.0, 2, 3, -1]]), signs_of(4))

    assert found.t == pytest.approx([1.4639], abs=5e-5)
    assert found.p == pytest.approx([3 / 16], abs=1e-15)


def test_of_two_settings_luck_may_have_had_either() -> None:
    found = step_down(np.array([[1.0, 2, 3, -1, 2], [2, -1, 1, 4, 0]]), signs_of(5))

    assert found.t == pytest.approx([2.0642, 1.3950], abs=5e-5)
    assert found.p == pytest.approx([5 / 32, 6 / 32], abs=1e-15)


@pytest.mark.parametrize(
    ("settings", "published"), [(1, 1.645), (20, 2.799), (100, 3.283), (500, 3.713)]
)
def test_independent_settings_need_the_t_that_their_number_asks_for(
    settings: int, published: float
) -> None:
    independent = np.random.default_rng(settings).normal(size=(settings, 1500))

    best = step_down(independent, signs_of(1500, draws=5_000)).best

    assert NormalDist().inv_cdf(0.95 ** (1 / settings)) == pytest.approx(published, abs=6e-4)
    assert np.quantile(best, 0.95) == pytest.approx(published, abs=0.07)


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "published"),
    [
        pytest.param(100, -3, 10, 0.9004, id="of a hundred"),
        pytest.param(46, -3, 10, 0.9505, id="of fewer, just enough"),
        pytest.param(88, 0, 3, 0.9505, id="of normal returns, just enough"),
    ],
)
def test_the_deflated_sharpe_ratio_is_the_published_one(
    trials: int, skew: float, kurtosis: float, published: float
) -> None:
    found = deflated_sharpe(
        2.5 / math.sqrt(250),
        1250,
        trials=trials,
        variance=0.5 / 250,
        skew=skew,
        kurtosis=kurtosis,
    )

    assert found == pytest.approx(published, abs=5e-5)


def test_the_deflated_ratio_s_benchmark_is_the_published_one() -> None:
    assert math.sqrt(0.5 / 250) * expected_maximum(100) == pytest.approx(0.1132, abs=5e-5)


def test_one_trial_has_nothing_to_deflate() -> None:
    assert expected_maximum(1) == 0


def test_the_interval_of_the_worked_case_holds() -> None:
    effect = effects_of(np.array([[10.0, -5, 8, 2]]), np.array([[20, 10, 20, 10]]))[0]

    assert effect.r == pytest.approx(0.25)
    assert effect.standard_error == pytest.approx(0.18308, abs=5e-6)
    assert effect.interval == pytest.approx((-0.3326, 0.8326), abs=5e-5)


def test_a_winner_of_one_half_is_looked_up_in_the_other() -> None:
    found = backtest_overfitting(
        np.array([[3.0, 3, -1, -1], [0.9] * 4, [0.0] * 4]), blocks=4, by="mean"
    )

    assert found.probability == pytest.approx(1 / 3)
    assert found.loss_share == pytest.approx(1 / 6)


def test_t_statistics_are_those_of_the_textbook() -> None:
    sums = np.random.default_rng(3).normal(size=(5, 20))

    expected = sums.mean(axis=1) * math.sqrt(20) / sums.std(axis=1, ddof=1)

    assert t_statistics(sums) == pytest.approx(expected, rel=1e-12)


def test_the_real_world_is_counted_among_those_drawn() -> None:
    worst_case = Signs(np.ones((99, 20), dtype=np.int8), exact=False)

    assert worst_case.p_values(np.array([0, 99])) == pytest.approx([0.01, 1.0])
