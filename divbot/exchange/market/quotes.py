"""What is not in candles: bid and ask, mark and index price, funding.

All are smooth or seldom changing functions of the last price, the symbol and the time, so that
two looks at the same moment see the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from divbot.exchange.market.encoding import Decimals
from divbot.exchange.market.settlements import HOUR, chance, funding_rate, next_settlement
from divbot.exchange.market.tape import CLOSE, OPEN, VOLUME, SymbolListing
from divbot.exchange.market.venue import Day

_BASIS_MS = 8 * HOUR
_MINUTE_MS = 60_000
INTEREST_RATE = "0.00010000"


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """The best bid and ask; prices in ticks, sizes in steps."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


def top_of_book(listing: SymbolListing, day: Day) -> TopOfBook:
    """Return bid and ask around the last price, which is one of them; all zero without one."""
    last = int(day.row[CLOSE])
    if not last:
        return TopOfBook(0, 0, 0, 0)
    spread = max(last * listing.spread_ppm // 1_000_000, 1)
    # Buyers lifted the ask where the day has risen; and a bid is never below one tick.
    at_ask = day.row[CLOSE] >= day.row[OPEN] and last > spread
    bid = last - spread if at_ask else last
    drawn = chance(listing.symbol, day.now // _MINUTE_MS)
    depth = max(int(day.row[VOLUME]) // 20_000, 1)
    return TopOfBook(
        bid=bid,
        bid_size=depth + depth * (drawn % 97) // 30,
        ask=bid + spread,
        ask_size=depth + depth * (drawn // 97 % 97) // 30,
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark and index price in units of 10**-8 of a tick, and funding in units of 10**-8."""

    mark: int
    index: int
    funding_rate: int
    next_funding: int


def mark(listing: SymbolListing, last: int, now: int) -> Mark:
    """Return mark and index price near the price `last` (ticks), and the funding to come."""
    following = next_settlement(listing, now)
    return Mark(
        mark=mark_price(listing, last, now),
        index=index_price(listing, last, now),
        funding_rate=funding_rate(listing, following),
        next_funding=following,
    )


def mark_price(listing: SymbolListing, last: int, time: int) -> int:
    """Return the mark price at `time` in units of 10**-8 of a tick, the last price being `last`."""
    return last * (100_000_000 + 100 * _basis(listing.symbol, time))


def index_price(listing: SymbolListing, last: int, time: int) -> int:
    """Return the index price at `time` in units as `mark_price`."""
    return last * (100_000_000 + 60 * _basis(listing.symbol, time))


def premium(listing: SymbolListing, _: int, time: int) -> int:
    """Return how far the mark is above the index at `time`, in units of 10**-8 of the index."""
    basis = _basis(listing.symbol, time)
    return 40 * basis * 100_000_000 // (100_000_000 + 60 * basis)


def open_interest(listing: SymbolListing, day: Day) -> int:
    """Return the open positions in steps: between a tenth and a fifth of the day's volume."""
    share = 150_000 + 100 * _basis(f"{listing.symbol}/open interest", day.now)
    return int(day.row[VOLUME]) * share // 1_000_000


def mark_decimals(listing: SymbolListing) -> Decimals:
    """Return how mark and index prices are counted and written."""
    return Decimals(listing.price_decimals + 8, 8)


def bends(start: int, end: int) -> list[int]:
    """Return the times from `start` to `end` between which the basis moves in straight lines."""
    return [start, *range((start // _BASIS_MS + 1) * _BASIS_MS, end, _BASIS_MS), end]


def _basis(symbol: str, time: int) -> int:
    """Return how far the mark is from the last price, in millionths.

    At most 5 parts in 10,000 either way, moving in a straight line to the next slot's value.
    """
    slot, passed = divmod(time, _BASIS_MS)
    before, after = (chance(symbol, each) % 1001 - 500 for each in (slot, slot + 1))
    return before + (after - before) * passed // _BASIS_MS
