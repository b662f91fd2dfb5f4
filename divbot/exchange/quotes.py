"""What is not in candles: bid and ask, mark and index price, funding.

All are smooth or seldom changing functions of the last price, the symbol and the time, so that
two looks at the same moment see the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from divbot.exchange.tape import CLOSE, OPEN, VOLUME, Listing
from divbot.exchange.venue import Day

FUNDING_HOURS = 8
_FUNDING_MS = FUNDING_HOURS * 3_600_000
_MINUTE_MS = 60_000
INTEREST_RATE = "0.00010000"


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask; prices in ticks, sizes in steps."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


def quote(listing: Listing, day: Day) -> Quote:
    """Return bid and ask around the last price, which is one of them."""
    last = int(day.row[CLOSE])
    spread = max(last * listing.spread_ppm // 1_000_000, 1)
    # Buyers lifted the ask where the day has risen; and a bid is never below one tick.
    at_ask = day.row[CLOSE] >= day.row[OPEN] and last > spread
    bid = last - spread if at_ask else last
    chance = _chance(listing.symbol, day.now // _MINUTE_MS)
    depth = max(int(day.row[VOLUME]) // 20_000, 1)
    return Quote(
        bid=bid,
        bid_size=depth + depth * (chance % 97) // 30,
        ask=bid + spread,
        ask_size=depth + depth * (chance // 97 % 97) // 30,
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark and index price in units of 10**-8 of a tick, and funding in units of 10**-8."""

    mark: int
    index: int
    funding_rate: int
    next_funding: int


def mark(listing: Listing, last: int, now: int) -> Mark:
    """Return mark and index price near the price `last` (ticks), and the funding to come."""
    slot, passed = divmod(now, _FUNDING_MS)
    chance = _chance(listing.symbol, slot)
    following = _chance(listing.symbol, slot + 1)
    # At most 5 parts in 10,000 either way, moving in a straight line to the next slot's value.
    before, after = chance % 1001 - 500, following % 1001 - 500
    basis = before + (after - before) * passed // _FUNDING_MS
    return Mark(
        mark=last * (100_000_000 + 100 * basis),
        index=last * (100_000_000 + 60 * basis),
        funding_rate=10_000 + (chance // 1001 % 3 - 1) * (chance % 20_000),
        next_funding=(slot + 1) * _FUNDING_MS,
    )


def _chance(symbol: str, moment: int) -> int:
    return crc32(f"{symbol}/{moment}".encode())
