"""What chance gives, held against the same price walked step by step, and against its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.scanner.evidence.chance import MEAN_VARIANCE, SHAPE, hit_rates

ways = st.floats(0.05, 12)
ratios = st.floats(0.2, 8)
horizons = st.integers(1, 1000)


def share(risk: float, reward: float, horizon: int = 100) -> float:
    return float(hit_rates(np.array([risk]), np.array([reward]), horizon)[0])


def walked(risk: int, reward: int, steps: float) -> float:
    """Return how likely a fair coin's walk of about `steps` steps ends at +reward, not -risk."""
    places = np.zeros(risk + reward + 1)
    places[risk] = 1.0
    for _ in range(round(steps)):
        inside = places[1:-1].copy()
        places[1:-1] = 0.0
        places[:-2] += inside / 2
        places[2:] += inside / 2
    return float(places[-1])


@pytest.mark.parametrize(
    ("risk", "ratio", "horizon"),
    [(1.0, 2.0, 100), (3.0, 2.0, 100), (6.0, 2.0, 100), (2.0, 1.0, 20), (1.5, 4.0, 48)],
)
def test_it_is_what_a_walk_of_uncertain_volatility_arrives_at(
    risk: float, ratio: float, horizon: int
) -> None:
    fine = 16  # steps of the walk on the way to the stop
    nodes = (np.arange(200) + 0.5) / 200
    grid = np.linspace(0, 12, 40_001)[1:]
    density = grid ** (SHAPE - 1) * np.exp(-grid)
    quantiles = np.interp(nodes, np.cumsum(density) / density.sum(), grid)
    variances = MEAN_VARIANCE / SHAPE * quantiles

    # A walk of steps of one 16th of the risk has that variance after so many of them.
    expected = np.mean(
        [walked(fine, round(fine * ratio), v * horizon * (fine / risk) ** 2) for v in variances]
    )

    assert share(risk, risk * ratio, horizon) == pytest.approx(expected, abs=0.004)


@given(ways, ratios)
def test_without_haste_it_is_the_share_of_a_fair_game(risk: float, ratio: float) -> None:
    assert share(risk, risk * ratio, 10_000_000) == pytest.approx(1 / (1 + ratio), abs=1e-6)


@given(ways, ratios, horizons)
def test_it_is_a_share_and_never_more_than_a_fair_game_gives(
    risk: float, ratio: float, horizon: int
) -> None:
    assert 0 <= share(risk, risk * ratio, horizon) <= 1 / (1 + ratio) + 1e-12


@given(ways, ratios, horizons, st.floats(1.05, 3))
def test_what_is_farther_away_is_reached_less_often(
    risk: float, ratio: float, horizon: int, farther: float
) -> None:
    near, far = (share(x, x * ratio, horizon) for x in (risk, risk * farther))

    assert far <= near + 1e-6


@given(ways, ratios, st.integers(1, 500))
def test_more_time_reaches_more(risk: float, ratio: float, horizon: int) -> None:
    reward = risk * ratio

    assert share(risk, reward, horizon) <= share(risk, reward, 2 * horizon) + 1e-6


@given(st.floats(0.5, 4), ratios, st.integers(1, 100))
def test_only_distance_in_the_time_there_is_matters(
    risk: float, ratio: float, horizon: int
) -> None:
    twice = share(2 * risk, 2 * risk * ratio, 4 * horizon)

    assert twice == pytest.approx(share(risk, risk * ratio, horizon), abs=1e-9)


def test_what_no_price_gets_to_is_never_reached() -> None:
    assert share(1000.0, 2000.0, 1) == share(1e-9, 1e9, 100) == 0.0
    assert share(60 * math.sqrt(100), 1e-9, 100) == 0.0


def test_cases_do_not_disturb_each_other() -> None:
    risk = np.array([0.1, 1.0, 3.0, 50.0])

    together = hit_rates(risk, 2 * risk, 100)

    assert together == pytest.approx([share(x, 2 * x) for x in risk.tolist()], abs=1e-12)
