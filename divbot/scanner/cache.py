"""The latest report, for whoever wants it: swapped under a lock, never waited for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from divbot.domain.market import Interval
from divbot.domain.signals import Findings
from divbot.scanner.report import Report


@dataclass(frozen=True, slots=True)
class Published:
    """A report, and what a trader needs of it.

    Its findings are dated by the beginning of the scan, when the first symbol was asked for.
    """

    report: Report
    findings: Findings
    count: int
    """Reports of its interval so far, this one included."""


class ReportCache:
    """Hold the newest report of each interval, all immutable; safe to use from any thread."""

    def __init__(self) -> None:
        # Guards what follows, and so the order of versions.
        self._lock = threading.Lock()
        self._latest: Published | None = None
        self._by_interval: dict[Interval, Published] = {}

    def publish(self, report: Report, at: int) -> Published:
        """Put `report`, whose scan began `at` (ms UTC of the market), in the place of its last."""
        with self._lock:
            version = self._latest.findings.version + 1 if self._latest else 1
            findings = Findings(
                version, at, report.interval, report.open_to_trade, report.fresh, report.held
            )
            last = self._by_interval.get(report.interval)
            self._latest = Published(report, findings, last.count + 1 if last else 1)
            self._by_interval[report.interval] = self._latest
            return self._latest

    def latest(self) -> Published | None:
        """Return the newest report, of whichever interval; None while there is none."""
        with self._lock:
            return self._latest

    def by_interval(self) -> Mapping[Interval, Published]:
        """Return the newest report of each interval, the shortest first."""
        with self._lock:
            found = dict(self._by_interval)
        return dict(sorted(found.items(), key=lambda x: x[0].milliseconds))

    def findings(self) -> Findings | None:
        """Return what a trader needs of the newest report; None while there is none."""
        latest = self.latest()
        return latest.findings if latest else None
