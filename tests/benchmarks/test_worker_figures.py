"""What the benchmark of workers says of given figures."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scanning import Scan
from worker_figures import Row, Setup, advice, document, doubts, heading, recommended, row_of, table
from worker_picture import draw, problem

SCAN = Scan(
    process=2.0,
    total=1.5,
    listing=0.1,
    download=0.8,
    analysis=0.1,
    cpu=3.0,
    exchange=0.3,
    weight=900,
    others=0.0,
    pss=0.0,
)
SETUP = Setup(
    market="spot",
    symbols=400,
    latency=50.0,
    cores=2,
    repeats=3,
    keeps_candles=False,
    weight_limit=6000,
    floor=0.39,
    auto=2,
)


def row(workers: int, seconds: float, **others: float) -> Row:
    return replace(row_of(workers, [replace(SCAN, process=seconds)], 100.0), **others)


def test_a_row_holds_the_medians_of_its_scans():
    scans = [replace(SCAN, process=seconds, total=seconds / 2) for seconds in (4.0, 2.0, 3.0)]

    found = row_of(2, scans, 250.0)

    assert (found.seconds, found.fastest, found.slowest, found.cycle) == (3.0, 2.0, 4.0, 1.5)
    assert (found.cpu, found.memory) == (100.0, 250.0)
    assert (found.weight, found.weight_per_minute) == (900, 18_000.0)
    assert found.exchange == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("seconds", "workers"),
    [
        pytest.param({0: 2.0, 2: 1.0, 4: 1.2}, 2, id="the fastest"),
        pytest.param({0: 2.0, 2: 1.04, 4: 1.0}, 2, id="fewer that are as fast"),
        pytest.param({0: 1.0, 2: 1.0}, 0, id="none at all"),
        pytest.param({8: 1.0, 4: 1.01, 2: 1.2}, 4, id="in any order"),
    ],
)
def test_the_fewest_workers_are_recommended_that_are_as_fast_as_any(
    seconds: dict[int, float], workers: int
):
    rows = [row(number, each) for number, each in seconds.items()]

    assert recommended(rows).workers == workers


def test_the_advice_names_flags_and_what_the_venue_allows():
    said = list(advice(SETUP, [row(0, 2.0), row(2, 1.5), row(4, 1.0)]))

    assert said == [
        "recommended here: --workers 4 (1.00 s, 100 MB)",
        "--workers auto takes --workers 2, 1.50 times as long",
        "a scan costs 900 request weight, the venue allows 6000 a minute: 6.7 scans",
        "the bytes alone, all 400 answers: 0.39 s",
    ]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"others": 0.3}, ["noisy, other programs used up to 30%"], id="noise"),
        pytest.param({"exchange": 0.97}, ["the bottleneck with 2 workers"], id="exchange"),
        pytest.param({"slowest": 2.0}, ["differ by half and more"], id="spread"),
    ],
)
def test_doubtful_figures_are_doubted(figures: dict[str, float], said: list[str]):
    found = list(doubts([row(2, 1.0, **figures)]))

    assert len(found) == len(said)
    assert all(part in line for part, line in zip(said, found, strict=True))


def test_the_table_has_a_line_for_each_number_of_workers():
    lines = list(table([row(0, 2.0), row(32, 1.0)]))

    assert [line.split()[:3] for line in lines[1:]] == [
        ["none", "2.00", "2.00"],
        ["32", "1.00", "1.00"],
    ]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert heading(SETUP) == (
        "400 symbols, spot, 50 ms latency, all candles downloaded, 2 cores, medians of 3 runs"
    )


def test_the_document_holds_it_all():
    found = document(SETUP, [row(0, 2.0, others=0.5), row(2, 1.0)])

    assert (found["symbols"], found["recommended"], len(found["rows"])) == (400, 2, 2)
    assert found["rows"][1]["workers"] == 2
    assert len(found["warnings"]) == 1


def test_the_picture_is_one_page_that_needs_no_network(tmp_path: Path):
    pytest.importorskip("plotly", reason="needs plotly to draw")
    page = tmp_path / "workers.html"

    draw(page, SETUP, [row(0, 2.0, others=0.5), row(2, 1.0)])

    text = page.read_text("utf-8")
    assert not re.findall(r"<(?:script|link)[^>]* (?:src|href)=", text)
    assert "Plotly.newPlot" in text
    assert heading(SETUP) in text
    assert "other programs used up to 50%" in text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("x.jpg", "expected FILE.html or FILE.png", id="another kind"),
        pytest.param("none/x.html", "there is no folder", id="no folder"),
        pytest.param(".", "expected FILE.html or FILE.png", id="a folder"),
    ],
)
def test_a_picture_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, name: str, why: str
):
    assert why in problem(tmp_path / name)
