"""The kernels against others' answers: published tables, TA-Lib and PyneCore."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import talib

from divbot.kernels.analysis import analyse
from divbot.kernels.indicator import Indicator
from divbot.kernels.pivots import HIGH, LOW, pivots
from divbot.kernels.wilder import rsi_and_atr
from tests.kernels.blocks import Floats, events_of, walk
from tests.oracles.pyne import ask
from tests.oracles.recorded import KINDS, SYMBOLS, answer_on, candles_of


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_recorded_symbols_are_as_the_oracle_says(symbol: str) -> None:
    oracle, candles = answer_on(symbol), candles_of(symbol)
    times = candles.open_time.to_numpy()
    columns = [column_of(candles[name].to_numpy()) for name in ("high", "low", "close")]

    analysis = analyse(*columns)

    assert len(times) == oracle["bars"]
    for kernel, answer in ((analysis.rsi, "rsi"), (analysis.atr, "atr")):
        expected = np.array(oracle[answer], np.float64)
        np.testing.assert_allclose(kernel[:, 0], expected, rtol=1e-9, atol=0)
    assert times[analysis.pivots[:, 0] == LOW].tolist() == oracle["low_pivots"]
    assert times[analysis.pivots[:, 0] == HIGH].tolist() == oracle["high_pivots"]
    assert [
        (kind, times[q], times[p], times[p + 5]) for kind, q, p in events_of(analysis, 0)
    ] == sorted(
        (KINDS[x["kind"]], x["previous_pivot"], x["pivot"], x["confirmed"])
        for x in oracle["divergences"]
    )


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_pivots_of_the_oracle_s_own_rsi_are_the_oracle_s(symbol: str) -> None:
    oracle = answer_on(symbol)
    strength = column_of(np.array(oracle["rsi"], np.float64))

    marks = pivots(strength, 5, 5)[:, 0]

    step = 300_000
    lows = [oracle["first_open_time"] + step * int(row) for row in np.flatnonzero(marks == LOW)]
    highs = [oracle["first_open_time"] + step * int(row) for row in np.flatnonzero(marks == HIGH)]
    assert (lows, highs) == (oracle["low_pivots"], oracle["high_pivots"])


@pytest.mark.parametrize("ticks", [5, 20, 60, 400, 100_000])
@pytest.mark.parametrize("seed", range(8))
def test_fresh_series_are_as_the_live_oracle_says(seed: int, ticks: int) -> None:
    assert_as_the_oracle_says(walk(1000 * ticks + seed, 900, 1, ticks=ticks), Indicator())


@pytest.mark.parametrize(
    "indicator",
    [
        pytest.param(Indicator(rsi_length=2), id="the shortest RSI"),
        pytest.param(Indicator(rsi_length=60), id="a long RSI"),
        pytest.param(Indicator(atr_length=1), id="the shortest ATR"),
        pytest.param(Indicator(atr_length=50), id="a long ATR"),
        pytest.param(Indicator(pivot_left=1, pivot_right=1), id="the nearest pivots"),
        pytest.param(Indicator(pivot_left=2, pivot_right=7), id="late pivots"),
        pytest.param(Indicator(pivot_left=12, pivot_right=3), id="early pivots"),
        pytest.param(Indicator(pivot_left=5, pivot_right=10), id="twice as late"),
        pytest.param(Indicator(range_min=0, range_max=12), id="near neighbours"),
        pytest.param(Indicator(range_min=30, range_max=120), id="far neighbours"),
        pytest.param(Indicator(9, 3, 4, 4, 40, 21), id="all of them"),
    ],
)
@pytest.mark.parametrize("ticks", [60, 100_000])
def test_other_inputs_are_as_the_live_oracle_says(ticks: int, indicator: Indicator) -> None:
    assert_as_the_oracle_says(walk(ticks, 900, 1, ticks=ticks), indicator)


def assert_as_the_oracle_says(block: tuple[Floats, Floats, Floats], indicator: Indicator) -> None:
    high, low, close = block
    answer = ask(close[:, 0], high[:, 0], low[:, 0], close[:, 0], inputs=asdict(indicator))

    analysis = analyse(high, low, close, indicator)

    np.testing.assert_allclose(analysis.rsi[:, 0], answer.rsi, rtol=1e-9, atol=0)
    np.testing.assert_allclose(analysis.atr[:, 0], answer.atr, rtol=1e-9, atol=0)
    assert np.flatnonzero(analysis.pivots[:, 0] == LOW).tolist() == list(answer.low_pivots)
    assert np.flatnonzero(analysis.pivots[:, 0] == HIGH).tolist() == list(answer.high_pivots)
    assert events_of(analysis, 0) == sorted((kind, q, p) for kind, q, p, _ in answer.divergences)
    assert answer.divergences


def test_rsi_is_as_published_by_stockcharts(data: Path) -> None:
    rows = read_csv(data / "indicators" / "stockcharts_rsi14_published.csv")
    close = column_of(np.array([float(row["close"]) for row in rows]))

    values = rsi_and_atr(close, close, close, 14, 14)[0][:, 0]

    published = {i: row["rsi14_published"] for i, row in enumerate(rows) if row["rsi14_published"]}
    assert len(published) == 19
    assert {i: f"{values[i]:.2f}" for i in published} == {
        i: f"{float(value):.2f}" for i, value in published.items()
    }


def test_atr_is_as_published_by_stockcharts(data: Path) -> None:
    rows = read_csv(data / "indicators" / "stockcharts_atr14_published.csv")
    high, low, close = (
        column_of(np.array([float(row[name]) for row in rows])) for name in ("High", "Low", "Close")
    )

    values = rsi_and_atr(high, low, close, 14, 14)[1][:, 0]

    published = np.array([float(row["ATR"]) for row in rows])
    np.testing.assert_allclose(values[13:], published[13:], rtol=0, atol=5e-10)
    assert (published[:13] == 0).all()


def test_rsi_and_atr_agree_with_talib() -> None:
    high, low, close = walk(11, 3000, 8)

    strength, spread = rsi_and_atr(high, low, close, 14, 14)

    for s in range(8):
        np.testing.assert_allclose(
            strength[:, s], talib.RSI(close[:, s].copy(), 14), rtol=1e-9, atol=1e-9
        )
        theirs = talib.ATR(high[:, s].copy(), low[:, s].copy(), close[:, s].copy(), 14)
        # TA-Lib leaves the first candle's range out; that fades by 13/14 a candle.
        np.testing.assert_allclose(spread[200:, s], theirs[200:], rtol=1e-5)
        np.testing.assert_allclose(spread[500:, s], theirs[500:], rtol=1e-9)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column_of(values: Floats) -> Floats:
    return np.ascontiguousarray(values.astype(np.float64)[:, None])
