"""Candles out of the text that a venue sends, without a detour over objects.

Theory of operation. The text is read once, byte by byte, by the strictest grammar that serves: no
white space, no signs, no exponents, no escapes; whatever else comes, valid or not, is left to a
reader that knows all of JSON. A price is digits without its point, a whole number below 2**53,
divided by a power of ten up to 10**22: both are exact as float64, so that the one division rounds
correctly, and the result is that of any correct reader (W. Clinger, PLDI 1990).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.jit import jit

COLUMNS = 5
"""Open, high, low, close, volume."""
SHORTEST = 43
"""Bytes of the shortest candle there is, the comma after it included."""
_FIELDS_BEHIND = 6
_POWERS = tuple(10.0**n for n in range(23))
_LARGEST = 900_719_925_474_098
"""With one more digit behind it, still below 2**53."""
_OPEN, _CLOSE, _COMMA, _QUOTE, _POINT, _ZERO, _NINE = (ord(x) for x in '[],".09')


@jit
def read_klines(  # noqa: PLR0911 - whatever is unexpected ends it
    text: NDArray[np.uint8], times: NDArray[np.int64], columns: NDArray[np.float64]
) -> int:
    """Put the candles of `text` into `times` and `columns`; return how many, -1 for other text.

    `text` is a JSON list of candles, each of twelve fields: its open time (ms UTC), COLUMNS prices
    as texts, six more that are not looked into. `times` is of shape (room,), `columns` of shape
    (COLUMNS, room), where room is at least a SHORTEST part of the text's bytes.
    """
    size = len(text)
    if size < SHORTEST or text[0] != _OPEN:
        return -1
    at, count = 1, 0
    while at < size and text[at] == _OPEN:
        at, times[count] = _whole(text, at + 1)
        for column in range(COLUMNS):
            if not 0 <= at < size or text[at] != _COMMA:
                return -1
            at, columns[column, count] = _price(text, at + 1)
        if not 0 <= at < size or text[at] != _COMMA:
            return -1
        at = _skipped(text, at + 1)
        if not 0 <= at < size:
            return -1
        count += 1
        if text[at] == _CLOSE and at + 1 == size:
            return count
        if text[at] != _COMMA:
            return -1
        at += 1
    return -1


@jit
def are_sound(
    times: NDArray[np.int64], columns: NDArray[np.float64], count: int, spacing: int
) -> bool:
    """Tell whether the first `count` candles can be: in order, apart, and with possible prices.

    Times are apart by multiples of `spacing` (ms). What is not sound is NaN, infinite, negative, a
    price of zero, or an open or close outside low and high.
    """
    for n in range(count):
        gap = times[n] - times[n - 1] if n else spacing
        if gap <= 0 or gap % spacing:
            return False
        opened, high, low = columns[0, n], columns[1, n], columns[2, n]
        close, volume = columns[3, n], columns[4, n]
        # Comparisons with NaN are false, so that NaN is not sound.
        if not (0 < low <= opened <= high < np.inf and low <= close <= high):
            return False
        if not 0 <= volume < np.inf:
            return False
    return True


@jit
def _whole(text: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return where the whole number at `at` ends, and the number; -1 for none."""
    start, whole = at, 0
    while at < len(text) and _ZERO <= text[at] <= _NINE:
        if whole > _LARGEST:
            return -1, 0
        whole = 10 * whole + int(text[at]) - _ZERO
        at += 1
    # A leading zero is no number to JSON.
    return (at if at > start and (text[start] != _ZERO or at == start + 1) else -1), whole


@jit
def _price(text: NDArray[np.uint8], at: int) -> tuple[int, float]:
    """Return where the quoted price at `at` ends, behind its quote, and the price; -1 for none."""
    if at >= len(text) or text[at] != _QUOTE:
        return -1, 0.0
    at += 1
    whole, digits, decimals, zeros = 0, 0, 0, 0
    is_behind_point = False
    while at < len(text):
        byte = text[at]
        if _ZERO <= byte <= _NINE:
            digits += 1
            if is_behind_point and byte == _ZERO:
                zeros += 1  # of no weight, unless another digit follows
            else:
                for _ in range(zeros + 1):
                    if whole > _LARGEST:
                        return -1, 0.0
                    whole *= 10
                decimals += (zeros + 1) * is_behind_point
                whole += int(byte) - _ZERO
                zeros = 0
        elif byte == _POINT and digits and not is_behind_point:
            is_behind_point = True
            digits = 0
        elif byte == _QUOTE and digits and decimals < len(_POWERS):
            return at + 1, whole / _POWERS[decimals]
        else:
            return -1, 0.0
        at += 1
    return -1, 0.0


@jit
def _skipped(text: NDArray[np.uint8], at: int) -> int:
    """Return where a candle whose last six fields begin at `at` ends, behind its bracket; or -1."""
    for field in range(_FIELDS_BEHIND):
        if at < len(text) and text[at] == _QUOTE:
            at += 1
            while at < len(text) and (_ZERO <= text[at] <= _NINE or text[at] == _POINT):
                at += 1
            if at >= len(text) or text[at] != _QUOTE:
                return -1
            at += 1
        else:
            at, _ = _whole(text, at)
        is_last = field == _FIELDS_BEHIND - 1
        if not 0 <= at < len(text) or text[at] != (_CLOSE if is_last else _COMMA):
            return -1
        at += 1
    return at


def warm() -> None:
    """Compile or load the kernels, so that the first real text does not wait for them."""
    times, columns = np.zeros(1, np.int64), np.zeros((COLUMNS, 1))
    read_klines(np.frombuffer(b"[]", np.uint8), times, columns)
    are_sound(times, columns, 1, 1)
