"""Figures with a week as one observation, against published values and plain simulation."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.scanner.evidence.weekly import FEWEST, Estimate, difference, mean, ratio, slope


@pytest.mark.parametrize(
    ("weeks", "t"), [(5, 2.7764), (7, 2.4469), (17, 2.1199), (51, 2.0086), (201, 1.9719)]
)
def test_the_interval_is_that_of_student_s_t(weeks: int, t: float) -> None:
    figure = Estimate(1.0, 0.5, weeks)

    assert figure.high == pytest.approx(1 + t * 0.5, abs=1e-4)
    assert figure.low == pytest.approx(1 - t * 0.5, abs=1e-4)


def test_a_ratio_and_its_error_by_hand() -> None:
    # Sums of 10, -5, 8, 2 and 5 over 20, 10, 20, 10 and 20 cases: 0.25 of 80. What each week is
    # off that by, 5, -7.5, 3, -0.5 and 0, has a sum of squares of 90.5; its root, times that of
    # 5 / 4, over 80 is 0.13295.
    sums, of = np.array([10.0, -5.0, 8.0, 2.0, 5.0]), np.array([20.0, 10.0, 20.0, 10.0, 20.0])

    found = ratio(sums, of, np.arange(5))

    assert found.value == pytest.approx(0.25)
    assert found.error == pytest.approx(0.13295, abs=1e-5)


def test_trades_of_one_week_count_as_one() -> None:
    week = np.arange(8)
    values = np.random.default_rng(1).normal(size=8)

    once, often = mean(values, week), mean(np.repeat(values, 50), np.repeat(week, 50))

    assert often.value == pytest.approx(once.value)
    assert often.error == pytest.approx(once.error)


def test_too_few_weeks_have_no_error() -> None:
    few = FEWEST - 1

    found = mean(np.arange(20.0), np.arange(20) % few)

    assert (found.error, found.low, found.high, found.differs) == (None, None, None, False)
    assert found.observations == few


def test_a_difference_is_that_of_two_means() -> None:
    random = np.random.default_rng(2)
    values, week = random.normal(size=600), random.integers(0, 30, 600)
    upper = random.random(600) < 0.3
    lower = ~upper & (random.random(600) < 0.5)

    found = difference(values, upper, lower, week)

    assert found.value == pytest.approx(values[upper].mean() - values[lower].mean())
    apart = values[upper].var() / upper.sum() + values[lower].var() / lower.sum()
    assert found.error == pytest.approx(np.sqrt(apart), rel=0.35)


@pytest.mark.parametrize("true", [0.0, 0.7])
def test_a_slope_is_found_and_its_interval_holds_it(true: float) -> None:
    held = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        week = np.repeat(np.arange(20), 30)
        common = random.normal(size=20)[week]
        x = random.normal(size=20)[week] + random.normal(size=600)
        found = slope(x, true * x + common + random.normal(size=600), week)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high

    assert held >= 85


def test_what_never_moves_has_no_slope() -> None:
    assert slope(np.zeros(30), np.ones(30), np.arange(30)) is None


def test_a_mean_that_is_far_from_nothing_differs() -> None:
    week = np.repeat(np.arange(10), 10)
    noise = np.random.default_rng(3).normal(size=100) / 10

    assert mean(1 + noise, week).differs
    assert not mean(noise - noise.mean(), week).differs
