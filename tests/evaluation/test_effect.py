"""The interval of R a trade, and the smallest edge: whether they keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.evaluation.effect import Effect, effects_of
from divbot.evaluation.runs import t_statistics
from divbot.evaluation.student import upper_quantile

REPEATS = 1_500


def nights(phi: float, days: int = 119) -> tuple[np.ndarray, np.ndarray]:
    """Return R and trades by run of a week of many histories whose mean R a trade is 0.1.

    About 100 trades a night go up and down together, busy nights more wildly, and a night
    resembles the one before by `phi`.
    """
    rng = np.random.default_rng(17)
    trades = rng.poisson(100 * rng.lognormal(-0.125, 0.5, (REPEATS, days))) + 1
    shared = rng.normal(size=(REPEATS, days))
    for day in range(1, days):
        shared[:, day] = phi * shared[:, day - 1] + np.sqrt(1 - phi**2) * shared[:, day]
    own = rng.normal(size=(REPEATS, days)) / np.sqrt(trades)
    mean = 0.1 + 1.3 * (np.sqrt(0.2 * trades / 100) * shared + np.sqrt(0.8) * own)
    weekly = (REPEATS, days // 7, 7)
    return (trades * mean).reshape(weekly).sum(axis=2), trades.reshape(weekly).sum(axis=2)


@pytest.mark.parametrize(("phi", "least"), [(0.0, 0.92), (0.2, 0.91), (0.5, 0.88)])
def test_about_nine_in_ten_intervals_hold_the_truth(phi: float, least: float) -> None:
    net_r, trades = nights(phi)

    bounds = np.array([effect.interval for effect in effects_of(net_r, trades)])

    covered = ((bounds[:, 0] < 0.1) & (bounds[:, 1] > 0.1)).mean()
    assert least < covered < 0.97


def test_trades_counted_as_independent_would_be_far_too_sure() -> None:
    net_r, trades = nights(0.2)
    effects = effects_of(net_r, trades)

    independent = 1.3 / np.sqrt([effect.trades for effect in effects])

    ratio = np.array([effect.standard_error for effect in effects]) / independent
    assert 4 < np.median(ratio) < 9


@pytest.mark.parametrize(("runs", "alpha"), [(17, 0.04), (8, 0.04), (17, 0.005)])
def test_the_smallest_confirmable_edge_is_usually_found(runs: int, alpha: float) -> None:
    edge = Effect(0.0, 1 / np.sqrt(runs), trades=runs, runs=runs).smallest_confirmable(alpha)
    sums = np.random.default_rng(3).normal(edge, 1, (20_000, runs))

    found = (t_statistics(sums) > upper_quantile(alpha, runs - 1)).mean()

    assert found == pytest.approx(0.8, abs=0.05)


def test_more_runs_see_more() -> None:
    effect = Effect(0.1, 0.04, trades=340, runs=34)

    fewer = effect.over(17)

    assert (fewer.r, fewer.trades, fewer.runs) == (0.1, 170, 17)
    assert fewer.standard_error == pytest.approx(0.04 * np.sqrt(2))
