"""`divbot backtest` in this process, on recordings that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from divbot.app.journals import open_runs
from divbot.cli import command_line, exit_code
from divbot.domain.clock import ManualClock
from divbot.domain.durations import MINUTE
from divbot.domain.errors import InputError
from divbot.domain.events import Nature
from divbot.research import backtest
from divbot.trading.journal.journal import read
from tests.research.fakes import START, walk

HOUR = 60 * MINUTE
ROWS = 24 * 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return forty days of hours of some symbols; one is delisted within."""
    frames = []
    for number in range(8):
        bars = walk(number, ROWS if number else ROWS - 150, step=0.004, price=20.0)
        times = START + HOUR * np.arange(len(bars.open_time))
        prices = dict(zip(("open", "high", "low", "close"), bars[1:], strict=True))
        name = f"{'ABCDEFGH'[number]}AAUSDT"
        frames.append(
            pd.DataFrame({"symbol": name, "open_time": times, **prices, "volume": 1000.0})
        )
    path = tmp_path_factory.mktemp("recording") / "market.csv"
    pd.concat(frames).to_csv(path, index=False)
    return path


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep runs in a folder of the test's own; what is computed is the same for all."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("DIVBOT_INTERVAL", "1h")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def divbot(*arguments: Any) -> None:
    command_line()([str(x) for x in arguments], prog_name="divbot", standalone_mode=False)


def arguments(recording: Path, *more: Any) -> list[str]:
    wide = ("--min-age", "0", "--limit", "330", "--max-drawdown", "1", "--max-daily-loss", "1")
    given = ("backtest", "--recorded", recording, *wide, "--sequential", *more)
    return [str(x) for x in given]


def backtested(recording: Path, *more: Any) -> None:
    divbot(*arguments(recording, *more))


def test_a_backtest_is_a_run_like_any_other_and_says_that_it_is_history(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording)
    printed = capsys.readouterr()
    (run,) = open_runs().all()

    assert run.start is not None
    assert run.start.nature is Nature.HISTORY
    assert run.name.endswith("-usdm-1h-history")
    found = read(run.path)
    assert len(found.ledger.closed) > 10
    title = f"Binance USD-M futures, 1h - HISTORY\nbacktest {run.name}\n"
    assert printed.out.startswith(title)
    assert "there are no candles shorter than 1h" in printed.err
    assert "funding is not known of 8 symbols" in printed.err
    for command in ("status", "trades", "stats"):
        divbot(command)
        assert capsys.readouterr().out.startswith(title)
    divbot("runs")
    assert " history " in capsys.readouterr().out


def test_the_same_inputs_give_the_same_bytes(recording: Path, home: Path) -> None:
    journals = [home / name for name in ("one.db", "two.db")]

    for journal in journals:
        backtested(recording, "--journal", journal, "-q")

    assert journals[0].read_bytes() == journals[1].read_bytes()


def test_the_result_can_be_had_as_a_document(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "--json", "--spread", "0.1%", "--universe", "now")

    document = json.loads(capsys.readouterr().out)
    assert document["nature"] == "history"
    assert len(document["assumptions"]) > 1
    (run,) = open_runs().all()
    resumed = read(run.path).ledger.resumed
    assert resumed is not None
    kept = {name: resumed.settings[name] for name in ("spread", "universe", "detail", "base_url")}
    assert kept == {"spread": "0.001", "universe": "now", "detail": "1h", "base_url": "history"}


def test_a_range_of_time_is_kept_to(recording: Path) -> None:
    first, end = START + 700 * HOUR, START + 800 * HOUR
    backtested(recording, "-q", "--timerange", f"{first}-{end}")

    (run,) = open_runs().all()
    events = read(run.path).events
    assert (events[0].at, events[-1].at) == (first, end - HOUR)


@pytest.mark.parametrize(
    ("first", "source"),
    [
        pytest.param(START + 30 * 24 * HOUR, "8 symbols of the recording", id="days before it"),
        pytest.param(START, "shipped", id="no day before it"),
    ],
)
def test_confidence_starts_from_what_was_known_before_the_range(
    first: int, source: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "--timerange", f"{first}-{first + 40 * HOUR}")

    told = capsys.readouterr().err
    assert "confidence and expectancy start from what was known then: " in told
    assert source in told


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (RuntimeError, 1)])
def test_what_is_ended_early_leaves_nothing(
    error: type[BaseException],
    code: int,
    recording: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = backtest.PastTrader.look

    def look(trader: backtest.PastTrader, at: int) -> None:
        if at > START + 700 * HOUR:
            raise error
        real(trader, at)

    monkeypatch.setattr(backtest.PastTrader, "look", look)

    assert exit_code(arguments(recording)) == code

    assert not [x for x in (home / "state").rglob("*") if x.is_file()]
    assert open_runs().all() == ()


def test_of_two_that_began_in_one_second_each_has_a_journal_of_its_own(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("divbot.app.backtest.SystemClock", lambda: ManualClock(START))
    real, others = backtest.PastTrader.look, [("--balance", "5000")]

    def look(trader: backtest.PastTrader, at: int) -> None:
        if others:
            backtested(recording, *others.pop())
        real(trader, at)

    monkeypatch.setattr(backtest.PastTrader, "look", look)

    backtested(recording)

    runs = [read(x.path) for x in open_runs().all()]
    assert sorted(int(x.ledger.start.balance) for x in runs if x.ledger.start) == [5_000, 10_000]


def test_funding_is_told_of_symbols_that_are_asked_for_alone(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "--symbols", "AAAUSDT,BAAUSDT", "--exclude", "B*")

    assert "funding is not known of 1 symbol" in capsys.readouterr().err


def test_without_candles_the_command_that_fetches_them_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIVBOT_STORE", str(home / "empty"))

    with pytest.raises(InputError, match=r"divbot data download --market usdm -i 1h --top 400"):
        divbot("backtest", "-q")


def test_what_was_imported_into_the_store_is_traded_like_the_recording(
    recording: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIVBOT_STORE", str(home / "store"))
    divbot("data", "import", recording, "--market", "usdm")
    journals = [home / name for name in ("recorded.db", "stored.db")]

    backtested(recording, "--journal", journals[0], "-q")
    stored = [x for x in arguments(recording) if x not in ("--recorded", str(recording))]
    divbot(*stored, "--detail", "1h", "--journal", journals[1], "-q")

    assert journals[0].read_bytes() == journals[1].read_bytes()


def test_a_history_too_short_for_a_divergence_says_what_is_needed(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtested(recording, "-i", "1d")
    told = capsys.readouterr().err
    backtested(recording)

    (line,) = (x for x in told.splitlines() if "nothing could be traded" in x)
    assert "before 2025-05-26 00:00 UTC: a divergence needs 300 candles of 1d before it" in line
    assert "get what came earlier: divbot data download --market usdm -i 1d" in line
    assert "nothing could be traded" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(["--timerange", "20300101-"], "choose another --timerange", id="future"),
        pytest.param(["-i", "30m"], "found a recording of 1h; choose a multiple", id="interval"),
        pytest.param(["--detail", "1m"], "--detail: expected candles that there are", id="detail"),
        pytest.param(["-i", "1w"], "an interval of a day at most", id="weeks"),
        pytest.param(["--spread", "-1%"], "--spread: expected", id="spread"),
        pytest.param(["--journal", "x.db"], "x.db exists; name a new file", id="journal"),
        pytest.param(["--journal", "x" * 300], ": File name too long", id="long journal"),
        pytest.param(["--export", f"{'x' * 300}.csv"], ": file name too long", id="long export"),
    ],
)
def test_bad_input_is_told_in_a_line(
    given: list[str], expected: str, recording: Path, home: Path
) -> None:
    (home / "x.db").touch()

    with pytest.raises(InputError) as raised:
        backtested(recording, *given)

    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
