"""The worlds have what their description says."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.worlds import FAMILY, Floats, losers, nothing, plateau, world

DAYS = 6_000


def standardised(sharpe: Floats, **shape: object) -> Floats:
    made = world(np.random.default_rng(4), sharpe, DAYS, **shape).results.net_r
    return (made - made.mean(axis=1, keepdims=True)) / made.std(axis=1, keepdims=True)


@pytest.mark.parametrize("sharpe", [-8.0, 0.0, 4.0])
def test_settings_have_the_sharpe_ratios_they_were_given(sharpe: float) -> None:
    made = world(np.random.default_rng(4), np.full(100, sharpe), DAYS).results.net_r

    yearly = made.mean(axis=1) / made.std(axis=1) * np.sqrt(365)

    assert yearly.mean() == pytest.approx(sharpe, abs=0.5)  # they share what luck there is
    assert made.std(axis=1).max() > 3 * made.std(axis=1).min()


def test_families_hang_together_and_all_do_a_little() -> None:
    correlation = np.corrcoef(standardised(np.zeros(100)))

    within = [correlation[k, k + 1] for k in range(100) if (k + 1) % FAMILY]
    across = correlation[:FAMILY, FAMILY:]

    assert 0.45 < min(within) < max(within) < 0.97
    assert across.mean() == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize("yesterday", [0.0, 0.1, 0.4])
def test_a_day_resembles_the_one_before(yesterday: float) -> None:
    days = standardised(np.zeros(100), yesterday=yesterday)

    assert (days[:, 1:] * days[:, :-1]).mean() == pytest.approx(yesterday, abs=0.05)


def test_shocks_have_fat_tails_and_volatility_clusters() -> None:
    days = standardised(np.zeros(100), yesterday=0.0)
    size = np.abs(days) - np.abs(days).mean()

    assert (days**4).mean() > 4
    assert (size[:, 1:] * size[:, :-1]).mean() / (size**2).mean() > 0.1


def test_skewed_payoffs_lean_either_way() -> None:
    skew = (standardised(np.zeros(100), shape="skewed") ** 3).mean(axis=1)

    assert skew.min() < -0.5
    assert skew.max() > 0.5


def test_rare_settings_trade_on_two_to_a_hundred_per_cent_of_days() -> None:
    made = world(np.random.default_rng(4), np.zeros(100), DAYS, shape="rare").results

    share = made.trades.mean(axis=1)

    assert 0.01 < share.min() < 0.05
    assert share.max() > 0.8
    assert not made.net_r[made.trades == 0].any()


def test_crashes_come_rarely_and_to_all() -> None:
    days = standardised(np.zeros(100), shape="crashes")

    assert 0.005 < (days.mean(axis=0) < -2.5).mean() < 0.02
    assert (days.mean(axis=0) > 2.5).mean() < 0.003


def test_worlds_of_losers_and_of_plateaus_hold_what_they_say() -> None:
    rng = np.random.default_rng(1)

    assert not nothing(rng, 40).any()
    assert set(losers(rng, 40, worst=-9, best=-8, idle=True)[:20]) == {0.0}
    assert losers(rng, 40, worst=-9, best=-8, idle=True)[20:].max() <= -8
    assert (plateau(rng, 40, height=3.0) > 0).sum() == 5
