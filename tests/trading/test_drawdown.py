from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.trading.figures.curve import Valuation, equity_curve
from divbot.trading.figures.drawdown import maximum_drawdown, underwater
from tests.trading.stories import (
    HOUR,
    START,
    STARTED,
    dealt,
    entered,
    marked,
    nothing_yet,
    recorded,
)

EQUITY = st.lists(st.decimals("0.01", "5000", places=2), min_size=1, max_size=40)


def curve(*equity: float | Decimal) -> tuple[Valuation, ...]:
    return tuple(Valuation(at, Decimal(str(value))) for at, value in enumerate(equity))


@pytest.mark.parametrize(
    ("equity", "peak", "trough", "recovered", "amount", "depth"),
    [
        pytest.param((100, 80, 90, 100, 120), 0, 1, 3, 20, 0.2, id="a fall and its end"),
        pytest.param((100, 120, 90, 110), 1, 2, None, 30, 0.25, id="not over"),
        pytest.param((100, 100, 80, 101), 1, 2, 3, 20, 0.2, id="the peak is where the fall begins"),
        pytest.param((100, 50, 200, 140, 220), 0, 1, 2, 50, 0.5, id="the part counts, not money"),
        pytest.param((100, 90, 80, 85, 70), 0, 4, None, 30, 0.3, id="down and further down"),
        pytest.param((100, 75, 100, 75, 100), 0, 1, 2, 25, 0.25, id="the first of two alike"),
        pytest.param((100, 0), 0, 1, None, 100, 1.0, id="all is lost"),
    ],
)
def test_the_maximum_drawdown_has_a_peak_a_trough_and_an_end(
    equity: tuple[float, ...],
    peak: int,
    trough: int,
    recovered: int | None,
    amount: int,
    depth: float,
) -> None:
    found = maximum_drawdown(curve(*equity))

    assert found is not None
    assert (found.peak.at, found.trough.at, found.recovered_at) == (peak, trough, recovered)
    assert (found.amount, found.depth) == (amount, depth)


@pytest.mark.parametrize("equity", [(100,), (100, 100), (100, 101, 102)])
def test_what_never_fell_has_no_drawdown(equity: tuple[float, ...]) -> None:
    assert maximum_drawdown(curve(*equity)) is None


@given(EQUITY)
def test_pandas_finds_the_same_drawdown(equity: list[Decimal]) -> None:
    series = pd.Series([float(x) for x in equity])
    lost = 1 - series / series.cummax()

    found = maximum_drawdown(curve(*equity))

    assert underwater(curve(*equity)) == pytest.approx(lost.tolist(), abs=1e-12)
    assert (found.depth if found else 0.0) == pytest.approx(lost.max(), abs=1e-12)


def test_the_curve_is_the_balance_and_every_valuation() -> None:
    run = recorded(
        STARTED,
        marked(START + HOUR, "1001"),
        marked(START + 2 * HOUR, "999.5"),
        entered(1, START + 3 * HOUR),
    )

    assert equity_curve(run.events, run.ledger) == (
        Valuation(START, Decimal(1000)),
        Valuation(START + HOUR, Decimal(1001)),
        Valuation(START + 2 * HOUR, Decimal("999.5")),
    )


def test_without_a_position_the_cash_is_the_last_valuation() -> None:
    entry, exit_ = dealt(1, START + HOUR, START + 2 * HOUR, "-7")
    late = recorded(STARTED, entry, marked(START + 2 * HOUR, "1003"), exit_)

    assert equity_curve(late.events, late.ledger)[-1] == Valuation(START + 2 * HOUR, Decimal(993))
    assert equity_curve(nothing_yet().events, nothing_yet().ledger) == (
        Valuation(START, Decimal(1000)),
    )
