"""What follows from the inputs of TradingView's indicator."""

from __future__ import annotations

import numpy as np
import pytest

from divbot.kernels.analysis import analyse
from divbot.kernels.indicator import Indicator
from tests.kernels.blocks import walk


@pytest.mark.parametrize(
    ("indicator", "warm_up", "minimum", "nearest", "farthest"),
    [
        pytest.param(Indicator(), 114, 300, 6, 61, id="as TradingView has it"),
        pytest.param(Indicator(rsi_length=28), 223, 409, 6, 61, id="an RSI twice as long"),
        pytest.param(Indicator(atr_length=28), 223, 409, 6, 61, id="an ATR twice as long"),
        pytest.param(Indicator(pivot_left=9, pivot_right=8), 118, 307, 6, 61, id="wider pivots"),
        pytest.param(Indicator(range_min=0, range_max=99), 114, 339, 1, 100, id="other ranges"),
        pytest.param(Indicator(2, 1, 1, 5, 60, 2), 17, 300, 6, 61, id="never fewer than 300"),
    ],
)
def test_all_else_follows_the_inputs(
    indicator: Indicator, warm_up: int, minimum: int, nearest: int, farthest: int
) -> None:
    assert (indicator.warm_up, indicator.minimum_candles) == (warm_up, minimum)
    assert (indicator.nearest, indicator.farthest) == (nearest, farthest)


@pytest.mark.parametrize("length", [7, 14, 50])
def test_after_the_warm_up_it_makes_no_difference_where_a_window_begins(length: int) -> None:
    indicator = Indicator(rsi_length=length, atr_length=length)
    block = walk(5, 2000, 4)
    whole, part = (
        analyse(*(column[first:].copy() for column in block), indicator) for first in (0, 500)
    )

    settled = part.rsi[indicator.warm_up :]
    expected = whole.rsi[500 + indicator.warm_up :]

    np.testing.assert_allclose(settled, expected, rtol=0, atol=0.1)


def test_a_divergence_is_confirmed_by_the_last_candle_of_its_right_side() -> None:
    analysis = analyse(*walk(5, 900, 4), Indicator(pivot_right=9))

    events = analysis.after_warm_up()

    assert len(events) > 5
    assert (analysis.confirmed(events) == events[:, 3] + 9).all()
    assert (events[:, 4] >= 114).all()
