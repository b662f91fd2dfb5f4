"""`divbot verify paper` on runs that happened: over HTTP, on a local exchange, look by look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from divbot.cli import exit_code
from divbot.domain.clock import EARLIEST, LATEST, ManualClock, SystemClock
from divbot.domain.durations import MINUTE
from divbot.domain.errors import InputError
from divbot.domain.events import DEMO, SessionBegan
from divbot.domain.market import Interval, Market
from divbot.exchange.options import ExchangeOptions
from divbot.history.joined import JoinedHistory
from divbot.history.parts import RowSource
from divbot.history.store import Store
from divbot.trading.journal.journal import Journal
from tests.cli.paper_runs import STARTED
from tests.research.paper_runs import Course, chosen, trade
from tests.research.test_paper_against_backtest import (
    BEGIN,
    exchange,
    recording,  # noqa: F401 - a fixture
)

EVERY_MINUTE = {"looks": (MINUTE, MINUTE), "scan_begins": 0, "scan_takes": 0}


@dataclass(frozen=True)
class Place:
    """An exchange at a time that runs move on, and what it replays."""

    clock: ManualClock
    url: str
    recording: Path


@pytest.fixture(scope="module")
def place(recording: Path) -> Iterator[Place]:  # noqa: F811 - the fixture
    clock = ManualClock(BEGIN)
    with pytest.MonkeyPatch.context() as patch, exchange(clock, recording, patch) as url:
        yield Place(clock, url, recording)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("divbot.app.homes.cache_home", lambda: tmp_path / "cache")
    monkeypatch.chdir(tmp_path)


def span(first: int, last: int) -> tuple[int, int]:
    """Return from when to when these minutes after the beginning are."""
    return BEGIN + first * MINUTE, BEGIN + last * MINUTE


def course_of(place: Place, begins: int, minutes: int, **course: Any) -> Course:
    """Return a course that begins so many minutes after the others' beginning."""
    start = BEGIN + begins * MINUTE
    place.clock.advance((start - place.clock.now()) / 1000)
    return Course(start + minutes * MINUTE, **course)


def verified(journal: Path, *given: Any, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    """Return the exit code and the document of `divbot verify paper`."""
    arguments = ("verify", "paper", "--journal", journal, "--json", "-q", *given)
    code = exit_code([str(x) for x in arguments])
    printed = capsys.readouterr()
    assert printed.out, printed.err
    return code, json.loads(printed.out)


def stored(recorded: Path, folder: Path) -> None:
    """Put a recording into a store, as minutes and as the candles of the run."""
    history = JoinedHistory(recorded, Market.USDM, Interval.M1)
    store = Store(folder, Market.USDM)
    for interval in (Interval.M1, Interval.M5):
        for symbol in history.symbols(interval):
            candles = history.candles(symbol, interval, EARLIEST, LATEST)
            store.write(symbol, interval, candles, RowSource("recorded"))


def adds_up(document: Any) -> bool:
    """Tell whether the reasons come to the difference, of each trade and in all."""
    trades = document["trades"]
    parts = [sum(float(x["r"]) for x in each["parts"]) for each in trades]
    told = [float(x["difference_r"]) if x["parts"] else 0.0 for x in trades]
    costs = sum(float(x["r"]) for x in document["causes"].values())
    return parts == pytest.approx(told) and costs == pytest.approx(sum(told))


def test_what_went_wrong_in_a_run_is_told_by_its_name(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = course_of(
        place,
        34,
        225,
        looks=(15_000, 40_000),
        away=(span(38, 62), span(115, 243)),
        without_prices=(span(100, 113),),
        without_reports=(span(244, 280),),
    )
    settings = chosen(place.url, take_earlier=True)
    journal = trade(settings, place.clock, course, tmp_path / "run.db")

    code, document = verified(journal, "--recorded", place.recording, capsys=capsys)

    assert code == 0
    assert [x["ended"] for x in document["silences"]] == [True, False, True]
    texts = " ".join(x["text"] for each in document["trades"] for x in each["parts"])
    assert "not entered: the program was not running from 2025-05-21 06:3" in texts
    assert "the run saw no prices from 2025-05-21 07:" in texts
    assert "not entered: no report of 2025-05-21 10:" in texts
    assert adds_up(document)


def test_looks_at_the_same_moments_are_all_the_same(
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It ends with the look at which its last trade is entered.
    course = course_of(place, 399, 66, **EVERY_MINUTE)
    journal = trade(chosen(place.url), place.clock, course, tmp_path / "run.db")

    code, document = verified(journal, "--recorded", place.recording, capsys=capsys)

    assert code == 0
    assert document["same"] == len(document["trades"]) > 5
    assert document["causes"] == {}
    assert float(document["paper_r"]) == pytest.approx(float(document["again_r"]), abs=1e-6)

    # The same from a store, which is asked without being named once it has the run's time.
    asked = ["verify", "paper", "--journal", str(journal)]
    assert exit_code([*asked, "--store", str(tmp_path / "store")]) == 2
    assert "divbot data download --market usdm -i 5m --top 400" in capsys.readouterr().err
    stored(place.recording, tmp_path / "store")
    assert verified(journal, "--store", tmp_path / "store", capsys=capsys) == (0, document)
    monkeypatch.setenv("DIVBOT_STORE", str(tmp_path / "store"))
    assert exit_code(asked) == 0
    assert f"final candles are those of the store {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("minutes", "looks", "least"),
    [
        pytest.param(70, (8_000, 40_000), 3, id="an hour"),
        pytest.param(42 * 60, (4_000, 12_000), 100, id="nearly two days", marks=pytest.mark.soak),
    ],
)
def test_of_looks_at_any_moment_every_difference_has_its_reason(
    minutes: int,
    looks: tuple[int, int],
    least: int,
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = course_of(place, 490, minutes, looks=looks)
    settings = chosen(place.url, take_earlier=True, max_positions=12)
    journal = trade(settings, place.clock, course, tmp_path / "run.db")

    # The candles come from the venue that the journal names.
    code, document = verified(journal, capsys=capsys)

    assert code == 0
    assert document["unexplained"] == 0
    assert len(document["trades"]) >= least
    assert (
        {"quote"}
        <= set(document["causes"])
        <= {"quote", "spread", "refused", "report"}
        | {
            "places",
            "account",
        }
    )
    assert adds_up(document)


def test_the_market_of_a_demo_is_asked_at_the_end_of_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo at 60 times the speed of this machine's clock ends an hour ahead of it."""
    ahead = SystemClock().now() + 60 * MINUTE
    began = replace(STARTED, at=ahead, address=DEMO)
    with Journal.create(tmp_path / "demo.db", began) as journal:
        journal.write(SessionBegan(ahead, 1, {}, {}))
    asked: list[ExchangeOptions] = []

    def started(options: ExchangeOptions, *_: object) -> None:
        asked.append(options)
        raise InputError("enough")

    monkeypatch.setattr("divbot.exchange.embedded.EmbeddedExchange", started)
    code = exit_code(["verify", "paper", "--journal", str(tmp_path / "demo.db"), "-q"])

    assert code == 2
    assert [x.at for x in asked] == [ahead + 2 * MINUTE]
