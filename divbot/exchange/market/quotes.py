"""What is not in candles: bid and ask, mark and index price, premium.

All are smooth or seldom changing functions of the last price, the symbol and the time, so that
two requests at the same moment are told the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import HOUR, MINUTE
from divbot.exchange.market.number_format import Decimals
from divbot.exchange.market.settlements import chance
from divbot.exchange.market.tape import SymbolListing
from divbot.exchange.market.venue import Day

_BASIS_MS = 8 * HOUR
RATE = Decimals(8, 8)
"""How rates are counted and written: funding, and the premium."""

Number = TypeVar("Number", int, Integers)
"""One of something, or one for each candle."""


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """The best bid and ask; prices in ticks, sizes in steps."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


def top_of_book(listing: SymbolListing, day: Day) -> TopOfBook:
    """Return bid and ask around the last price, which is one of them; all zero without one."""
    last = day.row.close
    if not last:
        return TopOfBook(0, 0, 0, 0)
    spread = max(last * listing.spread_ppm // 1_000_000, 1)
    # Buyers lifted the ask where the day has risen; and a bid is never below one tick.
    at_ask = day.row.close >= day.row.open and last > spread
    bid = last - spread if at_ask else last
    drawn = chance(listing.symbol, day.now // MINUTE)
    depth = max(day.row.volume // 20_000, 1)
    return TopOfBook(
        bid=bid,
        bid_size=depth + depth * (drawn % 97) // 30,
        ask=bid + spread,
        ask_size=depth + depth * (drawn // 97 % 97) // 30,
    )


def mark_price(listing: SymbolListing, last: Number, time: Number) -> Number:
    """Return the mark price at `time` in units of 10**-8 of a tick, the last price being `last`."""
    return last * (100_000_000 + 100 * _basis(listing.symbol, time))


def index_price(listing: SymbolListing, last: Number, time: Number) -> Number:
    """Return the index price at `time` in units as `mark_price`."""
    return last * (100_000_000 + 60 * _basis(listing.symbol, time))


def premium(listing: SymbolListing, _: Number, time: Number) -> Number:
    """Return how far the mark is above the index at `time`, in units of 10**-8 of the index."""
    basis = _basis(listing.symbol, time)
    return 40 * basis * 100_000_000 // (100_000_000 + 60 * basis)


def open_interest(listing: SymbolListing, day: Day) -> int:
    """Return the open positions in steps: between a tenth and a fifth of the day's volume."""
    millionths = 150_000 + 100 * _basis(f"{listing.symbol}/open interest", day.now)
    return day.row.volume * millionths // 1_000_000


def mark_decimals(listing: SymbolListing) -> Decimals:
    """Return how mark and index prices are counted and written."""
    return Decimals(listing.price_decimals + 8, 8)


def bends(starts: Integers, ends: Integers) -> list[Integers]:
    """Return times from each start to its end between which the basis moves in straight lines.

    Starts and ends come first and last; where one of them has fewer bends than another, its end
    stands in for those that it lacks.
    """
    most = int(((ends - starts) // _BASIS_MS).max(initial=0)) + 1
    turns = starts // _BASIS_MS * _BASIS_MS
    return [starts, *(np.minimum(turns + n * _BASIS_MS, ends) for n in range(1, most + 1)), ends]


def _basis(symbol: str, time: Number) -> Number:
    """Return how far the mark is from the last price, in millionths.

    At most 5 parts in 10,000 either way, moving in a straight line to the next slot's value.
    """
    slot, passed = time // _BASIS_MS, time % _BASIS_MS
    before, after = _turn(symbol, slot), _turn(symbol, slot + 1)
    return before + (after - before) * passed // _BASIS_MS


def _turn(symbol: str, slot: Number) -> Number:
    if isinstance(slot, int):
        return chance(symbol, slot) % 1001 - 500
    slots, places = np.unique(slot, return_inverse=True)
    return np.array([_turn(symbol, int(each)) for each in slots], dtype=np.int64)[places]
