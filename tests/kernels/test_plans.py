"""What many plans make of a signal, against the slow twin that looks at each row."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.kernels.plans import PathPrices, results_of
from tests import reference
from tests.reference import Plan

MINUTE, HOUR = 60_000, 3_600_000
NEVER = 1 << 40
Row = tuple[float, float, float, float] | None
QUIET: Row = (100.0, 101.0, 99.0, 100.0)
LONG = Plan(1, pivot=98.5, close=100.0, atr=1.0)  # stops at 98, gains at 104
SHORT = Plan(-1, pivot=101.5, close=100.0, atr=1.0)


def kernel(
    rows: list[Row],
    plans: list[Plan],
    settlements: list[tuple[int, int, float, float]],
    *,
    length: int,
    report_rows: int,
) -> list[tuple[int, float] | None]:
    """Trade one signal, which all plans share, from the first row on."""
    first = plans[0]
    columns = [np.array([[math.nan if row is None else row[k] for row in rows]]) for k in range(4)]
    prices = PathPrices(
        *columns,
        0,
        length,
        report_rows,
        np.array([first.spread]),
        np.array(settlements, np.float64).reshape(-1, 4),
        np.array([0, len(settlements)]),
    )
    signal = [0, 0, first.side, 2]
    signal += [NEVER if x is None else x for x in (first.until, first.opposite)]
    wide = [
        (
            *(x.stop_atr, x.reward_risk, x.least_reward_risk),
            *(math.nan if x.trail_atr is None else x.trail_atr, x.holding, 1.0, 0b0100),
            *(x.fee_in, x.fee, x.slippage, x.leverage),
        )
        for x in plans
    ]
    levels = np.array([[first.pivot, first.close, first.atr]])
    ended, results = results_of(np.array([signal]), levels, np.array(wide, np.float64), prices)
    return [
        None if row < 0 else (row, result)
        for row, result in zip(ended[:, 0].tolist(), results[:, 0].tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("rows", "plan", "row", "result"),
    [
        pytest.param([QUIET, (100, 105, 99, 104)], LONG, 1, 2, id="target"),
        pytest.param([QUIET, (100, 101, 97, 99)], LONG, 1, -1, id="stop"),
        pytest.param([QUIET, (100, 101, 98, 99)], LONG, 1, -1, id="stop touched"),
        pytest.param([QUIET, (100, 105, 98, 99)], LONG, 1, -1, id="both: stop first"),
        pytest.param([QUIET, (100, 104, 99, 99), QUIET], LONG, None, None, id="target only met"),
        pytest.param([QUIET, (96, 97, 95, 96)], LONG, 1, -2, id="gap over the stop"),
        pytest.param([QUIET, (108, 109, 107, 108)], LONG, 1, 2, id="gap over the target"),
        pytest.param([QUIET, (100, 101, 95, 99)], SHORT, 1, 2, id="short"),
        pytest.param([QUIET, (104, 105, 103, 104)], SHORT, 1, -2, id="short gap"),
        pytest.param([QUIET] * 3, replace(LONG, holding=2), 2, 0, id="holding time"),
        pytest.param([QUIET] * 2, replace(LONG, holding=2), None, None, id="before it"),
        pytest.param([QUIET] * 3, replace(LONG, opposite=1), 1, 0, id="opposite signal"),
        pytest.param(
            [QUIET, None, (99, 109, 90, 100)], replace(LONG, holding=1), 1, 0, id="closed in a gap"
        ),
        pytest.param([None, (97, 97, 97, 97)], LONG, 1, -1.5, id="entered at the last price"),
        pytest.param(
            [QUIET, (100, 103, 100, 103), (103, 103.5, 101, 101)],
            replace(LONG, trail_atr=1.5),
            2,
            -0.25 + 1,
            id="trailing stop",
        ),
        pytest.param(
            [QUIET, (100, 101, 97, 99)], replace(LONG, spread=0.01), 1, -1, id="spread in 1 R"
        ),
        pytest.param(
            [QUIET] * 2, replace(LONG, spread=0.01, holding=1), 1, -1 / 2.5, id="spread paid twice"
        ),
        pytest.param(
            [QUIET, (70, 71, 69, 70)],
            replace(LONG, leverage=5),
            1,
            -100 / 5 / 2,
            id="liquidation before a stop beyond it",
        ),
        pytest.param([QUIET, (104, 104, 103, 103)], LONG, 1, 2, id="opens at the target"),
        pytest.param(
            [QUIET, (104, 104, 103, 103)],
            replace(LONG, holding=1, slippage=0.001),
            1,
            (104 - 100.1) / (100.1 - 98 * 0.999),
            id="opens at the target at its end",
        ),
        pytest.param([QUIET], replace(LONG, fee=0.011), None, None, id="costs above the risk"),
        pytest.param(
            [QUIET], replace(LONG, least_reward_risk=2.1), None, None, id="promises too little"
        ),
    ],
)
def test_each_rule(rows: list[Row], plan: Plan, row: int | None, result: float | None) -> None:
    expected = None if row is None else (row, pytest.approx(result))

    (found,) = kernel(rows, [plan], [], length=MINUTE, report_rows=5)

    assert found == expected
    assert reference.followed(rows, plan, [], length=MINUTE, report_rows=5) == expected


@pytest.mark.parametrize(
    ("due", "known", "rate", "rows", "plan", "paid"),
    [
        pytest.param(60_000, 60_000, 0.01, 3, replace(LONG, holding=2), -1, id="long pays"),
        pytest.param(60_000, 60_000, 0.01, 3, replace(SHORT, holding=2), 1, id="short receives"),
        pytest.param(0, 14, 0.01, 3, replace(LONG, holding=2), 0, id="due at the entry"),
        pytest.param(120_000, 120_014, 0.01, 3, replace(LONG, holding=2), 0, id="not known yet"),
        pytest.param(180_000, 180_000, 0.01, 3, replace(LONG, holding=2), 0, id="due later"),
    ],
)
def test_funding_that_was_due_and_known_is_paid(
    due: int, known: int, rate: float, rows: int, plan: Plan, paid: float
) -> None:
    settled = [(due, known, rate, math.nan)]

    (found,) = kernel([QUIET] * rows, [plan], settled, length=MINUTE, report_rows=5)

    assert found == (2, pytest.approx(paid / 2))
    twin = reference.followed([QUIET] * rows, plan, settled, length=MINUTE, report_rows=5)
    assert found == twin


numbers = st.integers(-6, 6)
parts = st.sampled_from([0.0, 0.0004, 0.003])
ticks = st.tuples(numbers, st.integers(0, 4), st.integers(0, 4), numbers)


def candle(drawn: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    opened, up, down, close = drawn
    high, low = max(opened, close) + up, min(opened, close) - down
    return 100.0 + opened, 100.0 + high, 100.0 + low, 100.0 + close


plans = st.builds(
    Plan,
    side=st.just(1),
    pivot=st.just(98.0),
    close=st.just(100.0),
    atr=st.just(1.0),
    stop_atr=st.sampled_from([0.0, 0.5, 2.0]),
    reward_risk=st.sampled_from([0.5, 1.0, 3.0]),
    least_reward_risk=st.sampled_from([0.0, 0.9]),
    trail_atr=st.sampled_from([None, None, 0.7, 3.0]),
    holding=st.integers(1, 70),
    fee=parts,
    fee_in=parts,
    slippage=parts,
    leverage=st.sampled_from([0, 1, 10, 20]),
)
settled = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from([0, 14]),
        st.sampled_from([-0.001, 0.002]),
        st.sampled_from([math.nan, 101.5]),
    ),
    max_size=3,
)


@given(
    rows=st.lists(st.none() | ticks, min_size=1, max_size=60),
    drawn=st.lists(plans, min_size=1, max_size=5),
    side=st.sampled_from([1, -1]),
    spread=parts,
    opposite=st.none() | st.integers(1, 60),
    until=st.none() | st.integers(1, 60),
    paid=settled,
    length=st.sampled_from([MINUTE, 4 * HOUR]),
)
def test_all_plans_of_a_signal_end_as_the_slow_twin_says(
    rows: list[tuple[int, int, int, int] | None],
    drawn: list[Plan],
    side: int,
    spread: float,
    opposite: int | None,
    until: int | None,
    paid: list[tuple[int, int, float, float]],
    length: int,
) -> None:
    shared = {"side": side, "pivot": 100.0 - 2.0 * side, "spread": spread}
    own = [replace(x, **shared, opposite=opposite, until=until) for x in drawn]
    candles = [None if x is None else candle(x) for x in rows]
    settlements = sorted((x * length, x * length + late, *more) for x, late, *more in paid)
    more = {"length": length, "report_rows": 1 if length == 4 * HOUR else 5}

    found = kernel(candles, own, settlements, **more)

    for plan, result in zip(own, found, strict=True):
        expected = reference.followed(candles, plan, settlements, **more)
        assert result == (expected and (expected[0], pytest.approx(expected[1], abs=1e-9)))
