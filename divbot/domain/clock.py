"""Time, injected: nothing but a Clock reads a clock or waits.

One unit everywhere: milliseconds since 1970-01-01 UTC. Dates exist only where text is printed.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

EARLIEST, LATEST = 1_000_000_000_000, 10_000_000_000_000
"""What a time lies between in ms UTC: the years 2001 and 2286."""
_UNITS = {10: "seconds", 16: "microseconds", 19: "nanoseconds"}
"""By the digits that a time has in them."""
_SHOWN = 40
_TIME = {False: "%H:%M", True: "%H:%M:%S"}
"""Of the day, without seconds and with them."""


class Clock(Protocol):
    """Tell the time and wait for it to pass: a machine's time, or a venue's."""

    def now(self) -> int:
        """Return the time, in ms UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Wait; return True when `stop` was set meanwhile."""


class SystemClock:
    """Read the machine's own clocks."""

    def now(self) -> int:
        """Return the time, in ms UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""
        return time.monotonic()

    def processor(self) -> float:
        """Return the processor seconds that this thread has had."""
        return time.thread_time()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Wait; return True when `stop` was set meanwhile."""
        return (stop or threading.Event()).wait(max(seconds, 0.0))


class ManualClock:
    """Stand still until told otherwise: for tests, and for replaying a market."""

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> int:
        """Return the time, in ms UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._monotonic += seconds
        self._now += round(seconds * 1000)

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Let `seconds` pass at once, unless `stop` is set already."""
        if stop is not None and stop.is_set():
            return True
        self.advance(max(seconds, 0.0))
        return False


def utc_text(ms: int, *, seconds: bool = False) -> str:
    """Return `ms` as `2024-07-30 09:35` (UTC), or with `seconds` as `2024-07-30 09:35:07`."""
    return _written(ms, f"%Y-%m-%d {_TIME[seconds]}")


def date_text(ms: int) -> str:
    """Return the date of `ms`, as `2024-07-30` (UTC)."""
    return _written(ms, "%Y-%m-%d")


def month_text(ms: int) -> str:
    """Return the month of `ms`, as `2024-07` (UTC)."""
    return _written(ms, "%Y-%m")


def day_text(ms: int, *, seconds: bool = False) -> str:
    """Return `ms` without its year, as `07-30 09:35` (UTC)."""
    return _written(ms, f"%m-%d {_TIME[seconds]}")


def time_text(ms: int) -> str:
    """Return the time of day of `ms`, as `09:35` (UTC)."""
    return _written(ms, _TIME[False])


def _written(ms: int, form: str) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime(form)


def parse_time(text: str) -> int:
    """Return the ms UTC that `text` names: a whole number of ms, or an ISO date and time.

    A time without a zone is UTC. Raise ValueError when `text` is neither.
    """
    digits = text.strip()
    if digits.isascii() and digits.isdigit():
        # No more of them than are shown: int() makes nothing of thousands, and no time has forty.
        return plausible_ms(int(digits[:_SHOWN]))
    try:
        moment = datetime.fromisoformat(digits)
    except ValueError:
        expected = "a time such as 2024-07-30T09:00 or 1722330000000"
        raise ValueError(f"expected {expected}, found {text[:_SHOWN]!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def plausible_ms(time: object) -> int:
    """Return `time`, where it is a moment in ms UTC; raise ValueError where it is not.

    In seconds it would lie in January 1970, in microseconds far beyond any market.
    """
    if type(time) is not int or not EARLIEST <= time < LATEST:
        raise ValueError(f"expected a time in milliseconds (13 digits), found {_described(time)}")
    return time


def _described(time: object) -> str:
    text = repr(time)[:_SHOWN]
    if type(time) is int and (unit := _UNITS.get(len(text))):
        return f"{text}, which looks like {unit}"
    return text
