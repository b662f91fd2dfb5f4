"""Rows and columns transposed by kernels, against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from divbot.kernels.rows import checked_columns, seal, transposed


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_a_block_is_turned_as_numpy_turns_it(symbols: int, bars: int, seed: int) -> None:
    wide = np.random.default_rng(seed).normal(size=(symbols, bars))
    wide[0, bars // 2] = np.nan

    tall = transposed(wide)

    assert tall.flags["C_CONTIGUOUS"]
    assert np.array_equal(tall, wide.T, equal_nan=True)


def rows_of(first: list[int], second: list[int]) -> NDArray[np.uint64]:
    rows = np.array([first, second, first], np.uint64).T.copy()
    seal(rows)
    return rows


def checksum(*words: int) -> int:
    """Return the same in Python's own whole numbers."""
    total = 0x9E3779B97F4A7C15
    for word in words:
        total = (total ^ word) * 0xD6E8FEB86659FD93 % 2**64
        total ^= total >> 29
    return total


def read(rows: NDArray[np.uint64]) -> NDArray[np.uint64] | None:
    columns = np.empty((2, len(rows)), np.uint64)
    return columns if checked_columns(rows, columns) else None


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


@given(st.sets(st.tuples(st.integers(0, 1), st.integers(0, 63)), min_size=2))
def test_bits_that_differ_together_are_found(flipped: set[tuple[int, int]]) -> None:
    rows = rows_of([2**62 + 1], [2**63 + 7])

    for column, bit in flipped:
        rows[0, column] ^= np.uint64(1 << bit)

    assert read(rows) is None


def test_the_checksum_is_the_one_that_files_of_this_version_bear() -> None:
    rows = rows_of([1, 5], [7, 2**64 - 1])

    assert rows[:, 2].tolist() == [checksum(1, 7), checksum(5, 2**64 - 1)]


@pytest.mark.parametrize("first", [[5, 5], [5, 4], [5, 2**64 - 1]], ids=["same", "less", "below 0"])
def test_times_that_do_not_grow_are_refused(first: list[int]) -> None:
    assert read(rows_of(first, [0, 0])) is None
