"""The page of a calibration: a reliability diagram, and the figures below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from divbot.cli.report.page import Page, filled, packaged
from divbot.scanner.evidence.calibration import Statements


def calibration_page(found: Statements, lines: Sequence[str], plotly: str) -> str:
    """Return the whole page; `lines` are what the terminal shows, the first is the title."""
    title, *figures = lines
    page = Page(
        name=title,
        title=title,
        is_simulated=False,
        lines=(
            "a confidence is stated when a divergence is confirmed, and compared with what came",
        ),
        body=filled(
            packaged("calibration.html"), {"figures": escape("\n".join(figures).strip("\n"))}
        ),
        data={"share": found.share, "bins": [asdict(x) for x in found.bins]},
        script="calibration.js",
    )
    return page.text(plotly)
