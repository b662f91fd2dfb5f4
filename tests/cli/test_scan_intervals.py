"""`divbot scan` at several intervals: one table, one CSV, one document of reports."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import divbot
from divbot import Report, cli
from divbot.cli.destination import Fit
from divbot.cli.interval_table import text_of_all
from divbot.cli.output import csv_of_all
from divbot.domain.market import Interval
from divbot.scanner.report_documents import OPPORTUNITY_FIELDS
from divbot.scanner.together import reports_document
from tests.cli.pages import Markup, data_of

SEVERAL = ("scan", "-i", "15m,5m,1h", "--top", "60", "--sequential", "--quiet")


@pytest.fixture
def desk(quiet_market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIVBOT_BASE_URL", quiet_market)
    return tmp_path


def test_one_table_has_the_interval_and_what_the_longer_ones_say(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code([*SEVERAL, "--best", "9", "--explain", "--report", "page.html"])

    title, head, *lines = capsys.readouterr().out.splitlines()
    rows = [x.split() for x in lines[:9]]
    assert code == 0
    assert title == (
        "local exchange USD-M futures, 5m as of 2024-07-30 09:00 UTC, 15m as of 2024-07-30 09:00 "
        "UTC, 1h as of 2024-07-30 09:00 UTC - SIMULATED PRICES"
    )
    assert head.split()[:4] == ["#", "symbol", "interval", "signal"]
    assert head.split()[-3:] == ["confirmed", "15m", "1h"]
    assert [x[0] for x in rows] == [str(x) for x in range(1, 10)]
    assert {x[2] for x in rows} <= {"5m", "15m", "1h"}
    assert any(x.startswith("15m divergences: ") for x in lines)
    assert any(x.startswith("1 ") and " scores " in x for x in lines)
    text = (desk / "page.html").read_text("utf-8")
    page, data = Markup(text), data_of(text)
    assert [x[:3] for x in page.rows[1:]] == [x[:3] for x in rows]
    assert page.rows[0][-3:] == ["15m", "1h", "charts"]
    charts = [(data["series"][x["series"]]["at"], x["plans"][0]) for x in data["shown"]]
    assert [f"{at[1] - at[0]}" for at, _ in charts] == [
        f"{Interval(x[2]).milliseconds}" for x in rows
    ]
    assert [plan["side"] for _, plan in charts] == [x[3].rstrip("*") for x in rows]


@pytest.fixture(scope="module")
def reports(quiet_market: str) -> dict[Interval, Report]:
    """Return those of one scan: each costs the weight of three."""
    return divbot.scans(
        intervals=["15m", "5m", "1h"], top=60, sequential=True, base_url=quiet_market
    )


def test_the_columns_of_longer_intervals_are_the_last_to_be_left_out(
    reports: dict[Interval, Report],
) -> None:
    head = text_of_all(reports, 3, Fit(70)).splitlines()[1]

    assert "15m" in head.split()
    assert len(head) <= 70


def test_json_has_a_report_for_each_interval(reports: dict[Interval, Report]) -> None:
    document = reports_document(reports, with_divergences=False)

    found = {x: y["opportunities"][0] for x, y in document["reports"].items()}
    assert list(document) == ["schema", "venue", "market", "intervals", "simulated", "reports"]
    assert document["intervals"] == list(document["reports"]) == ["5m", "15m", "1h"]
    assert [x["interval"] for x in document["reports"].values()] == ["5m", "15m", "1h"]
    assert {x: list(y["higher"]) for x, y in found.items()} == {
        "5m": ["15m", "1h"],
        "15m": ["1h"],
        "1h": [],
    }
    assert set(found["15m"]["higher"]["1h"]) == {"as_of", "trend", "way", "divergence", "age"}


def test_csv_has_columns_for_what_the_longer_intervals_say(
    reports: dict[Interval, Report],
) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of_all(reports, 20))))

    first = list(rows[0])
    assert first[: len(OPPORTUNITY_FIELDS)] == list(OPPORTUNITY_FIELDS)
    assert first[-9:] == [
        "aligned",
        *("trend_15m", "way_15m", "divergence_15m", "age_15m"),
        *("trend_1h", "way_1h", "divergence_1h", "age_1h"),
    ]
    assert [x["rank"] for x in rows] == [str(x) for x in range(1, len(rows) + 1)]
    scores = [float(x["score"]) for x in rows]
    assert scores == sorted(scores, reverse=True)
    against = {"BUY": "down", "SELL": "up"}
    for row in rows:
        if row["aligned"] == "true":
            assert against[row["signal"]] not in (row["way_15m"], row["way_1h"])


REFUSED = {
    "twice": ("scan", ["-i", "5m,15m,5m"], "intervals: expected each once, found 5m twice"),
    "twice in a watch": ("watch", ["-i", "1h,1h"], "expected each once, found 1h twice"),
    "no interval": ("scan", ["-i", "5m,7m"], "intervals: expected one of 1s, 1m"),
    "neither one nor several": ("scan", ["-i", ","], "intervals: expected lengths of a candle"),
    "none of the market": ("watch", ["-i", "1s,5m"], "interval 1s exists on spot only"),
    "nothing to align with": ("scan", ["--aligned"], "expected longer intervals to align 5m with"),
    "nor in a watch": ("watch", ["--aligned"], "expected longer intervals to align 5m with"),
}


@pytest.mark.parametrize(("command", "flags", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_one_line(
    command: str, flags: list[str], said: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code([command, *flags])

    error = capsys.readouterr().err
    assert code == 2
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("flag", ["--interval", "--intervals", "-i"])
def test_one_interval_is_one_however_it_is_written(
    flag: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.exit_code(["scan", flag, "15m", "--top", "3", "--sequential", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert document["interval"] == "15m"
    assert "reports" not in document


def test_a_script_gets_a_report_for_each_interval(reports: dict[Interval, Report]) -> None:
    assert [(x, y.interval) for x, y in reports.items()] == [
        ("5m", "5m"),
        ("15m", "15m"),
        ("1h", "1h"),
    ]
    with pytest.raises(divbot.InputError, match=r"divbot\.scans takes several intervals"):
        divbot.scan(intervals=["1h", "5m"])


def test_several_intervals_of_a_file_are_for_those_that_take_several(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "divbot.toml").write_text(
        'intervals = ["5m", "1h"]\naligned = true\ninterval = "15m"\nsequential = true\n'
    )

    code = cli.exit_code(["chart", "BTCUSDT"])
    report = divbot.scan(top=5)
    capsys.readouterr()
    cli.exit_code(["scan", "--top", "5", "--json"])

    assert code == 0
    assert (desk / "BTCUSDT-15m.html").exists()
    assert report.interval == "15m"
    assert json.loads(capsys.readouterr().out)["intervals"] == ["5m", "1h"]
