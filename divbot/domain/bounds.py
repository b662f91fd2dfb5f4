"""Numbers that a user gives: each within bounds, whole or with so many decimal places."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import ClassVar, Generic, TypeVar

from divbot.domain.hosts import without_secrets

Number = TypeVar("Number", int, float, Decimal)
Value_co = TypeVar("Value_co", covariant=True)

_LONGEST = 40
"""Characters of what was found that are told."""


class Reader(ABC, Generic[Value_co]):
    """Say what may be given, as a text, and read it."""

    __slots__ = ()

    metavar: ClassVar[str | None] = None
    """What stands for it in the help of a flag."""

    @property
    def choices(self) -> Sequence[str]:
        """Return what a shell completes."""
        return ()

    def read(self, value: object) -> Value_co:
        """Return what `value` is, or writes as a text; raise ValueError for what cannot be."""
        found = self._taken(value)
        if found is None:
            raise ValueError(f"expected {self}, found {self._found(value)}")
        return found

    @abstractmethod
    def _taken(self, value: object) -> Value_co | None:
        """Return what `value` is; None for what cannot be."""

    def _found(self, value: object) -> str:
        """Return how `value`, which cannot be, is told."""
        return shortened(value)


@dataclass(frozen=True, slots=True)
class Bounds(Reader[Number], Generic[Number]):
    """Say which numbers may be given, both ends included."""

    metavar: ClassVar[str | None] = "N"

    kind: type[Number]
    """int: a whole number; Decimal: exact; float: the nearest binary number."""
    least: int | str
    """As it is written."""
    most: int | str
    places: int = 18
    """The most decimal places of an exact number."""
    is_part: bool = False
    """Of a whole, which may be given in per cent: 0.5% or 0.005."""

    def __str__(self) -> str:
        whole = "whole " if self.kind is int else ""
        places = f" with at most {self.places} decimal places" if self.kind is Decimal else ""
        percent = f" or from {percent_of(self.least)} to {percent_of(self.most)}" * self.is_part
        return f"a {whole}number from {self.least} to {self.most}{percent}{places}"

    def _taken(self, value: object) -> Number | None:
        number = self._number(value)
        return None if number is None or not self._holds(number) else self.kind(number)

    def _number(self, value: object) -> Decimal | None:
        if self.is_part and isinstance(value, str) and value.rstrip().endswith("%"):
            number = decimal_in(value.rstrip()[:-1])
            is_beyond = number is None or not number.is_finite() or number.adjusted() > _LONGEST
            return None if number is None or is_beyond else number.scaleb(-2)
        return decimal_in(value)

    def _holds(self, number: Decimal) -> bool:
        if not (number.is_finite() and Decimal(self.least) <= number <= Decimal(self.most)):
            return False
        if self.kind is float:
            return True
        places = 0 if self.kind is int else self.places
        return number == number.quantize(Decimal(1).scaleb(-places))


def percent_of(part: int | str | Decimal) -> str:
    """Return `part` of a whole as a user writes it, without a digit too many."""
    return f"{(Decimal(part) * 100).normalize():f}%"


def decimal_in(value: object) -> Decimal | None:
    """Return the number in `value`; a yes or no is none."""
    if isinstance(value, bool) or not isinstance(value, str | Real | Decimal):
        return None
    try:
        return Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        # A whole number of thousands of digits has no text, and is beyond all bounds.
        return None


def shortened(value: object) -> str:
    """Return `value` as an error names it, on one line and of few characters: true, 5, 'a'.

    Of an address, without the secrets that may be in it.
    """
    if isinstance(value, bool):
        return str(value).lower()
    try:
        # Numbers look alike wherever they come from: `0` of a file, `"0"` of a flag.
        text = _shown(value) if decimal_in(value) is None else str(value).strip()
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _shown(value: object) -> str:
    return repr(without_secrets(value)) if isinstance(value, str) else without_secrets(repr(value))
