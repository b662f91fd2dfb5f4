"""What must hold of any market, whatever its candles."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from divbot.kernels.analysis import analyse
from tests.kernels.blocks import Floats, blocks, events_of, walk, with_gaps

Block = tuple[Floats, Floats, Floats]

MIRRORED = {
    "regular_bullish": "regular_bearish",
    "hidden_bullish": "hidden_bearish",
    "regular_bearish": "regular_bullish",
    "hidden_bearish": "hidden_bullish",
}


@given(block=blocks(least=2), data=st.data())
def test_never_looks_ahead(block: Block, data: st.DataObject) -> None:
    bars = data.draw(st.integers(1, len(block[0])))

    whole = analyse(*block)
    then = analyse(*(column[:bars].copy() for column in block))

    np.testing.assert_array_equal(then.rsi, whole.rsi[:bars])
    np.testing.assert_array_equal(then.atr, whole.atr[:bars])
    known = whole.divergences[whole.divergences[:, 3] + 5 < bars]
    np.testing.assert_array_equal(then.divergences, known)


@given(block=blocks(), power=st.integers(-10, 40))
def test_a_price_unit_of_a_power_of_two_changes_nothing(block: Block, power: int) -> None:
    scaled = analyse(*(column * 2.0**power for column in block))

    original = analyse(*block)
    np.testing.assert_array_equal(scaled.rsi, original.rsi)
    np.testing.assert_array_equal(scaled.atr, original.atr * 2.0**power)
    np.testing.assert_array_equal(scaled.divergences, original.divergences)


@given(block=blocks(least=30))
def test_mirrored_prices_mirror_the_kinds(block: Block) -> None:
    # Prices that are whole numbers below 2**26 mirror without rounding, and so do averages' ties.
    high, low, close = (np.round(column * 1000) for column in block)
    top = 2.0**26

    mirrored = analyse(top - low, top - high, top - close)
    original = analyse(high, low, close)

    untied = np.abs(original.rsi - 50.0) < 49.0
    np.testing.assert_allclose(
        mirrored.rsi[untied], 100.0 - original.rsi[untied], rtol=0, atol=1e-11
    )
    if no_near_ties(original.rsi):
        for s in range(close.shape[1]):
            assert events_of(mirrored, s) == sorted(
                (MIRRORED[kind], q, p) for kind, q, p in events_of(original, s)
            )


def no_near_ties(rsi: Floats) -> bool:
    """Tell whether the last bit of no RSI can matter: mirroring rounds it the other way."""
    values = np.sort(rsi[~np.isnan(rsi)])
    return bool((np.diff(values) > 1e-9).all())


@given(block=blocks(), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_a_block_equals_its_symbols_one_by_one(
    block: Block, seed: int, data: st.DataObject
) -> None:
    gapped = with_gaps(seed, block)
    start = data.draw(st.integers(0, gapped[0].shape[1] - 1))
    end = data.draw(st.integers(start + 1, gapped[0].shape[1]))

    part = analyse(*(np.ascontiguousarray(column[:, start:end]) for column in gapped))
    whole = analyse(*gapped)

    np.testing.assert_array_equal(part.rsi, whole.rsi[:, start:end])
    np.testing.assert_array_equal(part.atr, whole.atr[:, start:end])
    for s in range(start, end):
        assert events_of(part, s - start) == events_of(whole, s)


@given(
    seed=st.integers(0, 2**32 - 1),
    bars=st.integers(1, 1200),
    few=st.sampled_from([1, 2, 3, 5, 12]),
    ticks=st.sampled_from([20, 100_000]),
    has_gaps=st.booleans(),
)
def test_few_symbols_are_taken_as_many_are(
    seed: int, bars: int, few: int, ticks: int, has_gaps: bool
) -> None:
    block = walk(seed, bars, 13, ticks=ticks)
    block = with_gaps(seed, block) if has_gaps else block

    part = analyse(*(np.ascontiguousarray(column[:, :few]) for column in block))
    whole = analyse(*block)

    np.testing.assert_array_equal(part.rsi, whole.rsi[:, :few])
    np.testing.assert_array_equal(part.atr, whole.atr[:, :few])
    np.testing.assert_array_equal(part.pivots, whole.pivots[:, :few])
    theirs = whole.divergences[whole.divergences[:, 0] < few]
    np.testing.assert_array_equal(part.divergences, theirs)


def test_events_come_in_the_order_in_which_they_were_confirmed() -> None:
    events = analyse(*walk(5, 500, 20)).divergences

    assert len(events) > 100
    assert (np.diff(events[:, 3]) >= 0).all()


def test_history_counts_the_candles_before_the_previous_pivot() -> None:
    high, low, close = walk(6, 600, 1)
    for column in (high, low, close):
        column[:50] = np.nan
        column[100:103] = np.nan

    events = analyse(high, low, close).divergences

    assert len(events) > 3
    for _, _, q, _, history in events.tolist():
        assert history == np.count_nonzero(~np.isnan(close[:q]))
