"""Longer candles from shorter ones, and the candle that is still forming.

A candle's price moves in straight lines from its open to one extreme, to the other and to its
close: down first when it will close at or above its open, up first otherwise.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Integers
from divbot.exchange.market.tape import (
    CLOSE,
    COLUMNS,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    TRADES,
    VOLUME,
    Rows,
)
from divbot.kernels.jit import jit


@jit
def _join(rows: Rows, index: int, out: Rows, place: int) -> None:
    high, low = rows[index, HIGH], rows[index, LOW]
    out[place, HIGH] = high if high > out[place, HIGH] else out[place, HIGH]
    out[place, LOW] = low if low < out[place, LOW] else out[place, LOW]
    out[place, CLOSE] = rows[index, CLOSE]
    for column in range(VOLUME, COLUMNS):
        out[place, column] += rows[index, column]


@jit
def aggregate_into(rows: Rows, opens: Integers, out: Rows) -> int:
    """Put `rows` together to candles that open at `opens`; return how many there are.

    Both ascend and no row opens before `opens[0]`. An open without a row gives no candle: gaps
    stay gaps. `out` has shape (len(opens), COLUMNS).
    """
    bucket = 0
    filled = -1
    count = 0
    for index in range(rows.shape[0]):
        while bucket + 1 < opens.size and rows[index, OPEN_TIME] >= opens[bucket + 1]:
            bucket += 1
        if filled != bucket:
            filled = bucket
            # One by one: to assign a whole row, numba compiles for seconds what that may raise.
            for column in range(COLUMNS):
                out[count, column] = rows[index, column]
            out[count, OPEN_TIME] = opens[bucket]
            count += 1
        else:
            _join(rows, index, out, count - 1)
    return count


def aggregate(rows: Rows, opens: Integers) -> Rows:
    """Return the candles opening at `opens` that `rows` make; see `aggregate_into`."""
    out = np.empty((len(opens), COLUMNS), dtype=np.int64)
    return out[: aggregate_into(rows, opens, out)]


def merge(rows: Rows, open_time: int) -> Rows:
    """Return the one candle from `open_time` on that all `rows` make, or none."""
    return aggregate(rows, np.array([open_time], dtype=np.int64))


@jit
def corners(row: Integers) -> tuple[int, int, int, int]:
    """Return the prices at which a candle turns, from its open to its close."""
    start, high, low, close = row[OPEN], row[HIGH], row[LOW], row[CLOSE]
    return (start, low, high, close) if close >= start else (start, high, low, close)


@jit
def _proportion(whole: int, elapsed: int, length: int) -> int:
    """Return `whole` * `elapsed` // `length`, of which the product alone may exceed 64 bits."""
    each = whole // length
    return each * elapsed + (whole - each * length) * elapsed // length


@jit
def form(row: Integers, elapsed: int, length: int) -> Integers:
    """Return the candle `row` as it stands after `elapsed` of its `length` ms.

    Nothing of it is ever outside the final candle, and at `length` it is the final candle.
    """
    path = corners(row)
    times = (0, length // 4, length - length // 4, length)
    price = high = low = path[0]
    for leg in range(3):
        if elapsed < times[leg]:
            break
        within, whole = min(elapsed, times[leg + 1]) - times[leg], times[leg + 1] - times[leg]
        price = path[leg] + _proportion(path[leg + 1] - path[leg], within, whole)
        high = price if price > high else high
        low = price if price < low else low
    formed = row.copy()
    formed[HIGH], formed[LOW], formed[CLOSE] = high, low, price
    for column in range(VOLUME, COLUMNS):
        formed[column] = _proportion(row[column], elapsed, length)
    if formed[VOLUME] > 0 and formed[TRADES] == 0:
        formed[TRADES] = 1
    return formed


def live_candle(closed: Rows, opened: Rows, open_time: int, elapsed: int, length: int) -> Rows:
    """Return the candle from `open_time` on that holds the forming base candle, or none.

    It is made of `closed`, and of `opened` as that stands after `elapsed` of its `length` ms; each
    is one row or none.
    """
    formed = [form(row, elapsed, length)[np.newaxis] for row in opened]
    return merge(np.concatenate([closed, *formed]), open_time)
