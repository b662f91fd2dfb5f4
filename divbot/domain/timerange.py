"""A range of time as a user writes it: 20240101-20250101, with open ends, or with ISO dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from divbot.domain.bounds import Reader
from divbot.domain.clock import date_text, parse_time
from divbot.domain.durations import DAY

_SEPARATOR = re.compile(r"\s*(?:-|/|\.\.|\bto\b)\s*")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")


class TimeRange(NamedTuple):
    """From `start` to before `end`, ms UTC; None: that end is open."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Range(Reader[TimeRange]):
    """Say what a range may be; its end is not part of it."""

    metavar: ClassVar[str | None] = "FROM-TO"

    def __str__(self) -> str:
        return (
            "a range of time such as 20240101-20250101, 20240101- or 2024-01-01/2024-06-30T12:00, "
            "in UTC, its begin before its end"
        )

    def _taken(self, value: object) -> TimeRange | None:
        if isinstance(value, TimeRange):
            return value
        found = set(_read(value)) if isinstance(value, str) else set()
        return found.pop() if len(found) == 1 else None


def _read(text: str) -> Iterator[TimeRange]:
    """Give all that `text` may mean: ISO dates and ranges share their dash."""
    for separator in _SEPARATOR.finditer(text.strip()):
        sides = text.strip()[: separator.start()], text.strip()[separator.end() :]
        try:
            start, end = (moment(side) if side else None for side in sides)
        except ValueError:
            continue
        if start is None and end is None:
            continue
        if start is None or end is None or start < end:
            yield TimeRange(start, end)


def moment(text: str) -> int:
    """Return the ms UTC of a day such as 20240101, or of a time as `parse_time` reads it."""
    if compact := _COMPACT.fullmatch(text):
        return parse_time("-".join(compact.groups()))
    return parse_time(text)


def dates_of(days: range) -> list[str] | None:
    """Return the first and the last of some UTC days since 1970; None where there are none."""
    return [date_text(x * DAY) for x in (days[0], days[-1])] if days else None
