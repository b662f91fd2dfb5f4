from __future__ import annotations

import contextlib
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.domain.bounds import Bounds, shortened

MONEY = Bounds(Decimal, "0.5", 1000, places=8)
COUNT = Bounds(int, 1, 5000)
SHARE = Bounds(float, 0, 1)
PART = Bounds(Decimal, "0.000001", "0.1", is_part=True)


def test_bounds_say_what_they_are() -> None:
    assert str(COUNT) == "a whole number from 1 to 5000"
    assert str(SHARE) == "a number from 0 to 1"
    assert str(MONEY) == "a number from 0.5 to 1000 with at most 8 decimal places"
    assert str(PART) == (
        "a number from 0.000001 to 0.1 or from 0.0001% to 10% with at most 18 decimal places"
    )


@pytest.mark.parametrize(
    ("bounds", "value", "number"),
    [
        pytest.param(COUNT, "5000", 5000, id="the most"),
        pytest.param(COUNT, 1.0, 1, id="a whole float"),
        pytest.param(COUNT, " 7 ", 7, id="blanks around"),
        pytest.param(COUNT, "4e2", 400, id="an exponent"),
        pytest.param(SHARE, "0.1", 0.1, id="the nearest float"),
        pytest.param(SHARE, "1e-400", 0.0, id="next to nothing"),
        pytest.param(MONEY, 0.7, Decimal("0.7"), id="a float as it is written"),
        pytest.param(MONEY, "10.123456780000", Decimal("10.12345678"), id="noughts at the end"),
        pytest.param(PART, "0.5%", Decimal("0.005"), id="per cent"),
        pytest.param(PART, " 10 % ", Decimal("0.1"), id="per cent with blanks"),
        pytest.param(PART, 0.005, Decimal("0.005"), id="a part"),
    ],
)
def test_numbers_within_are_read(bounds: Bounds[float], value: object, number: object) -> None:
    found = bounds.read(value)

    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    ("bounds", "value", "found"),
    [
        pytest.param(COUNT, 5001, "5001", id="too much"),
        pytest.param(COUNT, 1.5, "1.5", id="a part"),
        pytest.param(COUNT, True, "true", id="yes"),
        pytest.param(COUNT, None, "None", id="nothing"),
        pytest.param(COUNT, "abc", "'abc'", id="a word"),
        pytest.param(COUNT, "1\n2", r"'1\n2'", id="two lines"),
        pytest.param(COUNT, 10**5000, "a number of thousands of digits", id="thousands of digits"),
        pytest.param(SHARE, "nan", "nan", id="not a number"),
        pytest.param(SHARE, "snan", "snan", id="a signalling one"),
        pytest.param(SHARE, Fraction(1, 3), "Fraction(1, 3)", id="a fraction"),
        pytest.param(MONEY, "10000.123456789", "10000.123456789", id="nine places"),
        pytest.param(MONEY, "1" * 99, f"{'1' * 40}... (99 characters)", id="a long one"),
        pytest.param(MONEY, "ftp://me:a@secret@host:1", "'ftp://***@host:1'", id="a password"),
        pytest.param(MONEY, "ftp://:a/b@host", "'ftp://***@host'", id="a password of any form"),
        pytest.param(MONEY, "ftp://secret@host", "'ftp://***@host'", id="a token as a name"),
        pytest.param(MONEY, "ftp://host?k=secret", "'ftp://host?***'", id="a token to ask with"),
        pytest.param(MONEY, "me:secret@host", "'me:***@host'", id="a password without a scheme"),
        pytest.param(MONEY, "http://host:80/a", "'http://host:80/a'", id="no password"),
        pytest.param(MONEY, "50%", "'50%'", id="per cent of nothing"),
        pytest.param(PART, "11%", "'11%'", id="too many per cent"),
        pytest.param(PART, "%", "'%'", id="per cent alone"),
        pytest.param(PART, "nan%", "'nan%'", id="no number of per cent"),
        pytest.param(PART, "1e999999999%", "'1e999999999%'", id="per cent beyond all"),
    ],
)
def test_all_else_is_refused_by_its_name(bounds: Bounds[float], value: object, found: str) -> None:
    with pytest.raises(ValueError, match="expected a") as refused:
        bounds.read(value)

    assert str(refused.value) == f"expected {bounds}, found {found}"


@given(st.one_of(st.floats(), st.integers(), st.decimals(), st.text()))
def test_what_is_read_lies_within(value: object) -> None:
    for bounds in (COUNT, SHARE, MONEY):
        with contextlib.suppress(ValueError):
            number = Decimal(str(bounds.read(value)))
            assert Decimal(bounds.least) <= number <= Decimal(bounds.most)


def test_numbers_are_named_alike_whatever_they_are() -> None:
    assert {shortened(x) for x in (0, "0", Decimal(0))} == {"0"}
