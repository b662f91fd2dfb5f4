from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from divbot.binance.listing.flat import is_flat, is_suspect
from divbot.domain.market import Ticker


@pytest.mark.parametrize(
    ("closes", "flat"),
    [
        pytest.param([1.0] * 30, True, id="the same for a month"),
        pytest.param([1.0, 1.0099] * 15, True, id="within 1 %"),
        pytest.param([1.0, 1.0101] * 15, False, id="more than 1 %"),
        pytest.param([1.0] * 29 + [0.985], False, id="one day of panic"),
        pytest.param([0.5] + [1.0] * 30, True, id="more than a month ago does not count"),
        pytest.param([1.0] * 4, False, id="four days prove nothing"),
        pytest.param([1.0] * 5, True, id="five days"),
        pytest.param([], False, id="nothing at all"),
    ],
)
def test_daily_closes_decide(closes: list[float], flat: bool) -> None:
    assert is_flat(np.array(closes)) is flat


@pytest.mark.parametrize(
    ("low", "high", "suspect"),
    [("1", "1.0099", True), ("1", "1.01", False), ("30000", "30600", False), ("0", "0", True)],
)
def test_a_day_of_hardly_any_movement_is_suspect(low: str, high: str, suspect: bool) -> None:
    ticker = Ticker("A", Decimal(1), Decimal(high), Decimal(low), Decimal(1), 0)

    assert is_suspect(ticker) is suspect
