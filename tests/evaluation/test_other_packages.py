"""What other packages compute as well, they compute the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import purgedcv
import pytest
from arch.bootstrap import SPA, StepM
from scipy import stats

from divbot.evaluation.multiplicity import benjamini_hochberg, benjamini_yekutieli
from divbot.evaluation.overfitting import backtest_overfitting
from divbot.evaluation.runs import t_statistics
from divbot.evaluation.sharpe import (
    deflated_sharpe,
    minimum_backtest_years,
    probabilistic_sharpe,
)
from divbot.evaluation.signs import signs_of
from divbot.evaluation.split import divide
from divbot.evaluation.stepdown import hopeless_below, step_down
from tests.evaluation.stories import DAY


def noise(settings: int, runs: int, *, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(1, runs))
    return np.sqrt(0.3) * shared + np.sqrt(0.7) * rng.normal(size=(settings, runs))


@pytest.mark.parametrize(
    ("rule", "method"), [(benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")]
)
def test_false_discovery_rates_are_scipy_s(
    rule: Callable[[np.ndarray], np.ndarray], method: str
) -> None:
    p_values = np.round(np.random.default_rng(1).uniform(0, 0.3, 60) ** 2, 3)

    assert rule(p_values) == pytest.approx(
        stats.false_discovery_control(p_values, method=method), rel=1e-12
    )


@pytest.mark.parametrize("seed", range(4))
def test_sharpe_ratios_are_judged_as_by_purgedcv(seed: int) -> None:
    returns = np.random.default_rng(seed).gamma(2, 1, 300) - 1.8
    sharpe = returns.mean() / returns.std()
    shape = {
        "skew": stats.skew(returns, bias=False),
        "kurtosis": stats.kurtosis(returns, bias=False, fisher=False),
    }

    ours = probabilistic_sharpe(sharpe, 300, benchmark=0.1, **shape)
    deflated = deflated_sharpe(sharpe, 300, trials=40, variance=0.004, **shape)

    assert ours == pytest.approx(purgedcv.probabilistic_sharpe_ratio(returns, 0.1), rel=1e-9)
    assert deflated == pytest.approx(purgedcv.deflated_sharpe_ratio(returns, 40, 0.004), rel=1e-9)


@pytest.mark.parametrize("blocks", [4, 8])
def test_halves_are_ranked_as_by_purgedcv(blocks: int) -> None:
    results = noise(12, 101, seed=blocks)
    theirs = purgedcv.probability_of_backtest_overfitting(results, blocks)

    ours = backtest_overfitting(results, blocks=blocks)

    # They name the half that is looked up first, and so go through the ways from the other end.
    assert sorted(ours.logits) == pytest.approx(sorted(theirs.logits))
    assert ours.loss_share == (theirs.is_oos_performance[:, 1] < 0).mean()


@pytest.mark.parametrize("longest", [DAY // 2, DAY, 9 * DAY])
def test_development_is_what_purgedcv_leaves_of_the_days_before_the_holdout(longest: int) -> None:
    split = divide(range(500), longest)
    before, after = np.arange(split.holdout.start), np.array(split.holdout)
    entered = np.concatenate([before + 1, after])  # late on its day, or as soon as can be
    times = pd.Series(pd.to_datetime(entered, unit="D"))

    left = purgedcv.purge(before, after, times, times + pd.Timedelta(days=split.gap))

    assert left.tolist() == list(range(split.development.stop))


def test_years_are_those_of_purgedcv() -> None:
    ours = minimum_backtest_years(45, 1.5)

    assert ours == pytest.approx(purgedcv.minimum_backtest_length(45, 1.5))


def test_the_hopeless_are_those_of_arch() -> None:
    losses = (
        noise(300, 200, seed=3) * np.linspace(0.5, 3, 300)[:, None]
        + np.linspace(-0.4, 0.1, 300)[:, None]
    )
    theirs = SPA(np.zeros(200), -losses.T, block_size=1, reps=10, seed=1)
    theirs.compute()

    # They divide by n in the variance.
    ours = t_statistics(losses) * np.sqrt(200 / 199) >= hopeless_below(200)

    assert ours.tolist() == theirs._valid_columns.tolist()
    assert 0 < ours.sum() < 300


@pytest.mark.parametrize("edge", [0.0, 0.08, 0.15])
def test_luck_is_as_likely_as_by_the_bootstrap_of_arch(edge: float) -> None:
    results = noise(20, 400, seed=5)
    results[7] += edge
    scaled = results / results.std(axis=1, keepdims=True)  # they compare raw means
    theirs = SPA(np.zeros(400), -scaled.T, block_size=1, reps=2_000, seed=1)
    theirs.compute()

    ours = step_down(results, signs_of(400, draws=2_000), hopeless=hopeless_below(400))

    assert ours.p.min() == pytest.approx(theirs.pvalues["consistent"], abs=0.04)


def test_step_by_step_the_same_settings_are_better_as_by_arch() -> None:
    results = noise(20, 400, seed=6)
    results[[2, 7, 11]] += [[0.3], [0.2], [0.25]]
    scaled = results / results.std(axis=1, keepdims=True)
    theirs = StepM(np.zeros(400), -scaled.T, size=0.05, block_size=1, reps=1_000, seed=1)
    theirs.compute()

    ours = step_down(results, signs_of(400, draws=2_000))

    assert np.flatnonzero(ours.p <= 0.05).tolist() == sorted(theirs.superior_models) == [2, 7, 11]
