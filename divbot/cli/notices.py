"""What scanner and engine have to say besides events: lines for people, and as JSON."""

from __future__ import annotations

from divbot.cli.figures import harmless
from divbot.cli.lines import json_line
from divbot.domain.clock import utc_text


def notice_line(at: int, text: str, *, is_warning: bool = False) -> str:
    """Return `text` as a line of a log; `at` is ms UTC of the market."""
    warning = "warning: " if is_warning else ""
    return f"{utc_text(at, seconds=True)} {warning}{harmless(text)}"


def notice_json(at: int, text: str, *, is_warning: bool = False) -> str:
    """Return `text` as one line of JSON."""
    level = "warning" if is_warning else "info"
    return json_line({"event": "notice", "at": at, "level": level, "text": text})
