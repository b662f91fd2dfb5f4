"""Candles of what is derived from the last price: mark price, index price, premium index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from divbot.exchange.market.number_format import Decimals
from divbot.exchange.market.quotes import bends
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

PriceOf: TypeAlias = Callable[[SymbolListing, int, int], int]
"""By listing, last price in ticks and time in ms: something in units of its own."""


def derived_klines(
    listing: SymbolListing,
    rows: Rows,
    close_times: list[int],
    now: int,
    price_of: PriceOf,
    decimals: Decimals,
) -> list[list[Any]]:
    """Return candles of what `price_of` tells, made of those of the last price."""
    return [
        _kline(listing, row, close, min(close + 1, now), price_of, decimals.text)
        for row, close in zip(rows.tolist(), close_times, strict=True)
    ]


def _kline(
    listing: SymbolListing,
    row: list[int],
    close_time: int,
    seen_until: int,
    price_of: PriceOf,
    text: Callable[[int], str],
) -> list[Any]:
    times = bends(row[OPEN_TIME], seen_until)
    opened = price_of(listing, row[OPEN], times[0])
    closed = price_of(listing, row[CLOSE], times[-1])
    high, low = ([price_of(listing, row[column], time) for time in times] for column in (HIGH, LOW))
    prices = (opened, max(opened, closed, *high), min(opened, closed, *low), closed)
    return [row[OPEN_TIME], *map(text, prices), "0", close_time, "0", row[TRADES], "0", "0", "0"]
