"""Recorded candles for `divbot verify`: as they were recorded, or put together to longer ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from divbot.app.verification import open_history, open_recorded_block
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.settings import load_settings
from tests.recordings.files import MINUTE, START, table, write_csv

HOUR = 60 * MINUTE


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return 5m candles of ten hours and a half, each higher than the one before."""
    monkeypatch.chdir(tmp_path)
    frame = table(126)
    frame["open_time"] = START + 5 * MINUTE * frame.index
    for name in ("open", "high", "low", "close"):
        frame[name] += frame.index
    return write_csv(tmp_path / "market.csv", frame)


def test_longer_candles_are_made_of_the_recorded_ones(recording: Path) -> None:
    found = open_recorded_block(recording, interval=Interval.H1)

    block = found.block
    assert block.interval is Interval.H1
    assert block.open[:, 0].tolist() == [1.5 + 12 * n for n in range(10)]
    assert block.high[:, 0].tolist() == [1.75 + 12 * n + 11 for n in range(10)]
    assert block.low[:, 0].tolist() == [1.25 + 12 * n for n in range(10)]
    assert block.close[:, 0].tolist() == [1.5 + 12 * n + 11 for n in range(10)]
    assert block.open_times(np.arange(10), np.zeros(10, np.int64)).tolist() == [
        START + n * HOUR for n in range(10)
    ]


@pytest.mark.parametrize("how", ["flag", "variable", "file"])
def test_an_interval_that_is_asked_for_is_never_ignored(
    recording: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "variable":
        monkeypatch.setenv("DIVBOT_INTERVAL", "1h")
    if how == "file":
        Path("divbot.toml").write_text('interval = "1h"\n')
    settings = load_settings({"interval": "1h" if how == "flag" else None, "symbols": "AAAUSDT"})

    assert open_history(settings, recording).interval is Interval.H1


def test_without_one_candles_are_as_they_were_recorded(recording: Path) -> None:
    assert open_history(load_settings({}), recording).interval is Interval.M5


@pytest.mark.parametrize("interval", ["1m", "3m"])
def test_candles_that_cannot_be_made_are_refused(recording: Path, interval: str) -> None:
    with pytest.raises(InputError, match=f"{interval} ones can be made of, found 5m candles"):
        open_history(load_settings({"interval": interval}), recording)
