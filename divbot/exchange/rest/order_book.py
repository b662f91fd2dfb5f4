"""The order book around the best bid and ask: made up, but the same for a minute."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from divbot.domain.durations import MINUTE
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.quotes import top_of_book
from divbot.exchange.market.settlements import chance
from divbot.exchange.market.tape import SymbolListing
from divbot.exchange.market.venue import Day
from divbot.exchange.rest.json_text import JsonObject

_GAPS_PER_PRICE = 50_000  # the least distance of two levels is 0.2 of a basis point, or a tick

Level: TypeAlias = tuple[int, int]
"""Price in ticks, size in steps."""


def depth(listing: SymbolListing, form: NumberFormat, day: Day, levels: int) -> JsonObject:
    """Return `levels` of each side, the best first: the best are those of the book ticker."""
    bids, asks = (
        [[form.price.text(price), form.volume.text(size)] for price, size in islice(side, levels)]
        for side in _sides(listing, day)
    )
    return {"lastUpdateId": day.now, "bids": bids, "asks": asks}


def futures_depth(listing: SymbolListing, form: NumberFormat, day: Day, levels: int) -> JsonObject:
    """Return as `depth`, with the times of message and last trade."""
    both = depth(listing, form, day, levels)
    return {"lastUpdateId": both["lastUpdateId"], "E": day.now, "T": day.now, **both}


def _sides(listing: SymbolListing, day: Day) -> tuple[Iterator[Level], Iterator[Level]]:
    best = top_of_book(listing, day)
    moment = day.now // MINUTE
    return (
        _side(f"{listing.symbol}/bid/{moment}", (best.bid, best.bid_size), -1),
        _side(f"{listing.symbol}/ask/{moment}", (best.ask, best.ask_size), 1),
    )


def _side(name: str, best: Level, direction: int) -> Iterator[Level]:
    """Yield levels from `best` on, as long as there is a price."""
    price, first_size = best
    size = first_size
    gap = max(price // _GAPS_PER_PRICE, 1)
    rank = 0
    while price > 0:
        yield price, size
        rank += 1
        drawn = chance(name, rank)
        price += direction * gap * (1 + drawn % 3)
        size = max(first_size * (100 + rank) * (1 + drawn // 3 % 29) // 1000, 1)
