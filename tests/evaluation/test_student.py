"""Student's t distribution beside scipy's."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from divbot.evaluation.student import upper_quantile, upper_tail

freedoms = st.integers(1, 2_000)


def tail_of_scipy(t: float, freedom: int) -> float:
    """Return scipy's; near the middle, where it loses digits, the straight line of its density."""
    if abs(t) < 1e-4:
        return 0.5 - t * float(stats.t.pdf(0, freedom))
    return float(stats.t.sf(t, freedom))


@given(st.floats(-60, 60), freedoms)
@example(1e-9, 1)
@example(9.9e-5, 1)
@example(1e-4, 2_000)
def test_tails_are_scipy_s(t: float, freedom: int) -> None:
    assert upper_tail(t, freedom) == pytest.approx(tail_of_scipy(t, freedom), rel=1e-10, abs=1e-290)


@given(st.floats(1e-9, 1 - 1e-9), freedoms)
def test_quantiles_are_scipy_s(chance: float, freedom: int) -> None:
    assert upper_quantile(chance, freedom) == pytest.approx(
        stats.t.isf(chance, freedom), rel=1e-8, abs=1e-9
    )


@pytest.mark.parametrize("freedom", [1, 7, 16, 33, 500])
def test_a_tail_and_its_quantile_undo_one_another(freedom: int) -> None:
    quantile = upper_quantile(0.04, freedom)

    assert upper_tail(quantile, freedom) == pytest.approx(0.04, rel=1e-12)


@pytest.mark.parametrize(("t", "tail"), [(0.0, 0.5), (math.inf, 0.0), (-math.inf, 1.0)])
def test_the_ends_and_the_middle(t: float, tail: float) -> None:
    assert upper_tail(t, 16) == tail


@pytest.mark.parametrize("chance", [0.0, 1.0, -0.1])
def test_what_is_no_chance_has_no_quantile(chance: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        upper_quantile(chance, 16)
