"""A recording is served as an archive too: real candles, written as the archive wrote them."""

from __future__ import annotations

import zipfile
from decimal import Decimal

import pandas as pd
import pytest

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval
from tests.exchange.markets import DATA
from tests.recordings.files import START, table, write_csv

from .readers import SPOT, USDM, reading

FOLDER = DATA / "archive" / USDM / "monthly" / "klines" / "FILUSDT" / "1m"
DAYS = [f"2023-08-{day:02}" for day in range(1, 31)]
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"needs {DATA}")


@needs_data
def test_a_real_month_comes_back_line_for_line():
    with zipfile.ZipFile(FOLDER / "FILUSDT-1m-2023-08.zip") as archive:
        real = archive.read("FILUSDT-1m-2023-08.csv").decode().splitlines()
    with reading(recorded=FOLDER, at=None) as reader:
        keys = [f"{USDM}/daily/klines/FILUSDT/1m/FILUSDT-1m-{day}.zip" for day in DAYS]
        texts = [reader.text(key).splitlines() for key in keys]
        listed = reader.keys(prefix=f"{USDM}/daily/klines/FILUSDT/1m/")[::2]

    served = [line for text in texts for line in text[1:]]
    differing = [
        (theirs, ours) for theirs, ours in zip(real[1:], served, strict=False) if theirs != ours
    ]
    assert {text[0] for text in texts} == {real[0]}
    assert listed == keys
    assert len(served) == len(DAYS) * 1440
    # Two volumes of that month stand there without their fraction, a month before all do.
    assert [each for each, _ in differing] == [
        ours.replace(",7017.0,", ",7017,").replace(",6988.0,", ",6988,") for _, ours in differing
    ]
    assert len(differing) == 2


def test_a_table_that_knows_no_quote_volumes_is_told_as_rest_tells_it(tmp_path):
    frame = pd.concat([table(3 * 1440), table(1440, symbol="BBBUSDT")])
    path = write_csv(tmp_path / "market.csv", frame)
    with reading(recorded=path, at=None) as reader:
        rows = reader.rows(f"{USDM}/daily/klines/AAAUSDT/5m/AAAUSDT-5m-2024-07-30.zip")
        told = reader.rest(
            "/fapi/v1/klines",
            symbol="AAAUSDT",
            interval="5m",
            limit=300,
            startTime=parse_time("2024-07-30"),
        )
        symbols = reader.symbols(f"{USDM}/daily/klines")

    assert symbols == ["AAAUSDT", "BBBUSDT"]
    assert [[Decimal(x) for x in row[:11]] for row in rows] == [
        [Decimal(str(x)) for x in row[:11]] for row in told[:288]
    ]


def test_a_day_without_a_candle_has_no_file(tmp_path):
    day = 86_400_000
    start = parse_time("2024-07-01")
    frame = pd.concat(
        [table(60, start=start), table(60, start=start + 3 * day), table(2, start=start + 40 * day)]
    )
    with reading(recorded=write_csv(tmp_path / "gaps.csv", frame), at=None) as reader:
        days = reader.keys(prefix=f"{SPOT}/daily/klines/AAAUSDT/1m/")[::2]
        months = reader.keys(prefix=f"{SPOT}/monthly/klines/AAAUSDT/1m/")[::2]
        rows = reader.rows(months[0])

    assert [each[-14:-4] for each in days] == ["2024-07-01", "2024-07-04"]
    assert [each[-11:-4] for each in months] == ["2024-07"]
    assert len(rows) == 120


@pytest.mark.parametrize(
    ("step", "shortest"), [(1000, "1s"), (60_000, "1m"), (900_000, "15m"), (86_400_000, "1d")]
)
def test_a_recording_has_no_shorter_candles_than_its_own(tmp_path, step, shortest):
    frame = table(100 if step < 86_400_000 else 70)
    frame["open_time"] = frame["open_time"].iloc[0] + step * frame.index
    extra = table(1, start=START + 80 * 86_400_000)
    path = write_csv(tmp_path / "market.csv", pd.concat([frame, extra]))
    with reading(recorded=path, at=None) as reader:
        spot = reader.symbols(f"{SPOT}/monthly/klines/AAAUSDT")
        futures = reader.symbols(f"{USDM}/monthly/klines/AAAUSDT")

    every = [each.value.replace("M", "mo") for each in Interval]
    held = every[every.index(shortest) :]
    assert set(spot) == set(held)
    assert set(futures) == set(held) - {"1s"}
