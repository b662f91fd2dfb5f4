"""The latest report, for whoever wants it: swapped under a lock, never waited for."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from divbot.scanner.report import Report


@dataclass(frozen=True, slots=True)
class Published:
    """A report, its number, and when its scan began (ms UTC of the market).

    What it says of the first symbol that was asked for is as old as that.
    """

    version: int
    at: int
    report: Report


class ReportCache:
    """Hold one immutable report at a time; safe to use from any thread."""

    def __init__(self) -> None:
        # Guards `_latest`, and so the order of versions.
        self._lock = threading.Lock()
        self._latest: Published | None = None

    def publish(self, report: Report, at: int) -> Published:
        """Put `report` in the place of the one before; return it with its number."""
        with self._lock:
            version = self._latest.version + 1 if self._latest else 1
            self._latest = Published(version, at, report)
            return self._latest

    def latest(self) -> Published | None:
        """Return the newest report; None while there is none."""
        with self._lock:
            return self._latest
