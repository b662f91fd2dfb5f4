"""Sealed days are spent by whoever tells figures of them, whichever way, and told so beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import divbot as package
from divbot.app.trials import open_trials, sealed_days
from divbot.cli import command_line
from divbot.domain.durations import DAY, HOUR
from divbot.domain.market import Interval, Market
from divbot.history.parts import RowSource
from divbot.history.store import Store
from divbot.research.trials.knowledge import knowledge_of
from tests.history.made import START, walked
from tests.research.fakes import walk
from tests.research.trials import seal

FIRST = START // DAY
SEALED = range(FIRST + 80, FIRST + 100)
ROWS = 24 * 100


def recording(path: Path, symbols: str = "ABC", seed: int = 0) -> Path:
    """Write a hundred days of candles, the last twenty of which are sealed."""
    frames = []
    for number, letter in enumerate(symbols):
        bars = walk(seed + number, ROWS, step=0.02, price=20.0)
        columns = dict(zip(("open", "high", "low", "close"), bars[1:], strict=True))
        times = START + HOUR * np.arange(ROWS)
        name = f"{letter}AAUSDT"
        frames.append(pd.DataFrame({"symbol": name, "open_time": times, **columns, "volume": 1e3}))
    pd.concat(frames).to_csv(path, index=False)
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("DIVBOT_INTERVAL", "1h")
    monkeypatch.chdir(tmp_path)
    recording(tmp_path / "market.csv")
    recording(tmp_path / "other.csv", "XY", seed=7)
    seal(open_trials(is_simulated=False), SEALED)
    return tmp_path


def divbot(*arguments: str) -> None:
    command_line()(list(arguments), prog_name="divbot", standalone_mode=False)


def day(number: int) -> str:
    return str(pd.Timestamp(number * DAY, unit="ms").date())


LAST_DAYS = ("--timerange", f"{day(SEALED[-3])}-")
BEFORE = ("--timerange", f"{day(FIRST + 60)}-{day(FIRST + 70)}")
PLAIN = ("--min-age", "0", "--limit", "330", "--sequential")


def backtest(*more: str, recorded: str = "market.csv") -> Callable[[], None]:
    return lambda: divbot("backtest", "--recorded", recorded, *PLAIN, *LAST_DAYS, *more)


def from_python() -> None:
    package.backtest(
        recorded="market.csv",
        start=day(SEALED[-3]),
        min_age=0,
        limit=330,
        sequential=True,
        journal="mine.db",
    )


def from_a_store() -> None:
    store = Store(Path("store"), Market.USDM)
    with store.locked():
        store.write("AAAUSDT", Interval.H1, walked("AAAUSDT", 1, ROWS), RowSource("made"))
    divbot("backtest", "--store", "store", *PLAIN, *LAST_DAYS)


WAYS_OUT = [
    pytest.param(backtest(), id="a backtest"),
    pytest.param(backtest("--journal", "elsewhere.db", "--json"), id="a journal elsewhere"),
    pytest.param(backtest("--symbols", "AAAUSDT"), id="another list of symbols"),
    pytest.param(backtest(recorded="other.csv"), id="other candles of the same days"),
    pytest.param(backtest("-i", "4h", "--stop-atr", "3"), id="other settings"),
    pytest.param(from_a_store, id="the store, not the recording"),
    pytest.param(from_python, id="from Python"),
    pytest.param(
        lambda: divbot("verify", "calibration", "--recorded", "market.csv"), id="calibration"
    ),
    pytest.param(
        lambda: divbot("verify", "base-rates", "--recorded", "other.csv"), id="base rates"
    ),
]


@pytest.mark.parametrize("look", WAYS_OUT)
def test_whoever_looks_at_sealed_days_spends_them(look: Callable[[], None]) -> None:
    look()

    written = open_trials(is_simulated=False).read().written
    assert len(written) == 2
    assert knowledge_of(written[:1], SEALED).known_until is None
    assert knowledge_of(written, SEALED).known_until == SEALED[-1]


@pytest.mark.parametrize("look", [WAYS_OUT[0], *WAYS_OUT[-2:]])
def test_it_is_said_before_anything_is_told(
    look: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    look()

    told = f"{day(SEALED[-3])} to {day(SEALED[-1])}|{day(SEALED[0])} to {day(SEALED[-1])}"
    printed = capsys.readouterr().err
    assert any(f"{x} were sealed by sweep 1: this " in printed for x in told.split("|"))
    assert "spends them, they judge no more" in printed


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(
            ("verify", "lookahead", "AAAUSDT", "--recorded", "market.csv"), id="lookahead"
        ),
        pytest.param(("verify", "warmup", "--recorded", "market.csv"), id="warm-up"),
        pytest.param(
            (*("backtest", "--recorded", "market.csv", *PLAIN, "-q"), *BEFORE),
            id="a backtest of days before",
        ),
        pytest.param(("sweeps", "show", "1"), id="the ledger"),
    ],
)
def test_what_tells_nothing_of_them_spends_nothing(look: tuple[Any, ...]) -> None:
    divbot(*look)

    assert sealed_days() == (SEALED,)


def test_a_check_of_days_that_nobody_has_sealed_is_no_trial() -> None:
    open_trials(is_simulated=False).path.unlink()
    open_trials(is_simulated=False).note.unlink()

    divbot("verify", "calibration", "--recorded", "market.csv")

    assert not open_trials(is_simulated=False).path.exists()


def test_a_check_stands_in_the_list_of_trials(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        divbot("verify", "calibration", "--recorded", "market.csv", "--json")
    capsys.readouterr()

    divbot("sweeps")
    listed = capsys.readouterr().out
    divbot("sweeps", "show", "2")

    assert listed.count(" check ") == 1
    assert capsys.readouterr().out.startswith("check 2, ")
