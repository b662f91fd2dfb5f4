"""The page of a calibration: how much weight a dot has is to be seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from divbot.cli.report.calibration import calibration_page
from divbot.scanner.evidence.calibration import Bin, Statements
from tests.cli.pages import Browse

BINS = tuple(
    Bin(low=low, high=low + 0.1, cases=cases, stated=low + 0.05, happened=low)
    for low, cases in ((0.2, 1), (0.3, 10_000), (0.4, 2_500), (0.5, 0))
)
DOTS = """
    const dots = [...document.querySelectorAll("#reliability .scatterlayer .point")];
    return [problems, dots.map((dot) => dot.getBBox().width)];
"""


def test_a_dot_is_as_large_as_it_has_cases(browse: Browse, tmp_path: Path) -> None:
    found = Statements(
        cases=12_501,
        share=0.3,
        stated=0.3,
        brier=0.2,
        brier_constant=0.2,
        calibration_error=0.01,
        expected=0.0,
        result=0.0,
        bins=BINS,
    )

    page = calibration_page(found, ["a title", "figures"], get_plotlyjs())
    problems, (few, most, quarter) = browse(tmp_path, page, DOTS)

    assert problems == []
    # The area tells, and one case is still to be seen.
    assert quarter == pytest.approx(most / 2, rel=0.02)
    assert 2 < few < most / 4
