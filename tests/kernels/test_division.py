from __future__ import annotations

from fractions import Fraction

import numpy as np

from divbot.kernels.analysis import PERIOD
from divbot.kernels.division import divided, divided_well
from divbot.kernels.jit import jit
from tests.kernels.blocks import Floats


@jit
def quotients(values: Floats, divisor: float) -> tuple[Floats, Floats]:
    well, anyhow = np.empty(len(values)), np.empty(len(values))
    for k in range(len(values)):
        well[k] = divided_well(values[k], divisor, 1.0 / divisor)
        anyhow[k] = divided(values[k], divisor, 1.0 / divisor)
    return well, anyhow


def test_the_period_s_inverse_is_good_enough_for_one_correction() -> None:
    off = 1 - Fraction(1.0 / PERIOD) * PERIOD

    assert abs(off) <= Fraction(1, 2**54)


def test_quotients_are_those_of_a_true_division() -> None:
    random = np.random.default_rng(1)
    # Any value, and those whose quotients lie beside a power of two, where steps change their size.
    anywhere = random.uniform(1.0, 2.0, 500_000) * 2.0 ** random.integers(-60, 60, 500_000)
    edges = PERIOD * 2.0 ** np.arange(-60, 60)
    values = np.concatenate(
        [anywhere, edges, *(np.nextafter(edges, x) for x in (0, np.inf)), [0.0]]
    )

    well, anyhow = quotients(values, float(PERIOD))

    np.testing.assert_array_equal(well, values / PERIOD)
    np.testing.assert_array_equal(anyhow, values / PERIOD)
