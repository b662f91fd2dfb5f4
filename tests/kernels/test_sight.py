from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from divbot.kernels.sight import lines_of_sight


def plain(line: np.ndarray, rsi: np.ndarray, ends: np.ndarray, close: np.ndarray) -> float:
    _, first, last, side = line
    clear = 0
    for at, between in ((ends, close), (rsi, rsi)):
        straight = np.linspace(side * at[first], side * at[last], last - first + 1)
        clear += bool((side * between[first + 1 : last] >= straight[1:-1]).all())
    return clear / 2


@given(seed=st.integers(0, 10_000), ticks=st.integers(1, 30))
def test_lines_are_as_clear_as_a_plain_look_says(seed: int, ticks: int) -> None:
    random = np.random.default_rng(seed)
    close = 100 + random.integers(0, ticks, (60, 1)) / 10
    high, low = close + 0.1, close - 0.1 * random.integers(0, 9, close.shape)
    rsi = random.integers(20, 20 + ticks, (60, 1)).astype(float)
    first = random.integers(0, 50, 20)
    last = first + random.integers(1, 9, 20)
    lines = np.column_stack([np.zeros(20, int), first, last, random.choice([-1, 1], 20)])

    found = lines_of_sight(lines, rsi, high, low, close)

    assert found.tolist() == [
        plain(x, rsi[:, 0], (low if x[3] > 0 else high)[:, 0], close[:, 0]) for x in lines
    ]


def test_what_is_missing_stands_in_the_way() -> None:
    prices = np.full((5, 1), 3.0)
    close = prices.copy()
    close[2] = np.nan

    found = lines_of_sight(np.array([[0, 0, 4, 1]]), prices, prices, prices, close)

    assert found.tolist() == [0.5]
