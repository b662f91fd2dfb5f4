"""`divbot verify paper` where there is nothing to verify: one line, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot.cli import command_line
from divbot.domain.errors import InputError
from tests.research.fakes import Backtest, PricesOfArrays, WrittenReports, walk


@pytest.fixture
def a_backtest(tmp_path: Path) -> Path:
    prices, reports = PricesOfArrays({"AAAUSDT": walk(1, 30)}), WrittenReports(("AAAUSDT",), [])
    Backtest(prices, reports, minutes=20).run(tmp_path / "past.db")
    return tmp_path / "past.db"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param((), "past is a backtest, traded on final candles already", id="backtest"),
        pytest.param(
            ("--recorded", "x.csv", "--base-url", "http://127.0.0.1:9"),
            "--recorded and --base-url exclude each other",
            id="two sources",
        ),
        pytest.param(
            ("--recorded", "x.csv", "--store", "y"),
            "--recorded and --store exclude each other",
            id="recording and store",
        ),
        pytest.param(("--run", "y"), "--run and --journal exclude each other", id="two runs"),
    ],
)
def test_what_cannot_be_verified_is_told_in_a_line(
    given: tuple[str, ...], expected: str, a_backtest: Path
) -> None:
    arguments = ["verify", "paper", "--journal", str(a_backtest), "-q", *given]

    with pytest.raises(InputError) as raised:
        command_line()(arguments, prog_name="divbot", standalone_mode=False)

    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
