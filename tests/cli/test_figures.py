from __future__ import annotations

from decimal import Decimal

import pytest

from divbot.cli.figures import duration_text, money_text, number_text, percent_text


@pytest.mark.parametrize(
    ("amount", "text", "signed"),
    [
        ("1234567.891", "1,234,567.89", "+1,234,567.89"),
        ("-12", "-12.00", "-12.00"),
        ("0.01234", "0.0123", "+0.0123"),
        ("-0.99999", "-1.0000", "-1.0000"),
        ("0.00001", "0.0000", "0.0000"),
        ("-0.00001", "0.0000", "0.0000"),
        ("0", "0.00", "0.00"),
        ("1E+3", "1,000.00", "+1,000.00"),
    ],
)
def test_money_has_two_decimals_and_small_money_four(amount: str, text: str, signed: str) -> None:
    assert money_text(Decimal(amount)) == text
    assert money_text(Decimal(amount), signed=True) == signed


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.005, "+1.00"), (-0.004, "0.00"), (0.0, "0.00"), (-2.5, "-2.50"), (1234.5, "+1,234.50")],
)
def test_a_number_that_rounds_to_nothing_has_no_sign(value: float, text: str) -> None:
    assert number_text(value, signed=True) == text


def test_parts_are_told_per_cent() -> None:
    assert percent_text(0.12345) == "12.3 %"
    assert percent_text(0.12345, signed=True, decimals=2) == "+12.35 %"
    assert percent_text(-0.00001) == "0.0 %"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (72_000, "1 min 12 s"),
        (3_600_000, "1 h 0 min"),
        (93_600_000, "1 d 2 h"),
    ],
)
def test_durations_have_their_two_largest_units(milliseconds: int, text: str) -> None:
    assert duration_text(milliseconds) == text
