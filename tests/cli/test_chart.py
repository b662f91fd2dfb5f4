"""`divbot chart` and `divbot scan --report` as their user calls them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from divbot.cli import command_line
from divbot.cli.chart import file_name
from divbot.domain.errors import InputError
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD
from tests.cli.commands import divbot
from tests.cli.pages import EVIL
from tests.conftest import STANDSTILL


@pytest.fixture(scope="module")
def awkward_market() -> Iterator[str]:
    options = ExchangeOptions(symbols=3, seed=7, at=STANDSTILL, speed=0.0)
    with EmbeddedExchange(options, PRELOAD) as exchange:
        yield exchange.base_url


def test_a_chart_is_written_beside_and_told(quiet_market: str, tmp_path: Path) -> None:
    run = divbot("chart", "btcusdt", "--base-url", quiet_market, folder=tmp_path)

    heading, counts, written = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, "")
    assert heading == (
        "BTCUSDT, local exchange USD-M futures, 5m, as of 2024-07-30 09:00 UTC - SIMULATED PRICES"
    )
    assert re.match(r"498 candles, \d+ divergences \(.*\), \d+ open to trade$", counts)
    assert written == "BTCUSDT-5m.html written"
    assert [x.name for x in tmp_path.iterdir()] == ["BTCUSDT-5m.html"]
    text = (tmp_path / "BTCUSDT-5m.html").read_text("utf-8")
    assert heading in text
    assert text.count("* plotly.js v") == 1


def test_a_chart_has_every_divergence_that_a_scan_lists(quiet_market: str, tmp_path: Path) -> None:
    page = tmp_path / "chart.html"
    options = ("--base-url", quiet_market, "--market", "spot", "-i", "15m", "--limit", "700")

    divbot("chart", "ETHUSDT", *options, "--output", page)
    scan = divbot("scan", "--symbols", "ETHUSDT", *options, "--json", "--all")

    (data,) = re.findall(r'id="data">(.*?)</script>', page.read_text("utf-8"))
    (series,) = json.loads(data)["series"]
    at = series["at"]
    assert len(at) == 699
    assert [
        (x["kind"], *(at[row] for row in x["rows"]), at[x["confirmed"]])
        for x in series["divergences"]
    ] == [
        (x["kind"], x["previous_pivot"], x["pivot"], x["confirmed"])
        for x in json.loads(scan.stdout)["divergences"]
    ]


def test_a_page_on_stdout_stands_there_alone(quiet_market: str, tmp_path: Path) -> None:
    run = divbot("chart", "BTCUSDT", "--base-url", quiet_market, "--output", "-", folder=tmp_path)

    assert run.stdout.startswith("<!doctype html>")
    assert run.stdout.rstrip().endswith("</html>")
    assert run.stderr.startswith("BTCUSDT, local exchange")
    assert not list(tmp_path.iterdir())


def test_a_scan_writes_its_table_and_its_page(quiet_market: str, tmp_path: Path) -> None:
    page = tmp_path / "scan.html"

    run = divbot(
        *("scan", "--base-url", quiet_market, "--top", "60", "--best", "3", "--workers", "2"),
        *("--report", page),
    )

    shown = [line.split()[1] for line in run.stdout.splitlines()[2:5]]
    assert (run.returncode, run.stderr) == (0, f"divbot: {page} written\n")
    text = page.read_text("utf-8")
    assert re.findall(r"<h2>\d\. (\w+): ", text) == shown
    assert text.count("* plotly.js v") == 1
    assert "SIMULATED PRICES</h1>" in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["BTCUSD"], 2, "did you mean BTCUSDT?"),
        (["BTCUSDT,ETHUSDT"], 2, "expected one symbol"),
        (["FRESHUSDT"], 4, "FRESHUSDT: 4 final candles, at least 300 are needed"),
        (["BTCUSDT", "--output", "missing/chart.html"], 2, "there is no folder"),
        (["BTCUSDT", "--output", "."], 2, "directory"),
        (["BTCUSDT", "--demo"], 2, "exclude each other"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_one_line(
    awkward_market: str, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    run = divbot("chart", *arguments, "--base-url", awkward_market, folder=tmp_path)

    assert (run.returncode, run.stdout) == (code, "")
    assert run.stderr.count("\n") == 1
    assert message in run.stderr
    assert not list(tmp_path.iterdir())


def test_a_chart_that_fails_leaves_the_old_file_alone(awkward_market: str, tmp_path: Path) -> None:
    file = tmp_path / "chart.html"
    file.write_text("old")

    run = divbot("chart", "FRESHUSDT", "--base-url", awkward_market, "--output", file)

    assert run.returncode == 4
    assert [(x.name, x.read_text()) for x in tmp_path.iterdir()] == [("chart.html", "old")]


def test_a_report_that_cannot_be_written_is_told_before_the_scan(tmp_path: Path) -> None:
    run = divbot("scan", "--demo", "--report", tmp_path / "missing" / "scan.html")

    assert (run.returncode, run.stdout) == (2, "")
    assert "there is no folder" in run.stderr


@pytest.mark.parametrize(
    "arguments", [["chart", "BTCUSDT"], ["scan", "--report", "scan.html"]], ids=["chart", "scan"]
)
def test_without_plotly_one_is_told_what_to_install(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match=r"draws with plotly, .* -m pip install 'plotly>=6'$"):
        command_line()(arguments, standalone_mode=False)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("币安人生USDT", "币安人生USDT"),
        ("../../etc/x", "______etc_x"),
        (EVIL, "__script__img_src_x_onerror_alert_1_____"),
    ],
)
def test_a_file_s_name_stays_in_its_folder(symbol: str, name: str) -> None:
    assert file_name(symbol) == name


def test_what_is_excluded_from_scans_can_be_looked_at(quiet_market: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    run = divbot(
        *("chart", "BTCUSDT", "--base-url", quiet_market, "--output", str(page)),
        DIVBOT_EXCLUDE="BTC*",
    )

    assert run.returncode == 0, run.stderr
    assert page.exists()
