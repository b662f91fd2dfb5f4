"""Rows and columns turned by kernels, against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from divbot.kernels.rows import checked_columns, turned

WEIGHTS = np.array([3, 2**63 + 5], np.uint64)
SALT = np.uint64(2**64 - 1)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_a_block_is_turned_as_numpy_turns_it(symbols: int, bars: int, seed: int) -> None:
    wide = np.random.default_rng(seed).normal(size=(symbols, bars))
    wide[0, bars // 2] = np.nan

    tall = turned(wide)

    assert tall.flags["C_CONTIGUOUS"]
    assert np.array_equal(tall, wide.T, equal_nan=True)


def rows_of(first: list[int], second: list[int]) -> NDArray[np.uint64]:
    words = np.array([first, second], np.uint64).T
    return np.column_stack([words, words @ WEIGHTS + SALT])


def read(rows: NDArray[np.uint64]) -> NDArray[np.uint64] | None:
    columns = np.empty((2, len(rows)), np.uint64)
    return columns if checked_columns(rows, WEIGHTS, SALT, columns) else None


@given(st.sets(st.integers(0, 2**63 - 1), min_size=1), st.data())
def test_rows_with_right_sums_come_back_as_columns(times: set[int], data: st.DataObject) -> None:
    first = sorted(times)
    word = st.integers(0, 2**64 - 1)
    second = data.draw(st.lists(word, min_size=len(first), max_size=len(first)))

    columns = read(rows_of(first, second))

    assert columns is not None
    assert columns.tolist() == [first, second]


@given(st.integers(0, 2), st.integers(0, 2), st.integers(0, 63))
def test_one_bit_that_differs_is_found(row: int, column: int, bit: int) -> None:
    rows = rows_of([1, 5, 9], [7, 0, 2**64 - 1])

    rows[row, column] ^= np.uint64(1 << bit)

    assert read(rows) is None


@pytest.mark.parametrize("first", [[5, 5], [5, 4], [5, 2**64 - 1]], ids=["same", "less", "below 0"])
def test_times_that_do_not_grow_are_refused(first: list[int]) -> None:
    assert read(rows_of(first, [0, 0])) is None
