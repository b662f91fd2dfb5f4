"""What scanner and engine have to say besides events: lines for people, and as JSON."""

from __future__ import annotations

from divbot.cli.figures import harmless
from divbot.cli.lines import json_line
from divbot.domain.clock import utc_text

OLD = 120_000
"""From this age on, in ms, a report is warned about."""


def scanning() -> str:
    """Say that the background scanner began a scan."""
    return "[Background] scanning market"


def found(opportunities: int) -> str:
    """Say that the background scanner published a report."""
    return f"[Background] found {opportunities} opportunities"


def scan_failed(error: str) -> str:
    """Say that a scan came to nothing."""
    return f"[Background] scan failed: {error}; going on with the next scan"


def processing(opportunities: int, age: int) -> str:
    """Say that the engine looks at a report that was published `age` ms ago."""
    return (
        f"processing {opportunities} opportunities from background scanner (age: {_seconds(age)})"
    )


def old_report(age: int) -> str:
    """Warn that there has been no new report for `age` ms."""
    return f"the scanner's report is older than two minutes (age: {_seconds(age)})"


def notice_line(at: int, text: str, *, is_warning: bool = False) -> str:
    """Return `text` as a line of a log; `at` is ms UTC of the market."""
    warning = "warning: " if is_warning else ""
    return f"{utc_text(at, seconds=True)} {warning}{harmless(text)}"


def notice_json(at: int, text: str, *, is_warning: bool = False) -> str:
    """Return `text` as one line of JSON."""
    level = "warning" if is_warning else "info"
    return json_line({"event": "notice", "at": at, "level": level, "text": text})


def _seconds(ms: int) -> str:
    return f"{max(ms, 0) // 1000}s"
