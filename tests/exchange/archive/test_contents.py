"""Lines as they are written, beside a slow and obvious twin."""

from __future__ import annotations

import zlib
from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from divbot.domain.clock import parse_time
from divbot.domain.market import Market
from divbot.exchange.archive.contents import funding_lines
from divbot.exchange.archive.damage import WAYS, damaged
from divbot.exchange.archive.holdings import ArchivedLife, Holding
from divbot.exchange.archive.zips import deflated
from divbot.exchange.market.awkward import Special
from divbot.exchange.market.number_format import Decimals, NumberFormat
from divbot.exchange.market.quotes import bends, index_price, mark_price, premium
from divbot.exchange.market.synthetic import SyntheticTape
from divbot.exchange.market.tape import SymbolListing, Terms
from divbot.exchange.rest.derived_klines import derived_prices
from divbot.exchange.rest.kline_json import klines_csv

HOUR = 3_600_000
LISTING = SymbolListing("ETHUSDT", "ETH", "USDT", 2, 3, 5, 0, 10)
units = st.integers(0, 2**62)
decimals = st.integers(0, 12).flatmap(
    lambda held: st.builds(Decimals, st.just(held), st.integers(held, held + 4))
)


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(units, min_size=10, max_size=10), max_size=4),
    signs=st.lists(st.sampled_from([1, -1]), min_size=4, max_size=4),
    form=st.builds(NumberFormat, decimals, decimals, decimals),
    bare_from=st.integers(0, 4),
)
def test_lines_are_what_a_slow_twin_writes(rows, signs, form, bare_from):
    array = np.array(rows, dtype=np.int64).reshape(len(rows), 10)
    for row, sign in enumerate(signs[: len(rows)]):
        array[row, 1:5] *= sign
    closes = array[:, 0] + 59_999

    lines = klines_csv(array, closes, form, bare_from=bare_from).decode().splitlines()

    def volume(place, value, told):
        is_bare = place >= bare_from and value % 10**told.held == 0
        return str(value // 10**told.held) if is_bare else told.text(value)

    assert lines == [
        ",".join(
            (
                str(row[0]),
                *(form.price.text(price) for price in row[1:5]),
                volume(place, row[5], form.volume),
                str(close),
                volume(place, row[6], form.quote),
                str(row[7]),
                volume(place, row[8], form.volume),
                volume(place, row[9], form.quote),
                "0",
            )
        )
        for place, (row, close) in enumerate(zip(array.tolist(), closes.tolist(), strict=True))
    ]


@settings(deadline=None)
@given(
    start=st.integers(0, 400_000),
    hours=st.integers(1, 800),
    price=st.integers(1, 10**15),
)
def test_derived_prices_are_exact_however_large_they_are(start, hours, price):
    opened, end = start * HOUR, (start + hours) * HOUR
    row = np.array([[opened, price, price + 9, max(price - 9, 1), price + 1, 5, 5, 5, 5, 5]])

    for price_of in (mark_price, index_price, premium):
        (told,) = derived_prices(LISTING, row, np.array([end]), price_of).tolist()

        moments = [int(each[0]) for each in bends(np.array([opened]), np.array([end]))]
        first, last = price_of(LISTING, price, opened), price_of(LISTING, price + 1, end)
        highs = [price_of(LISTING, price + 9, each) for each in moments]
        lows = [price_of(LISTING, max(price - 9, 1), each) for each in moments]
        assert told == [first, max(first, last, *highs), min(first, last, *lows), last]
        assert moments[0] == opened
        assert moments[-1] == end


@given(st.binary(max_size=2000))
def test_what_is_deflated_is_inflated_again(content):
    assert zlib.decompress(deflated(content), -zlib.MAX_WBITS) == content


@given(st.integers(0, 40), st.sampled_from(sorted(WAYS)))
def test_any_number_of_rows_can_be_damaged(count, kind):
    rows = [f"{n * HOUR},1,{n},1,1,1,{n * HOUR + HOUR - 1},1,1,1,1,0\n" for n in range(count)]

    found = damaged("".join(rows).encode(), kind, "key").decode().splitlines(keepends=True)

    assert {row.split(",")[0] for row in found} <= {row.split(",")[0] for row in rows}
    assert all(row.count(",") == 11 and row.endswith(",0\n") for row in found)


def test_each_settlement_tells_the_hours_since_the_one_before():
    start, end, peak = (parse_time(f"2024-06-{day}") for day in ("01", "30", "10T16:00"))
    terms = Terms(funding_hours=8, funding_peak_at=peak)
    tape = SyntheticTape(
        market=Market.USDM, seed=1, symbols=1, until=end, others=[Special("MYX", 1e7, terms=terms)]
    )

    lines = funding_lines(Holding("MYXUSDT", (ArchivedLife(tape, 1),)), start, end).decode()

    rows = [line.split(",") for line in lines.splitlines()]
    hours = [int(row[0]) // HOUR for row in rows]
    told, passed = [int(row[1]) for row in rows[1:]], np.diff(hours).tolist()
    # Where four hours begin to count, the first settlement on their grid comes earlier.
    assert [pair for pair in zip(told, passed, strict=True) if pair[0] != pair[1]] == [(4, 2)]
    assert [each for each, _ in groupby(int(row[1]) for row in rows)] == [8, 1, 4]
