"""One market as its replies and its streams see it."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

from divbot.domain.market import Market
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.tape import SymbolListing
from divbot.exchange.market.venue import Day, Venue

DayOf: TypeAlias = tuple[SymbolListing, NumberFormat, Day]
"""A symbol, how its numbers are written, and its last 24 hours."""


class MarketView:
    """Say what a venue knows in the way of one market: two may be made of one recording."""

    def __init__(self, market: Market, venue: Venue) -> None:
        self.market = market
        self.venue = venue
        self.origin = "recorded" if venue.is_recorded else "synthetic"
        self.format = cache(lambda number: NumberFormat.of(market, venue.listing(number)))

    def day(self, number: int, now: int) -> DayOf:
        """Return the last 24 hours of symbol `number`, and what it takes to write them."""
        return self.venue.listing(number), self.format(number), self.venue.day(number, now)

    def window(self, number: int, start: int, now: int) -> DayOf:
        """Return as `day`, but of what has happened from `start` on."""
        day = self.venue.window(number, start, now)
        return self.venue.listing(number), self.format(number), day
