"""Prove the oracle's harness: what PyneCore said of recorded candles it says again, to the bit."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .pyne import PyneAnswer, ask
from .recorded import KINDS, SYMBOLS, answer_on, candles_of

Candles = dict[str, NDArray[Any]]

PRICES = ("open", "high", "low", "close")


def ask_candles(candles: Candles, *columns: str) -> PyneAnswer:
    return ask(**{name: candles[name] for name in columns or PRICES})


def random_candles(*, seed: int, bars: int = 600) -> Candles:
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, bars)))
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) * (1 + random.exponential(0.002, bars))
    low = np.minimum(open_, close) * (1 - random.exponential(0.002, bars))
    return {"open": open_, "high": high, "low": low, "close": close}


def assert_same(one: PyneAnswer, other: PyneAnswer) -> None:
    np.testing.assert_array_equal(one.rsi, other.rsi)
    np.testing.assert_array_equal(one.atr, other.atr)
    assert one.low_pivots == other.low_pivots
    assert one.high_pivots == other.high_pivots
    assert one.divergences == other.divergences


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_answers_as_recorded(symbol: str) -> None:
    rows = candles_of(symbol)
    candles = {name: rows[name].to_numpy() for name in (*PRICES, "volume", "open_time")}
    recorded = answer_on(symbol)
    time = candles["open_time"]

    answer = ask_candles(candles, *PRICES, "volume", "open_time")

    np.testing.assert_array_equal(answer.rsi, np.array(recorded["rsi"], dtype=np.float64))
    np.testing.assert_array_equal(answer.atr, np.array(recorded["atr"], dtype=np.float64))
    assert [time[bar] for bar in answer.low_pivots] == recorded["low_pivots"]
    assert [time[bar] for bar in answer.high_pivots] == recorded["high_pivots"]
    assert [
        (kind, time[before], time[pivot], time[confirmed])
        for kind, before, pivot, confirmed in answer.divergences
    ] == sorted(
        (
            (KINDS[said["kind"]], said["previous_pivot"], said["pivot"], said["confirmed"])
            for said in recorded["divergences"]
        ),
        key=lambda event: (event[3], event[0]),
    )


def test_answers_every_kind_of_divergence() -> None:
    answer = ask_candles(random_candles(seed=1))

    assert {kind for kind, *_ in answer.divergences} == set(KINDS.values())


def test_starts_afresh_at_every_question() -> None:
    ours, theirs = random_candles(seed=1), random_candles(seed=2, bars=300)
    first, other = ask_candles(ours), ask_candles(theirs)

    for _ in range(2):
        assert_same(ask_candles(ours), first)
        assert_same(ask_candles(theirs), other)


def test_answers_the_prices_alone() -> None:
    candles = random_candles(seed=1)
    bars = len(candles["close"])
    candles["volume"] = np.arange(bars, dtype=np.float64)
    candles["open_time"] = 1_721_683_800_000 + 3_600_000 * np.arange(bars)

    answer = ask_candles(candles, *PRICES, "volume", "open_time")

    assert_same(answer, ask_candles(candles))


def test_never_looks_ahead() -> None:
    candles = random_candles(seed=1)
    whole = ask_candles(candles)

    part = ask_candles({name: values[:400] for name, values in candles.items()})

    np.testing.assert_array_equal(part.rsi, whole.rsi[:400])
    np.testing.assert_array_equal(part.atr, whole.atr[:400])
    assert part.divergences == tuple(event for event in whole.divergences if event[3] < 400)


def test_keeps_every_bit_of_a_price() -> None:
    close = np.full(14, 65_432.0)
    high = close + 1 / 3

    answer = ask(close, high, close, close)

    assert answer.atr[13] == pytest.approx(high[0] - close[0], rel=1e-15)


@pytest.mark.parametrize(
    ("below", "is_divergence"),
    [
        pytest.param(2e-10, True, id="lower by more than Pine's tolerance"),
        pytest.param(5e-11, False, id="lower within it"),
        pytest.param(0.0, False, id="equal"),
    ],
)
def test_compares_floats_as_pine_does(below: float, is_divergence: bool) -> None:
    candles = random_candles(seed=1)
    event = next(e for e in ask_candles(candles).divergences if e[0] == "regular_bullish")
    _, before, pivot, _ = event
    candles["low"][pivot] = candles["low"][before] - below

    answer = ask_candles(candles)

    assert (event in answer.divergences) is is_divergence


@pytest.mark.parametrize(
    ("apart", "kinds"),
    [
        pytest.param(6, ["regular_bearish", "hidden_bullish"], id="the nearest that pivots can be"),
        pytest.param(61, ["regular_bearish", "hidden_bullish"], id="the farthest that compare"),
        pytest.param(62, [], id="too far"),
    ],
)
def test_compares_pivots_in_range_only(apart: int, kinds: list[str]) -> None:
    steps = np.ones(30 + apart + 6)
    steps[30], steps[30 + apart] = -3, -4
    close = 1000 + np.cumsum(steps)

    answer = ask(close, close, close, close)

    assert answer.low_pivots == (30, 30 + apart)
    assert [kind for kind, *_ in answer.divergences] == kinds
    assert all(pivot - before == apart for _, before, pivot, _ in answer.divergences)


@pytest.mark.parametrize("bars", [0, 1, 13])
def test_says_nothing_of_too_few_bars(bars: int) -> None:
    answer = ask_candles(random_candles(seed=1, bars=bars))

    assert answer.rsi.shape == answer.atr.shape == (bars,)
    assert np.isnan(answer.rsi).all()
    assert np.isnan(answer.atr).all()
    assert answer.low_pivots == answer.high_pivots == ()
    assert answer.divergences == ()


def without_last(prices: NDArray[Any]) -> NDArray[Any]:
    return prices[:-1]


def with_nan(prices: NDArray[Any]) -> NDArray[Any]:
    return np.where(np.arange(len(prices)) == 3, np.nan, prices)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(without_last, r"low: expected shape \(20,\).*found \(19,\)", id="length"),
        pytest.param(with_nan, r"low: expected finite values, found nan at bar 3", id="NaN"),
    ],
)
def test_refuses_what_is_no_candle(
    spoil: Callable[[NDArray[Any]], NDArray[Any]], message: str
) -> None:
    candles = random_candles(seed=1, bars=20)
    candles["low"] = spoil(candles["low"])

    with pytest.raises(ValueError, match=message):
        ask_candles(candles)


def test_leaves_the_process_as_it_was(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Outside pytest PyneCore would write a settings file beside the script.
    monkeypatch.delitem(sys.modules, "pytest")
    monkeypatch.delenv("PYNE_SAVE_SCRIPT_TOML", raising=False)
    folder = Path(__file__).parent
    files, environment, path = set(folder.iterdir()), dict(os.environ), list(sys.path)

    ask_candles(random_candles(seed=1))

    assert {file for file in folder.iterdir() if file.name != "__pycache__"} <= files
    assert (dict(os.environ), sys.path) == (environment, path)
    assert capfd.readouterr() == ("", "")
    assert all(type(finder).__name__ != "PyneImportHook" for finder in sys.meta_path)
