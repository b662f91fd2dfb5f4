"""The hours in which nobody wants to be told: 22:00-07:00, or 22:00-07:00 Europe/Berlin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from divbot.domain.bounds import Reader

_WRITTEN = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)(?:\s+(\S+))?", re.ASCII)
_DAYS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of each day to another, of the next day where that is not later."""

    begin: time
    end: time
    zone: tzinfo = UTC

    def left(self, now: int) -> float:
        """Return the seconds from `now` (ms UTC) to their end; 0: they are not on."""
        here = datetime.fromtimestamp(now / 1000, self.zone)
        for days in _DAYS:
            day = here.date() + timedelta(days=days)
            begin = datetime.combine(day, self.begin, self.zone).timestamp()
            last = day if self.begin < self.end else day + timedelta(days=1)
            end = datetime.combine(last, self.end, self.zone).timestamp()
            if begin <= now / 1000 < end:
                return end - now / 1000
        return 0.0


class QuietHoursText(Reader[QuietHours]):
    """Two times of a day, and a time zone."""

    def __str__(self) -> str:
        return "hours such as 22:00-07:00, with a zone such as Europe/Berlin unless they are UTC"

    def _taken(self, value: object) -> QuietHours | None:
        if isinstance(value, QuietHours):
            return value
        match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            return None
        try:
            begin, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
            zone = ZoneInfo(match[5]) if match[5] and match[5].upper() != "UTC" else UTC
        except (ValueError, OSError, LookupError):  # as zoneinfo says that there is no such zone
            return None
        return QuietHours(begin, end, zone) if begin != end else None
