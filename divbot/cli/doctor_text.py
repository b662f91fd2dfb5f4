"""What a check of this machine found, as lines and as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from divbot.app.checkup import Check, Health
from divbot.cli.columns import words_on_lines
from divbot.cli.destination import Fit
from divbot.cli.figures import harmless
from divbot.version import __version__

_COLOURS = {Health.GOOD: "\33[32m", Health.DOUBTFUL: "\33[33m", Health.BAD: "\33[1;31m"}
_PLAIN = "\33[0m"
_HEALTH, _SUBJECT = 9, 15
_MARGIN = _HEALTH + _SUBJECT
_NARROWEST = 30


def check_line(check: Check, fit: Fit) -> str:
    """Return one check, on more than one line where the terminal is narrow."""
    between = "; " if check.health is Health.GOOD else ". To do: "
    advice = between + check.advice if check.advice else ""
    width = fit.width and max(fit.width - _MARGIN, _NARROWEST)
    lines = words_on_lines(harmless(check.found + advice), width)
    health = f"{check.health.value:{_HEALTH}}"
    if fit.is_coloured:
        health = f"{_COLOURS[check.health]}{health}{_PLAIN}"
    head = f"{health}{check.subject:{_SUBJECT}}"
    return head + f"\n{' ' * _MARGIN}".join(lines) + "\n"


def checkup_sum(found: Sequence[Check]) -> str:
    """Return how many checks came out how."""
    counts = Counter(x.health for x in found)
    return (
        f"\n{len(found)} checks: "
        + ", ".join(f"{counts[x]} {x.value}" for x in Health if counts[x])
        + "\n"
    )


def checkup_document(found: Sequence[Check]) -> dict[str, object]:
    """Return all checks for JSON."""
    return {
        "version": __version__,
        "is_well": all(x.health is not Health.BAD for x in found),
        "checks": [
            {
                "subject": x.subject,
                "health": x.health.value,
                "found": x.found,
                "advice": x.advice or None,
            }
            for x in found
        ],
    }
