"""Candles as the venue writes them: the text of thousands of rows by a compiled loop."""

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
_ZERO, _QUOTE, _COMMA, _POINT = 48, 34, 44, 46
_BRACKET, _END = 91, 93
_MOST_DIGITS = 19
# Unsigned throughout: Python's floor division of signed integers costs a correction at each digit.
_TEN, _NOUGHT = np.uint64(10), np.uint64(_ZERO)


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
def _write_decimal(
    out: NDArray[np.uint8], at: int, value: np.uint64, decimals: tuple[np.uint64, int, int]
) -> int:
    power, held, zeros = decimals
    out[at] = _QUOTE
    whole = value // power
    at = _write_integer(out, at + 1, whole)
    if held + zeros > 0:
        out[at] = _POINT
        at = _write_digits(out, at + 1, value - whole * power, held)
        for _ in range(zeros):
            out[at] = _ZERO
            at += 1
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
