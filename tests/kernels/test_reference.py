"""Each kernel against its slow twin, on blocks of every coarseness, with and without gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.kernels.analysis import analyse
from divbot.kernels.divergence import divergences
from divbot.kernels.indicator import TRADINGVIEW, Indicator
from divbot.kernels.pivots import HIGH, LOW, pivots
from divbot.scanner.signals.measurement import KINDS
from tests import reference
from tests.kernels.blocks import Floats, blocks, events_of, walk, with_gaps

INDICATORS = st.just(TRADINGVIEW) | st.builds(
    Indicator,
    rsi_length=st.integers(2, 30),
    pivot_left=st.integers(1, 12),
    pivot_right=st.integers(1, 12),
    range_min=st.integers(0, 10),
    range_max=st.integers(10, 80),
    atr_length=st.integers(1, 30),
)


@given(block=blocks(), seed=st.integers(0, 2**32 - 1), has_gaps=st.booleans(), indicator=INDICATORS)
def test_kernels_say_what_the_slow_twins_say(
    block: tuple[Floats, Floats, Floats], seed: int, has_gaps: bool, indicator: Indicator
) -> None:
    high, low, close = with_gaps(seed, block) if has_gaps else block

    analysis = analyse(high, low, close, indicator)

    for s in range(close.shape[1]):
        rows = np.flatnonzero(~np.isnan(close[:, s])).tolist()
        h, lo, c = (column[rows, s].tolist() for column in (high, low, close))
        strength = reference.rsi(c, indicator.rsi_length)
        assert_same(analysis.rsi[:, s], rows, strength)
        assert_same(analysis.atr[:, s], rows, reference.atr(h, lo, c, indicator.atr_length))
        assert events_of(analysis, s) == sorted(
            (event.kind, rows[event.previous], rows[event.pivot])
            for event in reference.divergences(strength, h, lo, rows, indicator)
        )


@given(block=blocks(), indicator=INDICATORS)
def test_pivots_are_those_of_the_slow_twin(
    block: tuple[Floats, Floats, Floats], indicator: Indicator
) -> None:
    analysis = analyse(*block, indicator)
    sides = indicator.pivot_left, indicator.pivot_right

    for s in range(block[0].shape[1]):
        strength = [None if np.isnan(x) else x for x in analysis.rsi[:, s].tolist()]
        assert np.flatnonzero(analysis.pivots[:, s] == LOW).tolist() == reference.low_pivots(
            strength, *sides
        )
        assert np.flatnonzero(analysis.pivots[:, s] == HIGH).tolist() == reference.high_pivots(
            strength, *sides
        )


@pytest.mark.parametrize("bars", [0, 1, 13, 14, 15, 19, 20])
def test_too_few_candles_give_nothing_and_no_error(bars: int) -> None:
    high, low, close = walk(1, bars, 2)

    analysis = analyse(high, low, close)

    assert np.isnan(analysis.rsi[:14]).all()
    assert np.isnan(analysis.atr[:13]).all()
    assert not len(analysis.divergences)


def test_a_flat_series_is_at_100_as_on_a_chart() -> None:
    flat = np.full((40, 1), 5.0)

    analysis = analyse(flat, flat, flat)

    assert (analysis.rsi[14:] == 100.0).all()
    assert (analysis.atr[13:] == 0.0).all()
    assert not analysis.pivots.any()


def test_a_series_that_only_falls_is_at_0() -> None:
    falling = np.arange(60.0, 20.0, -1.0)[:, None]

    assert (analyse(falling, falling, falling).rsi[14:] == 0.0).all()


@pytest.mark.parametrize(
    ("row", "is_divergence"),
    [
        pytest.param(-6, True, id="before all that has a say"),
        pytest.param(-5, False, id="first candle left of the previous pivot"),
        pytest.param(3, False, id="between the pivots"),
        pytest.param(-1, False, id="just before the previous pivot"),
    ],
)
def test_no_divergence_spans_a_gap(row: int, is_divergence: bool) -> None:
    high, low, close = walk(3, 400, 1)
    events = analyse(high, low, close).divergences
    _, _, q, p, _ = next(event for event in events.tolist() if event[2] > 60)
    for column in (high, low, close):
        column[q + row] = np.nan

    remaining = {(q, p) for _, _, q, p, _ in analyse(high, low, close).divergences.tolist()}

    if is_divergence:
        # The missing close changes the RSI a little; these pivots are marked enough to stay.
        assert (q, p) in remaining
    else:
        assert not any(first - 5 <= q + row <= second + 5 for first, second in remaining)


def assert_same(kernel: Floats, rows: list[int], twin: list[float | None]) -> None:
    expected = np.full(len(kernel), np.nan)
    expected[rows] = [np.nan if x is None else x for x in twin]
    np.testing.assert_array_equal(kernel, expected)


@pytest.mark.parametrize(
    ("rise", "kind"),
    [
        pytest.param(2e-10, "regular_bullish", id="a higher RSI"),
        pytest.param(5e-11, None, id="equal but for the last bits"),
        pytest.param(0.0, None, id="equal"),
        pytest.param(-5e-11, None, id="equal but for the last bits, lower"),
        pytest.param(-2e-10, None, id="a lower RSI, with a lower low"),
    ],
)
def test_rsi_within_1e_10_is_equal(rise: float, kind: str | None) -> None:
    strength = np.full((40, 1), 50.0)
    strength[10], strength[20] = 30.0, 30.0 + rise
    low = np.full((40, 1), 9.0)
    low[20] = 8.0

    events = divergences(strength, low + 1, low, low, pivots(strength, 5, 5), TRADINGVIEW)

    assert [KINDS[event[1]].value for event in events.tolist()] == ([kind] if kind else [])


@pytest.mark.parametrize(("distance", "count"), [(6, 1), (61, 1), (62, 0)])
def test_pivots_are_compared_at_6_to_61_bars(distance: int, count: int) -> None:
    strength = np.full((90, 1), 50.0)
    strength[10], strength[10 + distance] = 30.0, 35.0
    low = np.full((90, 1), 9.0)
    low[10 + distance] = 8.0

    events = divergences(strength, low + 1, low, low, pivots(strength, 5, 5), TRADINGVIEW)

    assert len(events) == count
