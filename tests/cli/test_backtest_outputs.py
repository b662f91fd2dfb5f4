"""What `divbot backtest` prints, writes and answers, on recordings that are made up."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from divbot.app.journals import open_runs
from divbot.cli import exit_code
from divbot.cli.bias_text import Bias, bias_text
from divbot.domain.errors import InputError
from divbot.trading.figures.stats import Stats, measure
from tests.cli.pages import Markup
from tests.cli.test_backtest import HOUR, arguments, backtested, divbot, home, recording
from tests.research.fakes import START
from tests.trading.stories import START as FIRST
from tests.trading.stories import STARTED, dealt, five_trades, nothing_yet, recorded

__all__ = ["home", "recording"]


@pytest.fixture
def holed(recording: Path, tmp_path: Path) -> Path:
    """Return the recording without a day of one symbol."""
    frame = pd.read_csv(recording)
    gone = (frame.symbol == "BAAUSDT") & frame.open_time.between(
        START + 700 * HOUR, START + 723 * HOUR
    )
    path = tmp_path / "holed.csv"
    frame[~gone].to_csv(path, index=False)
    return path


def test_the_summary_is_what_stats_shows_of_the_run(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "-q")
    summary = capsys.readouterr().out
    divbot("stats")
    shown = capsys.readouterr().out

    (run,) = open_runs().all()
    assert summary == f"{shown}\njournal {run.path}\n"


def test_a_breakdown_follows_the_summary(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "-q", "--breakdown", "week")

    *_, table, journal = capsys.readouterr().out.split("\n\n")
    assert journal.startswith("journal ")
    rows = [line.split() for line in table.splitlines()]
    assert [row[0] for row in rows] == [
        "week",
        "2024-08-12",
        "2024-08-19",
        "2024-08-26",
        "2024-09-02",
    ]


def test_an_export_is_what_trades_prints_as_csv(
    recording: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "-q", "--export", "trades.csv")
    capsys.readouterr()
    divbot("trades", "--csv")

    exported = (home / "trades.csv").read_text()
    assert exported == capsys.readouterr().out
    frame = pd.read_csv(home / "trades.csv")
    assert len(frame) > 10
    assert {*frame.nature} == {"history"}


def test_hindsight_is_told_beside_what_could_be_known(
    recording: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--top", "3", "--universe", "now")
    backtested(recording, "-q", *few, "--report", "page.html")
    text = capsys.readouterr().out
    backtested(recording, "-q", *few, "--json")
    document = json.loads(capsys.readouterr().out)
    backtested(recording, "-q", "--top", "3", "--json")
    then = json.loads(capsys.readouterr().out)

    assert "\nSurvivorship bias\nfigure " in text
    bias = document["bias"]
    assert bias["now"]["total_return"] == document["total_return"]
    assert bias["then"]["closed"] == then["closed"]
    assert bias["survivorship_bias"] == document["total_return"] - then["total_return"]
    assert then["bias"] is None
    page = Markup((home / "page.html").read_text())
    assert ["figure", "then", "now", "difference"] in page.rows
    assert len(open_runs().all()) == 3  # what is only compared with is no run


def test_a_page_has_candles_months_hours_and_what_was_assumed(
    recording: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backtested(recording, "-q", "--report", "page.html")

    text = (home / "page.html").read_text()
    assert "HISTORY</h1>" in text
    assert "the history, candles of 1h" in text
    assert "<h2>Month by month</h2>" in text
    assert "<summary>By hour</summary>" in text
    assert "there are no candles shorter than 1h" in text
    assert "Survivorship" not in text

    monkeypatch.setenv("DIVBOT_STORE", str(home / "store"))
    divbot("data", "import", recording, "--market", "usdm")
    divbot("stats", "--report", "later.html")

    assert "the history, candles of 1h" in (home / "later.html").read_text()


def test_what_is_missing_is_listed_and_ends_with_4(
    holed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = exit_code(arguments(holed))
    told = capsys.readouterr().err
    allowed = exit_code(arguments(holed, "-q", "--allow-holes", "--json"))

    assert (code, allowed) == (4, 0)
    hole = "candles of BAAUSDT are missing from 2024-08-28 04:00 to 2024-08-29 04:00 UTC"
    assert f"divbot: {hole}: no divergence spans that\n" in told
    (found,) = json.loads(capsys.readouterr().out)["holes"]
    assert found == {"symbol": "BAAUSDT", "start": START + 700 * HOUR, "end": START + 724 * HOUR}


def test_funding_that_is_missing_is_listed_and_ends_with_4(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    due = [START + n * HOUR for n in range(0, 4000, 8) if n not in (704, 712)]
    rates = pd.DataFrame({"symbol": "BAAUSDT", "time": due, "rate": 0.0001})
    rates.to_csv(tmp_path / "rates.csv", index=False)
    store = ("--store", str(tmp_path / "store"))
    for file in (recording, tmp_path / "rates.csv"):
        assert exit_code(["data", "import", str(file), *store]) == 0
    few = ("--symbols", "BAAUSDT", "--detail", "1h", "--json")
    words = [*arguments(recording), *store, *few]
    at = words.index("--recorded")
    words[at : at + 2] = []
    capsys.readouterr()

    assert exit_code(words) == 4

    told = capsys.readouterr()
    hole = "funding rates of BAAUSDT are missing from 2024-08-28 08:00 to 2024-08-29 00:00 UTC"
    assert f"divbot: {hole}: positions pay and get none then\n" in told.err
    (found,) = json.loads(told.out)["unpaid"]
    assert found == {"symbol": "BAAUSDT", "start": START + 704 * HOUR, "end": START + 720 * HOUR}


def test_a_hole_that_is_not_traded_over_is_none(holed: Path) -> None:
    assert exit_code(arguments(holed, "-q", "--symbols", "AAAUSDT,CAAUSDT")) == 0
    assert exit_code(arguments(holed, "-q", "--timerange", f"{START + 730 * HOUR}-")) == 0


def test_an_unknown_symbol_is_told_with_the_nearest_name(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=r"AAAUSDX.*AAAUSDT"):
        backtested(recording, "-q", "--symbols", "AAAUSDX")

    backtested(recording, "--symbols", "BAAUSDT,AAAUSDX")

    assert "divbot: AAAUSDX: the venue does not list it" in capsys.readouterr().err


def test_nobody_is_sent_to_fetch_the_future(recording: Path) -> None:
    with pytest.raises(InputError) as ahead:
        backtested(recording, "--timerange", "20990101-20990201")
    with pytest.raises(InputError) as before:
        backtested(recording, "--timerange", "20200101-20200201")

    assert "divbot data" not in str(ahead.value)
    assert "divbot data download --market usdm -i 1h --top 400" in str(before.value)
    assert "--timerange 20200101-20200201" in str(before.value)


@pytest.mark.parametrize("flag", ["--report", "--export"])
def test_what_cannot_be_written_is_told_before_anything_is_traded(
    flag: str, recording: Path
) -> None:
    assert exit_code(arguments(recording, "-q", flag, "missing/file.html")) == 2

    assert open_runs().all() == ()


def stats_of(profit: str) -> Stats:
    run = recorded(STARTED, *dealt(1, FIRST, FIRST + HOUR, profit))
    return measure(run.events, run.ledger)


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        ("-20", "10", "The list of the end makes the return 3.00 points better than it was."),
        ("10", "-20", "The list of the end makes the return 3.00 points worse than it was."),
        ("10", "10", "The list of the end changes nothing in the return of this range."),
    ],
)
def test_the_bias_is_told_in_a_sentence(then: str, now: str, verdict: str) -> None:
    assert Bias(stats_of(then), stats_of(now)).verdict == verdict


def test_what_one_of_two_runs_does_not_know_has_no_difference() -> None:
    stats = [measure(x.events, x.ledger) for x in (nothing_yet(), five_trades())]

    lines = {line[:16].strip(): line for line in bias_text(Bias(*stats)).splitlines()}

    assert lines["win rate"].split()[2:] == ["n/a", "25.00%"]
    assert lines["trades"].split() == ["trades", "0", "4", "+4"]
