from __future__ import annotations

import numpy as np
import pytest

from divbot.candle_arrays import Candles
from divbot.domain.clock import parse_time
from divbot.domain.market import Interval
from divbot.recordings.grid import steps_of
from divbot.scanner.block import build_block
from tests.scanner.fakes import START, STEP, candles_of


def test_symbols_stand_side_by_side_on_the_grid() -> None:
    early = candles_of(1, 10, end=5)
    late = candles_of(2, 4)

    block = build_block({"EARLY": early, "LATE": late}, Interval.M5, rows=100)

    assert block.close.shape == (15, 2)
    np.testing.assert_array_equal(block.close[:10, 0], early.close)
    np.testing.assert_array_equal(block.close[11:, 1], late.close)
    assert np.isnan(block.close[10:, 0]).all()
    assert np.isnan(block.high[:11, 1]).all()
    assert np.isnan(block.low[:11, 1]).all()


def test_missing_candles_stay_missing() -> None:
    block = build_block({"A": candles_of(1, 10, missing=[3, 4])}, Interval.M5, rows=100)

    assert np.isnan(block.close[:, 0]).nonzero()[0].tolist() == [3, 4]


def test_nothing_older_than_the_window_is_kept() -> None:
    old = candles_of(1, 900, missing=range(1, 890))

    block = build_block({"A": old}, Interval.M5, rows=20)

    assert len(block.close) == 10


def test_rows_have_the_open_times_they_came_with() -> None:
    candles = candles_of(1, 10)

    block = build_block({"A": candles}, Interval.M5, rows=100)

    rows = np.arange(10)
    assert block.open_times(rows, np.zeros(10, np.int64)).tolist() == candles.open_time.tolist()


@pytest.mark.parametrize(
    ("interval", "times"),
    [
        pytest.param(Interval.W1, ["2024-07-22", "2024-07-29", "2024-08-05"], id="1w, Mondays"),
        pytest.param(Interval.D3, ["2024-07-29", "2024-08-01", "2024-08-04"], id="3d, any anchor"),
        pytest.param(Interval.MONTH, ["2023-12-01", "2024-01-01", "2024-02-01"], id="1M"),
    ],
)
def test_candles_of_any_anchor_are_neighbours(interval: Interval, times: list[str]) -> None:
    open_time = np.array([parse_time(x) for x in times], np.int64)
    prices = np.array([1.0, 2.0, 3.0])

    block = build_block({"A": Candles(open_time, *[prices] * 5)}, interval, rows=10)

    assert np.diff(steps_of(open_time, interval)).tolist() == [1, 1]
    assert block.close[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert block.open_times(np.arange(3), np.zeros(3, np.int64)).tolist() == open_time.tolist()


def test_two_symbols_of_different_anchors_keep_their_own_times() -> None:
    prices = np.array([1.0, 2.0])
    first, second = (
        Candles(START + offset + np.array([0, STEP]), *[prices] * 5) for offset in (0, 60_000)
    )

    block = build_block({"A": first, "B": second}, Interval.M5, rows=10)

    assert block.open_times(np.array([1, 1]), np.array([0, 1])).tolist() == [
        START + STEP,
        START + STEP + 60_000,
    ]
