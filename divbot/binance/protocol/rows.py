"""Rows of the venue's lists: one that makes no sense is dropped and named, and costs no other.

Each field is read by one of the readers below, which raise BadAnswer for what cannot be: texts and
numbers are bounded here, and times are in ms. Fields that nobody reads do no harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from divbot.domain.clock import plausible_ms
from divbot.domain.errors import BadAnswer
from divbot.domain.market import DroppedRow
from divbot.domain.symbols import is_symbol

T = TypeVar("T")
JsonRow: TypeAlias = Mapping[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?")
_LEAST, _BEYOND_ALL = Decimal("1e-30"), Decimal("1e30")
_LONGEST_TEXT = 64
_SHOWN = 40
_FEWEST_SOUND = 0.1
"""Of all rows: with fewer, the answer is not that of a venue."""


class SoundRows(NamedTuple, Generic[T]):
    """What the rows of a list say, and those that say nothing."""

    sound: list[T]
    dropped: tuple[DroppedRow, ...]


def read_rows(rows: object, source: str, read: Callable[[JsonRow], T]) -> SoundRows[T]:
    """Return what `read` makes of each of `rows`, which are those of the list `source`.

    A row for which it raises BadAnswer is dropped. Raise BadAnswer where there are no rows at all
    to be found, or where nearly none makes sense.
    """
    if not isinstance(rows, list):
        raise BadAnswer(f"expected a list of rows in {source}, found {shown(rows)}")
    sound: list[T] = []
    dropped: list[DroppedRow] = []
    for number, row in enumerate(rows, 1):
        try:
            sound.append(read(_checked(row)))
        except BadAnswer as error:
            dropped.append(DroppedRow(source, number, _name(row), str(error)))
    if len(sound) < _FEWEST_SOUND * len(rows):
        raise BadAnswer(f"{len(dropped)} of {len(rows)} rows make no sense: {dropped[0]}")
    return SoundRows(sound, tuple(dropped))


def _checked(row: object) -> JsonRow:
    if not isinstance(row, dict):
        raise BadAnswer(f"expected an object, found {shown(row)}")
    return row


def symbol_of(row: JsonRow) -> str:
    """Return the symbol that a row is about."""
    symbol = row.get("symbol")
    if not isinstance(symbol, str) or not is_symbol(symbol):
        raise BadAnswer(f"expected a symbol, found {shown(symbol)}")
    return symbol


def text_of(row: JsonRow, key: str, default: str | None = None) -> str:
    """Return a text; an empty one only where `default` is one. Where none is there: `default`."""
    value = row.get(key, default)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not (value or default == ""):
        raise BadAnswer(f"expected a text for {key}, found {shown(value)}")
    return value


def number_of(row: JsonRow, key: str) -> Decimal:
    """Return a number, which the venue writes as a text."""
    value = number(row.get(key))
    if value is None:
        raise BadAnswer(f"expected a number for {key}, found {shown(row.get(key))}")
    return value


def amount_of(row: JsonRow, key: str) -> Decimal:
    """Return a number that is not below zero, as no price and no volume is."""
    value = number_of(row, key)
    if value.is_signed() and value:
        raise BadAnswer(f"expected zero or more for {key}, found {shown(row.get(key))}")
    return value


def number(value: object) -> Decimal | None:
    """Return the number that a text is; None for what is none, or beyond what any market knows."""
    written = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        return None
    found = Decimal(written[0])
    # Without an exponent there are not the digits to go beyond.
    is_bounded = written[1] is None or not found or _LEAST <= abs(found) < _BEYOND_ALL
    return found if is_bounded else None


def flag_of(row: JsonRow, key: str, *, default: bool) -> bool:
    """Return a yes or no; where none is there: `default`."""
    value = row.get(key, default)
    if not isinstance(value, bool):
        raise BadAnswer(f"expected true or false for {key}, found {shown(value)}")
    return value


def time_of(row: JsonRow, key: str) -> int:
    """Return a time, ms UTC."""
    try:
        return plausible_ms(row.get(key))
    except ValueError as error:
        raise BadAnswer(f"{key}: {error}") from None


def optional_time_of(row: JsonRow, key: str) -> int | None:
    """Return a time, ms UTC; None where there is none, which may be written as 0."""
    return time_of(row, key) if row.get(key) not in (None, 0) else None


def shown(value: object) -> str:
    """Return the beginning of what was found, as it may be printed."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _name(row: object) -> str:
    """Return the symbol of a row that makes no sense otherwise; empty where it has none."""
    try:
        return symbol_of(row) if isinstance(row, dict) else ""
    except BadAnswer:
        return ""
