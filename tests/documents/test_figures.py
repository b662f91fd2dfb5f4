"""What the README says of worth is what the page of signals says, in fewer columns."""

from __future__ import annotations

import re

from tests.documents.pages import DOCS, README

ROW = re.compile(r"^\| ((?:USD-M|spot) .+) \|$", re.M)


def test_the_readme_s_figures_are_those_of_the_page_of_signals() -> None:
    whole = [cells(row) for row in ROW.findall((DOCS / "signals.md").read_text("utf-8"))]

    short = [cells(row) for row in ROW.findall(README.read_text("utf-8"))]

    assert short == [[*row[:3], row[-1]] for row in whole]
    assert short


def cells(row: str) -> list[str]:
    return row.split(" | ")
