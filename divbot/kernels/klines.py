"""Candles out of the text that a venue sends, without a detour over objects.

Theory of operation. The text is read once, byte by byte, by the strictest grammar that serves: no
white space, no signs, no exponents, no escapes; whatever else comes, valid or not, is left to a
reader that knows all of JSON. A price is digits without its point, a whole number below 2**53,
divided by a power of ten up to 10**18: both are exact as float64, so that the one division rounds
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
_MOST_DIGITS, _EXACT_DIGITS = 18, 15
"""So many digits are a number below 2**63, and one below 2**53."""
_EXACT = 2**53
_TENS = tuple(10**n for n in range(_MOST_DIGITS + 1))
_POWERS = tuple(10.0**n for n in range(_MOST_DIGITS + 1))
_OPEN, _CLOSE, _COMMA, _QUOTE, _POINT, _ZERO = (ord(x) for x in '[],".0')
_NINE = 9
_ONE, _NOWHERE = np.uint64(1), np.uint64(0)
"""Places are without a sign: of a signed one it is asked each time whether it counts from the end.
Nothing ends at the beginning."""


@jit
def read_klines(
    text: NDArray[np.uint8], times: NDArray[np.int64], columns: NDArray[np.float64]
) -> int:
    """Put the candles of `text` into `times` and `columns`; return how many, -1 for other text.

    `text` is a JSON list of candles, each of twelve fields: its open time (ms UTC), COLUMNS prices
    as texts, six more that are not looked into; and further ones, should the venue add any. `times`
    is of shape (room,), `columns` of shape (COLUMNS, room), where room is at least a SHORTEST part
    of the text's bytes.
    """
    size = np.uint64(len(text))
    # The bracket at the end ends whatever is read: nothing that goes on needs to look at the size.
    if size < SHORTEST or text[0] != _OPEN or text[size - _ONE] != _CLOSE:
        return -1
    at, count = _ONE, 0
    while text[at] == _OPEN:
        at, times[count] = _whole(text, at + _ONE)
        for column in range(COLUMNS):
            if not at or text[at] != _COMMA:
                return -1
            at, columns[column, count] = _price(text, at + _ONE)
        if not at or text[at] != _COMMA:
            return -1
        at = _skipped(text, at + _ONE)
        if not at or at >= size:
            return -1
        count += 1
        if text[at] != _COMMA:
            return count if text[at] == _CLOSE and at + _ONE == size else -1
        at += _ONE
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
def _digits(text: NDArray[np.uint8], at: np.uint64) -> tuple[np.uint64, int]:
    """Return where the digits from `at` on end, and the number, right for up to _MOST_DIGITS."""
    whole = 0
    while True:
        digit = np.uint8(text[at] - _ZERO)
        if digit > _NINE:
            return at, whole
        whole = 10 * whole + int(np.int64(digit))
        at += _ONE


@jit
def _whole(text: NDArray[np.uint8], start: np.uint64) -> tuple[np.uint64, int]:
    """Return where the whole number at `start` ends, and the number; _NOWHERE for none."""
    at, whole = _digits(text, start)
    digits = at - start
    # A leading zero is no number to JSON.
    is_number = 0 < digits <= _MOST_DIGITS and (text[start] != _ZERO or digits == 1)
    return (at if is_number else _NOWHERE), whole


@jit
def _price(text: NDArray[np.uint8], at: np.uint64) -> tuple[np.uint64, float]:
    """Return where the price at `at` ends, behind its quote, and the price; _NOWHERE for none."""
    if text[at] != _QUOTE:
        return _NOWHERE, 0.0
    start = at + _ONE
    at, whole = _digits(text, start)
    before, behind, part = at - start, np.uint64(0), 0
    if text[at] == _POINT:
        start = at + _ONE
        at, part = _digits(text, start)
        behind = at - start
        if behind == 0:
            return _NOWHERE, 0.0
    if before == 0 or text[at] != _QUOTE or before > _MOST_DIGITS or behind > _MOST_DIGITS:
        return _NOWHERE, 0.0
    if before + behind > _EXACT_DIGITS:
        while behind and part % 10 == 0:  # of no weight
            part //= 10
            behind -= _ONE
        if whole >= _EXACT // _TENS[behind]:
            return _NOWHERE, 0.0
    return at + _ONE, (whole * _TENS[behind] + part) / _POWERS[behind]


@jit
def _skipped(text: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """Return where a candle ends, behind its bracket, whose last six fields begin at `at`.

    There may be more of them. _NOWHERE for fewer, or where one is neither text nor whole number.
    """
    fields = 0
    while True:
        if text[at] == _QUOTE:
            has_slash = False
            while True:
                at += _ONE
                behind_point = np.uint8(text[at] - _POINT)
                if behind_point > _NINE + _ZERO - _POINT:
                    break
                has_slash |= behind_point == 1  # between the point and the zero
            if text[at] != _QUOTE or has_slash:
                return _NOWHERE
            at += _ONE
        else:
            at, _ = _whole(text, at)
        fields += 1
        if not at:
            return _NOWHERE
        if text[at] == _CLOSE:
            return at + _ONE if fields >= _FIELDS_BEHIND else _NOWHERE
        if text[at] != _COMMA:
            return _NOWHERE
        at += _ONE


def warm() -> None:
    """Compile or load the kernels, so that the first real text does not wait for them."""
    times, columns = np.zeros(1, np.int64), np.zeros((COLUMNS, 1))
    read_klines(np.frombuffer(b"[]", np.uint8), times, columns)
    are_sound(times, columns, 1, 1)
