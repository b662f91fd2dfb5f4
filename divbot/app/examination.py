"""The composition of charts: the symbols of a report, examined as the settings trade them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from divbot.app.scan_rules import limit_of, plan_rules

if TYPE_CHECKING:
    from divbot.scanner.checks.examination import Examination
    from divbot.scanner.report import Report
    from divbot.settings import Settings


def examined(report: Report, settings: Settings) -> dict[str, Examination]:
    """Return by symbol what the candles of `report` show."""
    from divbot.scanner.checks.examination import examine

    limit, rules = limit_of(settings), plan_rules(settings)
    return {
        symbol: examine(symbol, candles, report.interval, limit, rules)
        for symbol, candles in report.candles.items()
    }
