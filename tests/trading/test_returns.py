from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.clock import parse_time
from divbot.trading.figures.curve import Valuation
from divbot.trading.figures.drawdown import maximum_drawdown
from divbot.trading.figures.returns import (
    DailyReturns,
    Metric,
    annual_return,
    calmar,
    daily_returns,
    monthly_returns,
    sharpe,
    sortino,
)

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = parse_time("2024-07-01")

RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=30, max_size=60).filter(
    lambda x: np.std(x) > 1e-6 and min(x) < -1e-6
)


def curve(*points: tuple[float, float]) -> tuple[Valuation, ...]:
    """Return valuations at so many hours after a midnight."""
    return tuple(
        Valuation(MIDNIGHT + round(hours * HOUR), Decimal(str(equity))) for hours, equity in points
    )


def daily(returns: list[float]) -> DailyReturns:
    return DailyReturns(tuple(returns), valued=len(returns))


def test_days_are_whole_utc_days_and_end_with_the_last_valuation_before_midnight() -> None:
    found = daily_returns(
        # Begun in the afternoon, and ended in the morning: neither day is a whole one.
        curve((-9, 1000), (-1, 1100), (5, 900), (23.9, 1210), (24.1, 1), (48, 605), (50, 7))
    )

    assert found.returns == pytest.approx((0.1, -0.5))
    assert found.valued == 2


def test_a_day_without_a_valuation_earns_nothing_and_does_not_count() -> None:
    found = daily_returns(curve((0, 1000), (20, 1100), (75, 2200), (96, 2200)))

    assert found.returns == pytest.approx((0.1, 0.0, 0.0, 1.0))
    assert found.valued == 2


def test_a_month_ends_with_the_valuation_of_the_midnight_after_it() -> None:
    august = 31 * 24
    found = monthly_returns(
        curve((5, 1000), (10, 1100), (august, 1210), (august + 1, 1100), (august + 40 * 24, 605))
    )

    assert list(found) == ["2024-07", "2024-08", "2024-09"]
    assert list(found.values()) == pytest.approx([0.21, 1100 / 1210 - 1, -0.45])


@pytest.mark.parametrize("hours", [0, 5, 23.9])
def test_a_run_without_a_whole_day_has_no_daily_return(hours: float) -> None:
    assert daily_returns(curve((1, 1000), (1 + hours / 1.1, 1001))) == DailyReturns((), 0)


def test_pandas_finds_the_same_days() -> None:
    rng = np.random.default_rng(11)
    hours = np.sort(rng.uniform(0.01, 24 * 20, 300))
    equity = np.round(1000 * np.exp(np.cumsum(rng.normal(0, 0.01, 300))), 2)
    series = pd.Series(equity, index=pd.to_datetime(MIDNIGHT + hours * HOUR, unit="ms", utc=True))

    closes = series.resample("1D", closed="right", label="right").last().ffill().dropna()
    # Neither the first day, which has no midnight before it, nor the last, which is not over.
    expected = closes.pct_change().iloc[1:-1]
    found = daily_returns(curve(*zip(hours.tolist(), equity.tolist(), strict=True)))

    assert found.returns == pytest.approx(expected.tolist(), abs=1e-12)


@given(RETURNS)
def test_numpy_finds_the_same_ratios(returns: list[float]) -> None:
    x = np.array(returns)

    assert sharpe(daily(returns)).value == pytest.approx(
        x.mean() / x.std(ddof=1) * np.sqrt(365), rel=1e-9, abs=1e-9
    )
    assert sortino(daily(returns)).value == pytest.approx(
        x.mean() / np.sqrt((np.minimum(x, 0) ** 2).mean()) * np.sqrt(365), rel=1e-9, abs=1e-9
    )


def test_ratios_worked_out_by_hand() -> None:
    # Mean 0.01; deviations of 0.02 from it, 40 of them; half of the days lose 0.01.
    alternating = daily([0.03, -0.01] * 20)

    assert sharpe(alternating).value == pytest.approx(
        0.01 / (0.02 * math.sqrt(40 / 39)) * math.sqrt(365)
    )
    assert sortino(alternating).value == pytest.approx(
        0.01 / (0.01 / math.sqrt(2)) * math.sqrt(365)
    )


def test_fewer_than_thirty_valued_days_have_no_ratio() -> None:
    short = DailyReturns((0.01, -0.01) * 20, valued=29)
    reason = "needs 30 whole days"

    assert sharpe(short) == sortino(short) == Metric(None, reason)


@pytest.mark.parametrize(
    ("returns", "sharpe_reason", "sortino_reason"),
    [
        ([0.0] * 30, "the equity changed by the same part every day", "no day lost anything"),
        ([0.01, 0.02] * 15, "", "no day lost anything"),
    ],
)
def test_nothing_is_divided_by_nothing(
    returns: list[float], sharpe_reason: str, sortino_reason: str
) -> None:
    assert sharpe(daily(returns)).reason == sharpe_reason
    assert sortino(daily(returns)).reason == sortino_reason


def test_a_year_is_told_from_ninety_days_on() -> None:
    short = annual_return(curve((0, 1000), (24 * 90 - 1, 1100)))
    long = annual_return(curve((0, 1000), (24 * 182.5, 1100)))

    assert short == Metric(None, "needs 90 days")
    assert long.value == pytest.approx(0.21)


def test_calmar_is_the_annual_return_over_the_maximum_drawdown() -> None:
    points = curve((0, 1000), (24, 1250), (48, 1000), (24 * 182.5, 1100))

    annual = annual_return(points)
    assert calmar(annual, maximum_drawdown(points)).value == pytest.approx(0.21 / 0.2)
    assert calmar(annual, None) == Metric(None, "the equity never fell")
    assert calmar(Metric(None, "too short"), None) == Metric(None, "too short")


def test_an_account_that_is_wiped_out_has_figures_all_the_same() -> None:
    points = curve(*((24 * day, 1000 if day < 50 else 0) for day in range(100)))

    found = daily_returns(points)
    assert found.returns[49:52] == (-1.0, 0.0, 0.0)
    assert annual_return(points).value == -1.0
    assert sharpe(found).value == pytest.approx(-1 / math.sqrt(99) * math.sqrt(365))
