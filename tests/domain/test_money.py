from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.money import (
    price_above,
    price_below,
    price_of,
    quantity_below,
    round_down,
    round_up,
)

EXTREMES = st.integers(1, 10**30 - 1), st.sampled_from([-60, -45, -30, -8, 0])
TICKS = ["0.01", "0.00000100", "0.5", "1", "10", "0.0025"]


@pytest.mark.parametrize(
    ("value", "tick", "below", "nearest", "above"),
    [
        pytest.param(1.234, "0.01", "1.23", "1.23", "1.24", id="between two ticks"),
        pytest.param(1.23, "0.01", "1.23", "1.23", "1.23", id="a valid price stays"),
        pytest.param(0.1, "0.10000000", "0.1", "0.1", "0.1", id="written with zeros"),
        pytest.param(7.3, "2.5", "5.0", "7.5", "7.5", id="a tick above one with decimals"),
        pytest.param(17.0, "10", "10", "20", "20", id="a tick above one"),
        pytest.param(0.00001239, "0.00000001", *["0.00001239"] * 3, id="a meme coin"),
    ],
)
def test_prices_are_rounded_to_the_tick(
    value: float, tick: str, below: str, nearest: str, above: str
) -> None:
    found = [f(value, Decimal(tick)) for f in (price_below, price_of, price_above)]

    assert [f"{price:f}" for price in found] == [below, nearest, above]


@given(
    value=st.floats(1e-8, 1e6, allow_nan=False),
    tick=st.sampled_from(TICKS).map(Decimal),
)
def test_rounding_never_goes_the_wrong_way_nor_too_far(value: float, tick: Decimal) -> None:
    exact = Decimal(repr(value))

    below, above = price_below(value, tick), price_above(value, tick)

    assert exact - tick < below <= exact <= above < exact + tick
    assert below % tick == above % tick == 0


BOUNDED = st.builds(lambda digits, power: Decimal(digits).scaleb(power), *EXTREMES)


@given(value=BOUNDED, tick=BOUNDED)
def test_no_price_and_no_tick_that_a_venue_may_name_is_too_much(
    value: Decimal, tick: Decimal
) -> None:
    below, above = price_below(value, tick), price_above(value, tick)

    with localcontext(prec=200):
        assert below <= value <= above
        assert above - below in (0, tick)
    assert quantity_below(value, tick) == below
    assert round_down(value) <= value <= round_up(value)
    price_of(float(value), tick)


def test_without_a_tick_ten_digits_are_kept() -> None:
    assert str(price_of(123.456789012345, None)) == "123.4567890"
    assert str(price_of(0.0000123456789012, None)) == "0.00001234567890"
