from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from divbot.domain.beta import beta_cdf, beta_quantile


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        pytest.param(0.3, 1, 1, 0.3, id="uniform"),
        pytest.param(0.5, 2, 3, 11 / 16, id="DLMF 8.17.5, a polynomial"),
        pytest.param(0.1, 0.5, 0.5, 2 / math.pi * math.asin(math.sqrt(0.1)), id="arcsine"),
        pytest.param(0.25, 3, 1, 0.25**3, id="a power"),
        pytest.param(0.25, 1, 40, 1 - 0.75**40, id="a power, mirrored"),
        pytest.param(0.0, 2, 3, 0.0, id="nothing"),
        pytest.param(1.0, 2, 3, 1.0, id="all"),
    ],
)
def test_the_distribution_has_its_closed_forms(
    x: float, a: float, b: float, expected: float
) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(expected, abs=1e-12)


@given(hits=st.integers(1, 60), misses=st.integers(1, 60), x=st.floats(0.001, 0.999))
def test_whole_numbers_give_the_binomial_tail(hits: int, misses: int, x: float) -> None:
    n = hits + misses - 1

    tail = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(hits, n + 1))

    assert beta_cdf(x, hits, misses) == pytest.approx(tail, abs=1e-10)


@example(p=0.1807, a=0.05, b=0.05)  # a step was small where the slope is steep, and far from it
@given(p=st.floats(0.01, 0.99), a=st.floats(0.05, 5000), b=st.floats(0.05, 5000))
def test_the_quantile_undoes_the_distribution(p: float, a: float, b: float) -> None:
    x = beta_quantile(p, a, b)

    assert beta_cdf(max(x - 1e-9, 0), a, b) - 1e-6 <= p <= beta_cdf(min(x + 1e-9, 1), a, b) + 1e-6


@pytest.mark.parametrize(
    ("p", "a", "b", "expected"),
    [
        pytest.param(0.05, 1, 1, 0.05, id="uniform"),
        # Clopper and Pearson's 95 % limits of 3 in 10: 0.0667 and 0.6525.
        pytest.param(0.025, 3, 8, 0.06674, id="Clopper-Pearson, lower"),
        pytest.param(0.975, 4, 7, 0.65245, id="Clopper-Pearson, upper"),
    ],
)
def test_published_quantiles(p: float, a: float, b: float, expected: float) -> None:
    assert beta_quantile(p, a, b) == pytest.approx(expected, abs=1e-5)
