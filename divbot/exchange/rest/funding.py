"""What requests are told of funding, and of the mark, index and premium prices around it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from divbot.domain.market import Interval
from divbot.exchange.market.quotes import RATE, mark_decimals, mark_price
from divbot.exchange.market.settlements import CAP, funding_rate, hours_at, settled, settled_at
from divbot.exchange.market.tape import CLOSE, OPEN_TIME, SymbolListing
from divbot.exchange.market.venue import Venue
from divbot.exchange.rest.json_text import JsonObject
from divbot.recordings.grid import Grid


def funding_info(listings: Iterable[SymbolListing], now: int) -> list[JsonObject]:
    """Return how funding is adjusted at `now`, for the symbols whose funding is."""
    return [
        {
            "symbol": listing.symbol,
            "adjustedFundingRateCap": RATE.text(CAP),
            "adjustedFundingRateFloor": RATE.text(-CAP),
            "fundingIntervalHours": hours_at(listing, now),
            "disclaimer": False,
        }
        for listing in listings
        if hours_at(listing, now) != 8 and not listing.terms.is_dated
    ]


def funding_records(
    venue: Venue,
    numbers: Iterable[int],
    now: int,
    *,
    start: int | None,
    end: int | None,
    limit: int,
) -> list[JsonObject]:
    """Return at most `limit` payments from `start` to `end`, both included, the oldest first.

    Without `start` the newest, else the oldest of them.
    """
    last = now if end is None else min(now, end)
    is_newest = start is None
    due = (
        [(settled_at(listing, time), number, time) for time in times[:: -1 if is_newest else 1]]
        for number in numbers
        for listing in [venue.listing(number)]
        for times in [_times(listing, start, last, limit)]
    )
    # Each symbol's are in order: no more of them are looked at than are told.
    chosen = islice(heapq.merge(*due, reverse=is_newest), limit)
    times: dict[int, list[int]] = {}
    for _, number, time in sorted(chosen):
        times.setdefault(number, []).append(time)
    records = [
        record for number, each in times.items() for record in _records(venue, number, each, now)
    ]
    return sorted(records, key=lambda record: (record["fundingTime"], record["symbol"]))


def _times(listing: SymbolListing, start: int | None, last: int, limit: int) -> Sequence[int]:
    """Return when payments of `listing` were due: no more than `limit` times."""
    if listing.terms.is_dated:
        return ()
    times = settled(listing, listing.listed_at + 1 if start is None else start, last)
    return times[-limit:] if start is None else times[:limit]


def _records(venue: Venue, number: int, times: Sequence[int], now: int) -> list[JsonObject]:
    listing = venue.listing(number)
    price = mark_decimals(listing)
    # Whole hours end where payments are due, whatever the shortest candles are.
    grid = Grid(max(Interval.H1, venue.interval, key=lambda each: each.milliseconds))
    length = grid.interval.milliseconds
    rows = venue.klines(
        number, grid, now, limit=2 + (times[-1] - times[0]) // length, start=times[0] - length
    )
    places = np.searchsorted(rows[:, OPEN_TIME], times) - 1
    return [
        {
            "symbol": listing.symbol,
            "fundingRate": RATE.text(funding_rate(listing, time)),
            "fundingTime": settled_at(listing, time),
            "markPrice": price.text(mark_price(listing, int(rows[place, CLOSE]), time)),
            "rateType": "Regular",
        }
        for time, place in zip(times, places.tolist(), strict=True)
        if place >= 0
    ]
