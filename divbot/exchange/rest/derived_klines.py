"""Candles of what is derived from the last price: mark price, index price, premium index."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from divbot.arrays import Integers
from divbot.exchange.market.number_format import Decimals
from divbot.exchange.market.quotes import Number, bends
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    TRADES,
    Rows,
    SymbolListing,
)

_MOST_TICKS = 2**63 // 100_100_000
"""Prices in 10**-8 of a tick fit 64 bits up to here; beyond it they are Python's own integers."""


class PriceOf(Protocol):
    """By listing, last price in ticks and time in ms: something in units of its own."""

    def __call__(self, listing: SymbolListing, last: Number, time: Number, /) -> Number:
        """Return it."""


def derived_klines(
    listing: SymbolListing,
    rows: Rows,
    close_times: Integers,
    now: int,
    price_of: PriceOf,
    decimals: Decimals,
) -> list[list[Any]]:
    """Return candles of what `price_of` tells, made of those of the last price."""
    prices = derived_prices(listing, rows, np.minimum(close_times + 1, now), price_of)
    text = decimals.text
    return [
        [row[OPEN_TIME], *map(text, four), "0", close, "0", row[TRADES], "0", "0", "0"]
        for row, four, close in zip(
            rows.tolist(), prices.tolist(), close_times.tolist(), strict=True
        )
    ]


def derived_prices(
    listing: SymbolListing, rows: Rows, ends: Integers, price_of: PriceOf
) -> Integers:
    """Return open, high, low and close of what `price_of` tells, shape (n, 4).

    `rows` are candles of the last price, as they were seen until `ends`.
    """
    opens = rows[:, OPEN_TIME]
    last = rows if rows[:, HIGH].max(initial=0) < _MOST_TICKS else rows.astype(object)
    opened = price_of(listing, last[:, OPEN], opens)
    closed = price_of(listing, last[:, CLOSE], ends)
    high = low = opened
    for times in bends(opens, ends):
        high = np.maximum(high, price_of(listing, last[:, HIGH], times))
        low = np.minimum(low, price_of(listing, last[:, LOW], times))
    return np.stack([opened, np.maximum(high, closed), np.minimum(low, closed), closed], axis=1)
