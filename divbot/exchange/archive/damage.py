"""Rows of a file, spoiled: whatever they tell, by their lines alone."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from divbot.domain.durations import DAY, HOUR

_MISSING_HOURS = 7
_MICROSECONDS_FROM = 10**14
_CLOSE_TIME = 6  # among the twelve columns of candles

Lines = list[bytes]


def damaged(lines: bytes, kind: str, key: str) -> bytes:
    """Return the lines of the file `key` as a defect of that kind leaves them."""
    rows = lines.splitlines(keepends=True)
    if not rows:
        return lines
    return b"".join(WAYS[kind](rows, crc32(key.encode())))


def _without(length: int) -> Callable[[Lines, int], Lines]:
    """Leave out what opens within one stretch of so many ms that begins on a multiple of it."""

    def spoiled(rows: Lines, chance: int) -> Lines:
        slots = [_time(row) // length for row in rows]
        # Neither the first nor the last: a hole has two sides.
        inner = sorted(set(slots))[1:-1]
        gone = inner[chance % len(inner)] if inner else None
        return [row for row, slot in zip(rows, slots, strict=True) if slot != gone]

    return spoiled


def _twice(rows: Lines, _: int) -> Lines:
    first, end = _middle(rows)
    return rows[:end] + rows[first:end] + rows[end:]


def _out_of_order(rows: Lines, _: int) -> Lines:
    half = len(rows) // 2
    return rows[half:] + rows[:half]


def _contradicting(rows: Lines, _: int) -> Lines:
    first, end = _middle(rows)
    return [*rows[:end], _told_as(rows[end - 1], rows[first]), *rows[end:]]


def _wrong(rows: Lines, _: int) -> Lines:
    first, end = _middle(rows)
    told = [
        _told_as(row, other) for row, other in zip(rows[first:end], rows[end:first:-1], strict=True)
    ]
    return rows[:first] + told + rows[end:]


def _middle(rows: Lines) -> tuple[int, int]:
    """Return the places of the third quarter's begin and end."""
    return len(rows) // 2, len(rows) * 3 // 4


def _told_as(row: bytes, other: bytes) -> bytes:
    """Return `row` with its own times and all else of `other`."""
    own, fields = row.split(b","), other.split(b",")
    for column in (0, _CLOSE_TIME):
        if column < len(own):
            fields[column] = own[column]
    return b",".join(fields)


def _time(row: bytes) -> int:
    time = int(row[: row.index(b",")])
    return time // 1000 if time >= _MICROSECONDS_FROM else time


WAYS: dict[str, Callable[[Lines, int], Lines]] = {
    "missing_day": _without(DAY),
    "missing_hours": _without(_MISSING_HOURS * HOUR),
    "rows_twice": _twice,
    "rows_out_of_order": _out_of_order,
    "rows_contradict": _contradicting,
    "wrong_values": _wrong,
    "replaced": _wrong,
}
