"""What scanner and engine have to say besides events: lines for people, and as JSON."""

from __future__ import annotations

from divbot.cli.figures import harmless
from divbot.cli.lines import LogLevel, json_line, log_line


def notice_line(at: int, text: str, *, is_warning: bool = False) -> str:
    """Return `text` as a line of a log; `at` is ms UTC of the market."""
    return log_line(at, harmless(text), LogLevel.WARNING if is_warning else LogLevel.INFO)


def notice_json(at: int, text: str, *, is_warning: bool = False, is_detail: bool = False) -> str:
    """Return `text` as one line of JSON."""
    level = "warning" if is_warning else "debug" if is_detail else "info"
    return json_line({"event": "notice", "at": at, "level": level, "text": text})
