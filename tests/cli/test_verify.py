from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from divbot.candle_arrays import Candles
from tests.cli.commands import divbot
from tests.scanner.fakes import candles_of


def frame_of(symbol: str, candles: Candles) -> pd.DataFrame:
    prices = {name: getattr(candles, name) for name in ("open", "high", "low", "close")}
    opened = candles.open_time // 300_000 * 300_000
    return pd.DataFrame({"symbol": symbol, "open_time": opened, **prices, "volume": 1.0})


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    table = pd.concat(frame_of(f"S{number}USDT", candles_of(number, 900)) for number in range(4))
    path = tmp_path / "market.csv"
    table.to_csv(path, index=False)
    return path


def test_a_calibration_is_told_as_a_table_and_as_json(recording: Path) -> None:
    table = divbot("verify", "calibration", "--recorded", recording, "--market", "spot")
    document = divbot(
        "verify", "calibration", "--recorded", recording, "--market", "spot", "--json"
    )

    found = json.loads(document.stdout)
    assert (table.returncode, document.returncode) == (0, 0)
    assert table.stdout.startswith(
        "recorded spot, 5m: 4 symbols, 900 candles, 1 week, "
        f"{found['cases']} past divergences that ended\n"
    )
    assert f"Brier score           {found['brier']:.4f}" in table.stdout
    assert (
        f"{found['brier_constant']:.4f} always predicting the final average (hindsight)"
        in table.stdout
    )
    assert sum(x["cases"] for x in found["bins"]) == found["cases"] > 50


def test_a_calibration_is_drawn(recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    page = tmp_path / "page.html"
    options = ("verify", "calibration", "--recorded", recording, "--market", "spot")
    found = json.loads(divbot(*options, "--json").stdout)

    run = divbot(*options, "--report", page)

    data = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"))
    assert (run.returncode, run.stderr) == (0, f"divbot: {page} written\n")
    assert data
    assert json.loads(data[1]) == {"share": found["share"], "bins": found["bins"]}
    assert f"Brier score           {found['brier']:.4f}" in page.read_text("utf-8")


def test_a_page_that_cannot_be_written_is_told_before_the_work(recording: Path) -> None:
    run = divbot("verify", "calibration", "--recorded", recording, "--report", "/nowhere/page.html")

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "divbot: cannot write /nowhere/page.html: there is no folder /nowhere\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["calibration"], "recorded"),
        (["calibration", "--recorded", "none.parquet"], "none.parquet: expected a recording"),
        (["calibration", "--recorded", "MARKET", "--symbols", "XUSDT"], "XUSDT, found none"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    arguments: list[str], says: str, recording: Path
) -> None:
    run = divbot("verify", *(str(recording) if x == "MARKET" else x for x in arguments))

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert says in run.stderr


def test_a_recording_of_too_few_candles_is_told(tmp_path: Path) -> None:
    frame_of("AUSDT", candles_of(1, 50)).to_csv(tmp_path / "short.csv", index=False)

    run = divbot("verify", "calibration", "--recorded", tmp_path / "short.csv")

    assert run.returncode == 2
    assert "expected candles enough for divergences to end, found 50" in run.stderr


def test_a_replay_of_all_prefixes_is_told(recording: Path) -> None:
    run = divbot("verify", "lookahead", "s1usdt", "--recorded", recording)

    assert run.returncode == 0
    assert run.stdout.startswith("S1USDT: replayed up to each of 498 candles, ")
    assert run.stdout.endswith(": nothing ever changed\n")


def test_a_replay_asks_the_venue_where_there_is_no_file(quiet_market: str) -> None:
    run = divbot("verify", "lookahead", "BTCUSDT", "--base-url", quiet_market, "--json")

    found = json.loads(run.stdout)
    assert (found["symbol"], found["prefixes"], found["changes"]) == ("BTCUSDT", 498, [])


def test_warm_up_is_told_by_length_of_the_window(recording: Path) -> None:
    table = divbot("verify", "warmup", "--recorded", recording)
    document = divbot("verify", "warmup", "--recorded", recording, "--json")

    assert table.stdout.startswith("4 symbols; windows against all 900 candles\n")
    assert [x["candles"] for x in json.loads(document.stdout)["windows"]] == [
        *(50, 100, 150, 200, 250, 300, 400, 499, 750)
    ]
