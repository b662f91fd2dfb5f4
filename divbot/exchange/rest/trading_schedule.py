"""When the underlyings of traditional contracts are traded: sessions of New York.

The contracts themselves are traded at all times. Holidays are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from divbot.domain.durations import DAY
from divbot.exchange.rest.json_text import JsonObject

_DAYS_TOLD = 7
_EQUITY = (
    (-4.0, 4.0, "OVERNIGHT"),
    (4.0, 9.5, "PRE_MARKET"),
    (9.5, 16.0, "REGULAR"),
    (16.0, 20.0, "AFTER_MARKET"),
)
"""Sessions of a trading day, in hours of New York: from the evening before on."""
_COMMODITY = ((9.5, 16.0, "REGULAR"),)
_EVENING = 20.0
"""When a day of trading ends and the next one begins."""
_SATURDAY = 5


def trading_schedule(now: int) -> JsonObject:
    """Return the sessions of a week, from the day before `now` (ms UTC) on."""
    midnight = datetime.fromtimestamp(now // DAY * DAY / 1000, UTC)
    days = [midnight + timedelta(days=number) for number in range(-1, _DAYS_TOLD - 1)]
    schedules = {
        name: {"sessions": list(_without_holes(days, _sessions(days, sessions)))}
        for name, sessions in (("EQUITY", _EQUITY), ("COMMODITY", _COMMODITY))
    }
    return {"updateTime": now, "marketSchedules": schedules}


def _sessions(
    days: list[datetime], sessions: tuple[tuple[float, float, str], ...]
) -> Iterator[JsonObject]:
    for day in days:
        if day.weekday() < _SATURDAY:
            for start, end, kind in sessions:
                yield {"startTime": _at(day, start), "endTime": _at(day, end), "type": kind}


def _without_holes(days: list[datetime], sessions: Iterator[JsonObject]) -> Iterator[JsonObject]:
    """Yield the sessions, and before, between and after them that nothing is traded."""
    told = _at(days[0], _EVENING - 24)
    for session in sessions:
        yield from _pause(told, session["startTime"])
        yield session
        told = session["endTime"]
    yield from _pause(told, _at(days[-1], _EVENING))


def _pause(start: int, end: int) -> Iterator[JsonObject]:
    if start < end:
        yield {"startTime": start, "endTime": end, "type": "NO_TRADING"}


def _at(day: datetime, hours: float) -> int:
    """Return the ms UTC at which it is `hours` of `day` in New York."""
    offset = 4 if _has_summer_time(day) else 5
    return round((day + timedelta(hours=hours + offset)).timestamp() * 1000)


def _has_summer_time(day: datetime) -> bool:
    """Tell whether New York has it: from March's second Sunday to November's first."""
    return _sunday(day.year, 3, after=8) <= day < _sunday(day.year, 11, after=1)


def _sunday(year: int, month: int, *, after: int) -> datetime:
    first = datetime(year, month, after, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7)
