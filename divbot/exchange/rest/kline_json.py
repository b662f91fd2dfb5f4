"""Candles as the venue writes them, in JSON and in CSV: thousands of rows by a compiled loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Integers
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TAKER_VOLUME,
    TRADES,
    VOLUME,
    Rows,
)
from divbot.kernels.jit import jit

_LONGEST_ROW = 360  # 12 fields of at most 22 characters each, with room for punctuation
_ZERO, _QUOTE, _COMMA, _POINT, _MINUS, _LINE_END = 48, 34, 44, 46, 45, 10
_BRACKET, _END = 91, 93
_MOST_DIGITS = 19
# Unsigned throughout: Python's floor division of signed integers costs a correction at each digit.
_TEN, _NOUGHT = np.uint64(10), np.uint64(_ZERO)
_SIGN_BIT, _ONE = np.uint64(63), np.uint64(1)


@jit
def _write_digits(out: NDArray[np.uint8], at: int, value: np.uint64, width: int) -> int:
    """Write the last `width` digits of `value`; return where they end."""
    for place in range(at + width - 1, at - 1, -1):
        rest = value // _TEN
        out[place] = _NOUGHT + (value - rest * _TEN)
        value = rest
    return at + width


@jit
def _write_integer(out: NDArray[np.uint8], at: int, value: np.uint64) -> int:
    width = 1
    power = _TEN
    while width < _MOST_DIGITS and value >= power:
        width += 1
        power *= _TEN
    return _write_digits(out, at, value, width)


@jit
def _write_number(
    out: NDArray[np.uint8], at: int, value: np.uint64, decimals: tuple[np.uint64, int, int]
) -> int:
    power, held, zeros = decimals
    whole = value // power
    at = _write_integer(out, at, whole)
    if held + zeros > 0:
        out[at] = _POINT
        at = _write_digits(out, at + 1, value - whole * power, held)
        for _ in range(zeros):
            out[at] = _ZERO
            at += 1
    return at


@jit
def _write_decimal(
    out: NDArray[np.uint8], at: int, value: np.uint64, decimals: tuple[np.uint64, int, int]
) -> int:
    out[at] = _QUOTE
    at = _write_number(out, at + 1, value, decimals)
    out[at] = _QUOTE
    out[at + 1] = _COMMA
    return at + 2


@jit
def _write_klines(
    rows: NDArray[np.uint64],
    close_times: NDArray[np.uint64],
    price: tuple[np.uint64, int, int],
    volume: tuple[np.uint64, int, int],
    quote: tuple[np.uint64, int, int],
    out: NDArray[np.uint8],
) -> int:
    out[0] = _BRACKET
    at = 1
    for index in range(rows.shape[0]):
        row = rows[index]
        out[at] = _BRACKET
        at = _write_integer(out, at + 1, row[OPEN_TIME])
        out[at] = _COMMA
        at += 1
        for column in (OPEN, HIGH, LOW, CLOSE):
            at = _write_decimal(out, at, row[column], price)
        at = _write_decimal(out, at, row[VOLUME], volume)
        at = _write_integer(out, at, close_times[index])
        out[at] = _COMMA
        at = _write_decimal(out, at + 1, row[QUOTE_VOLUME], quote)
        at = _write_integer(out, at, row[TRADES])
        out[at] = _COMMA
        at = _write_decimal(out, at + 1, row[TAKER_VOLUME], volume)
        at = _write_decimal(out, at, row[TAKER_QUOTE_VOLUME], quote)
        out[at] = _QUOTE
        out[at + 1] = _ZERO
        out[at + 2] = _QUOTE
        out[at + 3] = _END
        out[at + 4] = _COMMA
        at += 5
    at -= 1 if rows.shape[0] else 0
    out[at] = _END
    return at + 1


def klines_json(rows: Rows, close_times: Integers, form: NumberFormat) -> bytes:
    """Return `rows` as the JSON body of a klines reply."""
    # Neither prices nor times are ever negative.
    unsigned = rows.view(np.uint64), close_times.view(np.uint64)
    price, volume, quote = (each.for_kernel for each in (form.price, form.volume, form.quote))
    out = np.empty(2 + _LONGEST_ROW * len(rows), dtype=np.uint8)
    return out[: _write_klines(*unsigned, price, volume, quote, out)].tobytes()


def in_microseconds(rows: Rows, close_times: Integers) -> tuple[Rows, Integers]:
    """Return candles and when they close, both told in ms, in us."""
    rows = rows.copy()
    rows[:, OPEN_TIME] *= 1000
    return rows, close_times * 1000 + 999


@jit
def _write_price(
    out: NDArray[np.uint8], at: int, value: np.uint64, decimals: tuple[np.uint64, int, int]
) -> int:
    # Premiums are below zero now and then: in two's complement, in the upper half.
    if value >> _SIGN_BIT:
        out[at] = _MINUS
        at, value = at + 1, ~value + _ONE
    at = _write_number(out, at, value, decimals)
    out[at] = _COMMA
    return at + 1


@jit
def _write_volume(
    out: NDArray[np.uint8],
    at: int,
    value: np.uint64,
    decimals: tuple[np.uint64, int, int],
    bare: bool,  # noqa: FBT001 - numba takes no keywords
) -> int:
    whole = value // decimals[0]
    if bare and whole * decimals[0] == value:
        at = _write_integer(out, at, whole)
    else:
        at = _write_number(out, at, value, decimals)
    out[at] = _COMMA
    return at + 1


@jit
def _write_csv(
    rows: NDArray[np.uint64],
    close_times: NDArray[np.uint64],
    price: tuple[np.uint64, int, int],
    volume: tuple[np.uint64, int, int],
    quote: tuple[np.uint64, int, int],
    bare_from: int,
    out: NDArray[np.uint8],
) -> int:
    at = 0
    for index in range(rows.shape[0]):
        row = rows[index]
        bare = index >= bare_from
        at = _write_integer(out, at, row[OPEN_TIME])
        out[at] = _COMMA
        at += 1
        for column in (OPEN, HIGH, LOW, CLOSE):
            at = _write_price(out, at, row[column], price)
        at = _write_volume(out, at, row[VOLUME], volume, bare)
        at = _write_integer(out, at, close_times[index])
        out[at] = _COMMA
        at = _write_volume(out, at + 1, row[QUOTE_VOLUME], quote, bare)
        at = _write_integer(out, at, row[TRADES])
        out[at] = _COMMA
        at = _write_volume(out, at + 1, row[TAKER_VOLUME], volume, bare)
        at = _write_volume(out, at, row[TAKER_QUOTE_VOLUME], quote, bare)
        out[at] = _ZERO
        out[at + 1] = _LINE_END
        at += 2
    return at


def klines_csv(rows: Rows, close_times: Integers, form: NumberFormat, *, bare_from: int) -> bytes:
    """Return `rows` as the lines of a file of the archive, each ended by a line feed.

    From row `bare_from` on, volumes that are whole numbers lose their fraction; only prices may be
    below zero.
    """
    unsigned = np.ascontiguousarray(rows).view(np.uint64), close_times.view(np.uint64)
    price, volume, quote = (each.for_kernel for each in (form.price, form.volume, form.quote))
    out = np.empty(_LONGEST_ROW * len(rows), dtype=np.uint8)
    return out[: _write_csv(*unsigned, price, volume, quote, bare_from, out)].tobytes()
