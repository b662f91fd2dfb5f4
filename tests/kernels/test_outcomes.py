"""What becomes of trades: rule by rule, and one by one against the slow twin."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.fills import Costs
from divbot.domain.risk import loss_at_stop
from divbot.domain.signals import Side
from divbot.kernels.analysis import analyse
from divbot.kernels.outcomes import (
    EXPIRED,
    NOT_ENTERED,
    REACHED_STOP,
    REACHED_TARGET,
    UNRESOLVED,
    outcomes,
)
from tests import reference
from tests.conftest import DATA, SHIPPED
from tests.kernels.blocks import Floats, walk

OUTCOMES = {
    UNRESOLVED: "unresolved",
    NOT_ENTERED: "not entered",
    REACHED_TARGET: "target",
    REACHED_STOP: "stop",
    EXPIRED: "expired",
}
Row = tuple[float, float, float, float] | None
QUIET: Row = (100, 101, 99, 100)
LONG = {"side": 1, "stop": 98.0, "target": 104.0}
SHORT = {"side": -1, "stop": 102.0, "target": 96.0}


def trade(rows: list[Row], **rules: float) -> tuple[str, int, float]:
    """Enter at the first row's open; return outcome, row of the end, and the result in R."""
    given = {**LONG, "fee": 0.0, "slippage": 0.0, "horizon": 100, **rules}
    columns = [
        np.array([np.nan if row is None else row[k] for row in rows], np.float64).reshape(-1, 1)
        for k in range(4)
    ]
    trades = np.array([[0, 0, int(given["side"])]])
    plans = np.array([[given["stop"], given["target"]]])
    ends, results = outcomes(
        trades, plans, *columns, given["fee"], given["slippage"], int(given["horizon"])
    )
    return OUTCOMES[int(ends[0, 0])], int(ends[0, 1]), float(results[0])


@pytest.mark.parametrize(
    ("rows", "rules", "outcome", "row", "result"),
    [
        pytest.param([QUIET, (100, 105, 99, 104)], {}, "target", 1, 2, id="target"),
        pytest.param([QUIET, (100, 101, 97, 99)], {}, "stop", 1, -1, id="stop"),
        pytest.param([QUIET, (100, 101, 98, 99)], {}, "stop", 1, -1, id="stop touched"),
        pytest.param([(100, 105, 98, 99)], {}, "stop", 0, -1, id="both: stop first"),
        pytest.param([(100, 104, 99, 99), QUIET], {}, "unresolved", -1, None, id="target only met"),
        pytest.param([QUIET, (96, 97, 95, 96)], {}, "stop", 1, -2, id="gap over stop"),
        pytest.param([QUIET, (108, 109, 107, 108)], {}, "target", 1, 2, id="gap: target"),
        pytest.param([QUIET, None, (96, 97, 95, 96)], {}, "stop", 2, -2, id="hole"),
        pytest.param([QUIET, QUIET], {}, "unresolved", -1, None, id="nothing touched"),
        pytest.param([], {}, "unresolved", -1, None, id="no candle yet"),
        pytest.param(
            [QUIET, (100, 101, 99, 101)],
            {"horizon": 2},
            "expired",
            1,
            0.5,
            id="horizon",
        ),
        pytest.param([QUIET], {"horizon": 2}, "unresolved", -1, None, id="before the horizon"),
        pytest.param(
            [QUIET, None, (99, 109, 90, 100)],
            {"horizon": 2},
            "expired",
            2,
            -0.5,
            id="horizon in a hole: the next open",
        ),
        pytest.param([None, QUIET], {}, "not entered", -1, None, id="no candle to enter"),
        pytest.param([(98, 99, 97, 98)], {}, "not entered", -1, None, id="at the stop"),
        pytest.param([(104, 105, 103, 104)], {}, "not entered", -1, None, id="at the target"),
        pytest.param([QUIET], {"fee": 0.011}, "not entered", -1, None, id="costs above the risk"),
        pytest.param([QUIET, (100, 101, 95, 99)], SHORT, "target", 1, 2, id="short"),
        pytest.param([QUIET, (104, 105, 103, 104)], SHORT, "stop", 1, -2, id="short gap"),
        pytest.param(
            [QUIET, (100, 105, 99, 104)],
            {"fee": 0.001},
            "target",
            1,
            (4 - 0.204) / 2.198,
            id="fees of both fills",
        ),
        pytest.param(
            [QUIET, (100, 101, 97, 99)],
            {"slippage": 0.01},
            "stop",
            1,
            -1,
            id="slippage of entry and stop",
        ),
    ],
)
def test_each_rule(
    rows: list[Row],
    rules: dict[str, float],
    outcome: str,
    row: int,
    result: float | None,
) -> None:
    found = trade(rows, **rules)

    assert found[:2] == (outcome, row)
    assert found[2] == pytest.approx(np.nan if result is None else result, nan_ok=True)


def test_a_case_s_future_changes_nothing_once_it_has_ended() -> None:
    rows: list[Row] = [QUIET, (100, 105, 99, 104), QUIET]

    assert trade(rows) == trade([*rows[:2], (1, 500, 1, 1)]) == trade(rows[:2])


Block = tuple[Floats, Floats, Floats, Floats]


def rows_of(columns: list[Floats]) -> list[Row]:
    rows = zip(*(x.tolist() for x in columns), strict=True)
    return [None if np.isnan(row[3]) else row for row in rows]


def compare(block: Block, *, fee: float, slippage: float, horizon: int) -> dict[str, int]:
    """Hold every divergence's outcome against the slow twin's; return how many had each."""
    _, high, low, close = block
    analysis = analyse(high, low, close)
    rows = [rows_of([x[:, s] for x in block]) for s in range(close.shape[1])]
    trades, plans, expected = [], [], []
    for s, kind, _, p, _ in analysis.after_warm_up().tolist():
        confirmed, sign = p + 5, 1 if kind < 2 else -1
        pivot = low[p, s] if sign > 0 else high[p, s]
        stop = pivot - sign * 0.5 * analysis.atr[confirmed, s]
        target = close[confirmed, s] + 2 * (close[confirmed, s] - stop)
        trades.append((s, confirmed + 1, sign))
        plans.append((stop, target))
        side = "BUY" if sign > 0 else "SELL"
        costs = {"fee": fee, "slippage": slippage, "horizon": horizon}
        expected.append(reference.outcome(rows[s], confirmed, side, stop, target, **costs))

    ends, results = outcomes(
        np.array(trades, np.int64).reshape(-1, 3),
        np.array(plans).reshape(-1, 2),
        *block,
        fee,
        slippage,
        horizon,
    )

    assert [OUTCOMES[x] for x in ends[:, 0].tolist()] == [x.outcome for x in expected]
    assert ends[:, 1].tolist() == [x.ended for x in expected]
    np.testing.assert_allclose(results, [x.result for x in expected], rtol=1e-9, atol=1e-9)
    became = [x.outcome for x in expected]
    return {name: became.count(name) for name in OUTCOMES.values()}


@given(
    seed=st.integers(0, 2**32 - 1),
    horizon=st.integers(1, 80),
    fee=st.sampled_from([0.0, 0.0005]),
    has_gaps=st.booleans(),
)
def test_outcomes_are_those_of_the_slow_twin(
    seed: int, horizon: int, fee: float, has_gaps: bool
) -> None:
    high, low, close = walk(seed, 400, 3, ticks=200)
    random = np.random.default_rng(seed)
    opened = low + (high - low) * random.random(close.shape)
    missing = has_gaps & (random.random(close.shape) < 0.004)
    block = tuple(np.where(missing, np.nan, x) for x in (opened, high, low, close))

    compare(block, fee=fee, slippage=0.0002, horizon=horizon)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("folder", "name", "step", "fee", "least"),
    [
        (SHIPPED, "spot-5m-2024-07", 300_000, 0.001, 200),
        (SHIPPED, "usdm-1m-2025-05", 60_000, 0.0005, 500),
        (DATA, "spot-5m-2024-07", 300_000, 0.001, 15_000),
        (DATA, "usdm-1m-2025-05", 60_000, 0.0005, 15_000),
    ],
    ids={SHIPPED: "shipped", DATA: "all"}.get,
)
def test_every_case_of_a_recorded_market_is_as_the_slow_twin_says(
    folder: Path, name: str, step: int, fee: float, least: int
) -> None:
    path = folder / "market" / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"not on this machine: {path}")
    table = pd.read_parquet(path)
    row = ((table.open_time - table.open_time.min()) // step).to_numpy()
    column, symbols = table.symbol.factorize()
    block = []
    for prices in ("open", "high", "low", "close"):
        grid = np.full((row.max() + 1, len(symbols)), np.nan)
        grid[row, column] = table[prices].to_numpy()
        block.append(grid)

    became = compare(tuple(block), fee=fee, slippage=0.0002, horizon=100)  # type: ignore[arg-type]

    assert became["target"] + became["stop"] + became["expired"] > least
    assert min(became.values()) > least // 1500


@given(
    side=st.sampled_from([1, -1]),
    way=st.floats(0.02, 0.5),
    out=st.floats(0.3, 1.9),
    fee=st.sampled_from([0.0, 0.0004, 0.001]),
    slippage=st.sampled_from([0.0, 0.0002, 0.003]),
)
def test_one_r_is_that_of_the_domain(
    side: int, way: float, out: float, fee: float, slippage: float
) -> None:
    stop, target = 1.0 - side * way, 1.0 + side * 1e3
    plan = {"side": side, "stop": stop, "target": target, "fee": fee, "slippage": slippage}
    rows: list[Row] = [(1.0, 1.0, 1.0, 1.0), (out, out, out, out)]

    _, _, result = trade(rows, **plan, horizon=2)

    price, paid = 1.0 + side * slippage, out * (1.0 - side * slippage)
    one = loss_at_stop(
        Side.BUY if side > 0 else Side.SELL,
        Decimal(1),
        Decimal(price),
        Decimal(stop),
        Costs(Decimal(fee), Decimal(slippage)),
        Decimal("1e-18"),
        paid=Decimal(fee) * Decimal(price),
    )
    assert result * float(one) == pytest.approx(
        side * (paid - price) - fee * (price + paid), rel=1e-12, abs=1e-12
    )
