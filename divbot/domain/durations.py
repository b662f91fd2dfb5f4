"""Lengths of time that a user gives: a number and its unit, such as 5s, 60m or 10d."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from typing import ClassVar

from divbot.domain.bounds import Reader, decimal_in, shortened

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
"""In ms, as times are."""
_MICROSECONDS = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1000,
}
_WRITTEN = re.compile(r"(.+?)\s*(ms|[smhd])", re.DOTALL)
_MOST_DIGITS = 18
"""Of a time in microseconds; a timedelta has no more."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Duration(Reader[timedelta]):
    """Say which lengths of time may be given, both ends included; all but 0 need their unit."""

    metavar: ClassVar[str | None] = "TIME"

    least: str
    """As it is written."""
    most: str
    unit: str = "s"
    """What a number without a unit most likely means; in journals of old it did."""

    def __str__(self) -> str:
        return f"a time from {self.least} to {self.most}"

    def with_unit(self, text: str) -> str:
        """Return `text` with the unit that it lacks."""
        return text if decimal_in(text) is None else f"{text.strip()}{self.unit}"

    def _taken(self, value: object) -> timedelta | None:
        found = value if isinstance(value, timedelta) else _time(value)
        if found is None:
            return None
        return found if _stated(self.least) <= found <= _stated(self.most) else None

    def _found(self, value: object) -> str:
        if isinstance(value, timedelta):
            return duration_text(value)
        told = shortened(value)
        written = self.with_unit(told)
        is_bare = written != told and self._taken(written)
        return f"{told}; add the unit: {written}" if is_bare else told


def duration_text(value: timedelta) -> str:
    """Return `value` as a user writes it, in the longest unit without a fraction, else s."""
    if not value:
        return "0"
    microseconds = value // _MICROSECOND
    for unit in "dhm":
        count, rest = divmod(microseconds, _MICROSECONDS[unit])
        if not rest:
            return f"{count}{unit}"
    return f"{Decimal(microseconds).scaleb(-6).normalize():f}s"


def milliseconds(value: timedelta) -> int:
    """Return `value` in ms; next to nothing is 1, not 0."""
    return -(-value // (1000 * _MICROSECOND))


def _stated(text: str) -> timedelta:
    found = _time(text)
    assert found is not None  # noqa: S101 - a bound is ours
    return found


def _time(value: object) -> timedelta | None:
    """Return the time that `value` writes, of any length."""
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    number = decimal_in(match[1] if match else value)
    if number is None or not (number == 0 or match):
        return None
    length = _MICROSECONDS[match[2]] if match else 1
    # By the count of its digits: the product of a huge number would overflow.
    if not number.is_finite() or number.adjusted() + len(str(length)) > _MOST_DIGITS:
        return None
    whole = int((number * length).to_integral_value(ROUND_CEILING))
    return timedelta(microseconds=max(whole, 1) if number > 0 else whole)
