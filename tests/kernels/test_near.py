from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import KIND, PIVOT, PREVIOUS
from divbot.kernels.indicator import Indicator
from divbot.kernels.near import DISTANCE, EXTREME, RISE, SIDE, near_divergences
from divbot.kernels.near import PIVOT as NEAR_PIVOT
from divbot.research.past_signals import tolerance_of

INDICATOR = Indicator()
SHORT = Indicator(rsi_length=5, pivot_left=2, pivot_right=3, range_min=2, range_max=30)


def coarse(seed: int, rows: int, ticks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return candles whose closes are of few ticks, so that RSI values tie."""
    random = np.random.default_rng(seed)
    close = 1000.0 + random.integers(-ticks, ticks + 1, (rows, 1)).cumsum(axis=0)
    high = close + random.integers(0, ticks + 1, (rows, 1))
    low = close - random.integers(0, ticks + 1, (rows, 1))
    return high, low, close


@given(
    seed=st.integers(0, 10_000),
    ticks=st.integers(1, 3),
    indicator=st.sampled_from([INDICATOR, SHORT]),
)
@settings(max_examples=20)
def test_what_windows_show_at_their_ends_is_sure_or_near_in_all_of_the_history(
    seed: int, ticks: int, indicator: Indicator
) -> None:
    whole = coarse(seed, 150 + indicator.minimum_candles, ticks)
    history = analyse(*whole, indicator)
    sure = {(x[PIVOT], x[KIND] // 2) for x in history.divergences.tolist()}
    near, possible = near_divergences(
        history.rsi, whole[0], whole[1], indicator, tolerance_of(indicator)
    )
    places = {
        (x[NEAR_PIVOT], 0 if x[SIDE] > 0 else 1): bound
        for x, bound in zip(near.tolist(), possible, strict=True)
    }

    for start in range(1, 150):
        end = start + indicator.minimum_candles
        window = analyse(*(x[start:end].copy() for x in whole), indicator)
        newest = indicator.minimum_candles - 1 - indicator.pivot_right
        for event in window.after_warm_up().tolist():
            if event[PIVOT] != newest:
                continue
            place = event[PIVOT] + start, event[KIND] // 2
            assert place in sure or place in places
            if place in places:
                first, second = window.rsi[event[PREVIOUS], 0], window.rsi[event[PIVOT], 0]
                prices = whole[1 if place[1] == 0 else 0][:, 0]
                away = abs(prices[event[PREVIOUS] + start] - prices[place[0]])
                extreme = min(first, second) if place[1] == 0 else 100 - max(first, second)
                assert places[place][RISE] >= abs(second - first) - 1e-3
                assert places[place][DISTANCE] >= away
                assert places[place][EXTREME] <= extreme + 1e-3


def test_what_is_clear_is_no_place() -> None:
    random = np.random.default_rng(5)
    close = 100 + random.normal(0, 1, (3000, 4)).cumsum(axis=0)
    high, low = close + random.random(close.shape), close - random.random(close.shape)
    found = analyse(high, low, close)

    near, _ = near_divergences(found.rsi, high, low, INDICATOR, 1e-9)

    assert len(found.divergences) > 30
    assert len(near) == 0
