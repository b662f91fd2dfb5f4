from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.kernels.days import HIGHEST, LOWEST, SUM, last_days


def made(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    amount = random.exponential(1e6, (2, rows))
    high = 100 + random.random((2, rows))
    missing = random.random((2, rows)) < 0.1
    for values in (amount, high):
        values[missing] = np.nan
    return amount, high, high - 1.5


@pytest.mark.parametrize("rows_a_day", [1, 6, 24])
def test_each_row_has_the_figures_of_as_many_rows_as_a_day_has(rows_a_day: int) -> None:
    amount, high, low = made(1, 5 * rows_a_day + rows_a_day // 2)

    found = last_days(amount, high, low, rows_a_day)

    for row in range(rows_a_day, amount.shape[1]):
        day = slice(row + 1 - rows_a_day, row + 1)
        for line in range(2):
            assert found[SUM, line, row] == pytest.approx(np.nansum(amount[line, day]))
            if np.isnan(high[line, day]).all():
                assert np.isnan(found[HIGHEST:, line, row]).all()
            else:
                assert found[HIGHEST, line, row] == np.nanmax(high[line, day])
                assert found[LOWEST, line, row] == np.nanmin(low[line, day])


@given(seed=st.integers(0, 999), days=st.integers(1, 6), more=st.integers(0, 23))
def test_a_row_is_the_same_to_the_last_digit_wherever_its_history_begins(
    seed: int, days: int, more: int
) -> None:
    amount, high, low = made(seed, 24 * 8)
    whole = last_days(amount, high, low, 24)
    first, end = 24 * days, 24 * days + 24 + more + 1

    part = last_days(amount[:, first:end], high[:, first:end], low[:, first:end], 24)

    assert part[:, :, -1].tobytes() == whole[:, :, min(end, amount.shape[1]) - 1].tobytes()


@given(seed=st.integers(0, 999), row=st.integers(0, 150))
def test_no_later_row_changes_an_earlier_one(seed: int, row: int) -> None:
    amount, high, low = made(seed, 160)
    before = last_days(amount, high, low, 24)
    for values in (amount, high, low):
        values[:, row + 1 :] *= 3

    after = last_days(amount, high, low, 24)

    assert after[:, :, : row + 1].tobytes() == before[:, :, : row + 1].tobytes()
