import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.exchange.market.number_format import Decimals, NumberFormat
from divbot.exchange.market.tape import COLUMNS, no_rows
from divbot.exchange.rest.kline_json import klines_json

LARGEST = 2**63 - 1
numbers = st.one_of(st.integers(0, LARGEST), st.integers(0, 10**6))


@st.composite
def decimals(draw):
    held = draw(st.integers(0, 12))
    return Decimals(held, draw(st.integers(held, 12)))


@given(
    st.lists(st.lists(numbers, min_size=COLUMNS, max_size=COLUMNS), max_size=5),
    st.builds(NumberFormat, decimals(), decimals(), decimals()),
)
@settings(deadline=None)
def test_rows_are_written_as_the_exact_decimals_they_are(rows, form):
    matrix = np.array(rows, dtype=np.int64).reshape(-1, COLUMNS)

    body = klines_json(matrix, matrix[:, 0], form)

    assert json.loads(body) == [_naive(row, form) for row in rows]


@given(st.integers(-(10**20), 10**20), decimals())
def test_a_number_is_written_exactly(units, form):
    text = form.text(units)

    assert Decimal(text) == Decimal(units).scaleb(-form.held)
    assert -Decimal(text).as_tuple().exponent == form.shown


@pytest.mark.parametrize(
    ("units", "held", "shown", "text"),
    [
        (5, 2, 8, "0.05000000"),
        (-5, 2, 2, "-0.05"),
        (7, 0, 0, "7"),
        (7, 0, 2, "7.00"),
        (123456789, 8, 2, "1.23"),
        (0, 8, 8, "0.00000000"),
    ],
)
def test_a_number_shows_as_many_decimals_as_it_should(units, held, shown, text):
    assert Decimals(held, shown).text(units) == text


def test_no_rows_are_an_empty_list():
    form = NumberFormat(Decimals(2, 8), Decimals(2, 8), Decimals(2, 8))

    assert klines_json(no_rows(), no_rows()[:, 0], form) == b"[]"


def _naive(row, form):
    price, volume, quote = form.price.text, form.volume.text, form.quote.text
    return [
        row[0],
        *(price(each) for each in row[1:5]),
        volume(row[5]),
        row[0],
        quote(row[6]),
        row[7],
        volume(row[8]),
        quote(row[9]),
        "0",
    ]
