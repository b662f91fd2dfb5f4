from __future__ import annotations

import numpy as np
import pytest

from divbot.kernels.division import divided, inverse_of
from divbot.kernels.jit import jit
from tests.kernels.blocks import Floats


@jit
def quotients(values: Floats, divisor: float) -> Floats:
    inverse, rest = inverse_of(divisor)
    found = np.empty(len(values))
    for k in range(len(values)):
        found[k] = divided(values[k], inverse, rest)
    return found


@pytest.mark.parametrize("divisor", [1, 2, 7, 9, 14, 21, 999])
def test_quotients_are_those_of_a_true_division(divisor: int) -> None:
    random = np.random.default_rng(1)
    # Any value, and those whose quotients lie beside a power of two, where steps change their size.
    anywhere = random.uniform(1.0, 2.0, 500_000) * 2.0 ** random.integers(-60, 60, 500_000)
    edges = divisor * 2.0 ** np.arange(-60, 60)
    values = np.concatenate(
        [anywhere, edges, *(np.nextafter(edges, x) for x in (0, np.inf)), [0.0]]
    )

    found = quotients(values, float(divisor))

    np.testing.assert_array_equal(found, values / divisor)
