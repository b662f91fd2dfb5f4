"""What is expected of an entry, computed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from divbot.domain.market import Interval, Market
from divbot.domain.signals import Evidence
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.chance import hit_rates
from divbot.scanner.evidence.expectations import Expectations, result_before_costs
from tests.scanner.fakes import TRADE

CHANCE = BaseRate(Market.USDM, Interval.M5, "what chance gives")
YEARS = replace(CHANCE, cases=5000, ratio=1.04, ratio_error=0.02, gross=0.1, gross_error=0.03)


def expected_of(
    rate: BaseRate = CHANCE,
    *,
    price: float = 100.0,
    stop: float = 99.0,
    target: float = 102.0,
    atr: float = 0.5,
) -> Evidence:
    found = Expectations(TRADE, rate).evidence(price, stop, target, atr)
    assert found is not None
    return found


def test_confidence_is_what_chance_gives_for_that_very_stop() -> None:
    found = expected_of()

    assert found.confidence == hit_rates(np.array([2.0]), np.array([4.0]), TRADE.horizon)[0]
    assert found.cases == 0


def test_a_short_is_told_the_same_as_its_mirror_image() -> None:
    assert expected_of(stop=101.0, target=98.0) == expected_of()


def test_a_wide_stop_and_a_far_target_are_less_likely() -> None:
    usual = expected_of()

    assert expected_of(stop=97.0, target=106.0).confidence < usual.confidence
    assert expected_of(target=104.0).confidence < usual.confidence
    assert expected_of(stop=98.5).confidence > usual.confidence


def test_expectancy_is_what_costs_take() -> None:
    rules = replace(TRADE, fee=0.0005, slippage=0.0002)

    found = Expectations(rules, CHANCE).evidence(100.0, 99.0, 102.0, 0.5)

    # Two fees of 5 cents and 2 cents for the entry; 2 more where the exit is no target. A plain
    # stop loses 1 USDT, and all of these: 1.14 are 1 R.
    assert found is not None
    costs = 0.10 + 0.02 + 0.02 * (1 - found.confidence)
    assert found.expectancy == pytest.approx(-costs / 1.14)


def test_years_move_both_as_far_as_they_are_believed() -> None:
    chance, years = expected_of(), expected_of(YEARS)

    # Half of 4 % more, as the error is that of such ratios; and half of 0.1 ways to the stop, of
    # which 1 R is 1.14.
    assert years.confidence == pytest.approx(1.02 * chance.confidence)
    gained = years.expectancy - chance.expectancy
    assert gained == pytest.approx(0.05 / 1.14, abs=1e-3)
    assert years.cases == 5000


def test_the_error_is_as_large_a_part_as_that_of_the_ratio() -> None:
    found = expected_of(YEARS)

    doubt, ratio = YEARS.ratio_doubt, YEARS.believed_ratio
    assert found.error / found.confidence == pytest.approx(doubt / ratio)


def test_the_interval_lies_around_the_confidence() -> None:
    found = expected_of(YEARS)

    assert found.low < found.confidence < found.high
    assert found.high - found.low == pytest.approx(2 * 1.6449 * found.error)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param((100.0, 100.0, 102.0, 0.5), id="no way to the stop"),
        pytest.param((100.0, 99.0, 100.0, 0.5), id="no way to the target"),
        pytest.param((100.0, 99.0, 102.0, 0.0), id="a price that never moved"),
        pytest.param((100.0, 99.0, 102.0, float("nan")), id="no ATR"),
    ],
)
def test_without_a_way_to_measure_nothing_is_said(case: tuple[float, ...]) -> None:
    assert Expectations(TRADE, CHANCE).evidence(*case) is None


def test_a_result_before_costs_is_what_the_price_did() -> None:
    rules = replace(TRADE, fee=0.001, slippage=0.0005)

    # Bought at 100 with a way of 1 to the stop: +2 at the target, -1 at the stop, before costs of
    # 0.25 and 0.3. A plain stop loses 1.3: that is 1 R.
    found = result_before_costs(
        np.array([1.75 / 1.3, -1.0]), np.array([1.0, 0.0]), np.array([100.0, 100.0]), rules
    )

    assert found == pytest.approx([2.0, -1.0])
