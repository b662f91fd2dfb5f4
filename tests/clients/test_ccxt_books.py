"""ccxt's order books are what the exchange says."""

from __future__ import annotations

import pytest

from .ccxt_sides import quote_of
from .conftest import NOON


@pytest.mark.parametrize("limit", [5, 20, 100])
def test_an_order_book_is_what_the_exchange_says(side, limit):
    side.need("depth", symbol="BTCUSDT")
    plain = side.said("depth", symbol="BTCUSDT", limit=limit)

    book = side.client.fetch_order_book(side.btc, limit)

    assert book["bids"] == [[float(number) for number in each] for each in plain["bids"]]
    assert book["asks"] == [[float(number) for number in each] for each in plain["asks"]]
    assert book["nonce"] == plain["lastUpdateId"] > 0


def test_an_order_book_is_sorted_and_begins_at_the_quote(side):
    side.need("depth", symbol="BTCUSDT")
    (quote,) = side.client.fetch_bids_asks([side.btc]).values()

    book = side.client.fetch_order_book(side.btc, 20)

    bids, asks = ([price for price, _ in book[name]] for name in ("bids", "asks"))
    assert (len(bids), len(asks)) == (20, 20)
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert [*book["bids"][0], *book["asks"][0]] == list(quote_of(quote))
    assert all(size > 0 for _, size in book["bids"] + book["asks"])


def test_a_futures_order_book_tells_its_time(usdm):
    usdm.need("depth", symbol="BTCUSDT")

    assert usdm.client.fetch_order_book(usdm.btc, 5)["timestamp"] == NOON
