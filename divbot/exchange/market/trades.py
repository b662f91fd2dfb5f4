"""Single trades, made from the candle that they belong to: nobody keeps them.

They come at even distances. The first is at the candle's open, the last at its close, and on the
way they touch its extremes, one at about a quarter and one at about three quarters. They add up
to the candle's trades, its volume and the share of it that takers bought. Of fewer than four, not
all of that can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from numpy.typing import NDArray

from divbot.exchange.market.candles import corners
from divbot.exchange.market.tape import OPEN_TIME, TAKER_VOLUME, TRADES, VOLUME


class PublicTrade(NamedTuple):
    """One trade: price in ticks, size in steps, time in ms UTC."""

    number: int
    price: int
    size: int
    time: int
    is_buyer_maker: bool


def trades_of(row: NDArray[Any], length: int, first: int, places: range) -> Iterator[PublicTrade]:
    """Yield those trades of a candle of `length` ms that stand at `places` among its own.

    `first` is the number of the first of them all.
    """
    count, volume, bought = (int(row[column]) for column in (TRADES, VOLUME, TAKER_VOLUME))
    prices = corners(row)
    for place in places:
        before, after = (volume * each // count for each in (place, place + 1))
        yield PublicTrade(
            number=first + place,
            price=_price(prices, place, count),
            size=after - before,
            # A trade is to be seen from the next ms on, and never later than the candle's last.
            time=int(row[OPEN_TIME]) - (-(place + 1) * length // count) - 1,
            is_buyer_maker=bought * (place + 1) // volume == bought * place // volume,
        )


def _price(prices: tuple[int, int, int, int], place: int, count: int) -> int:
    last = count - 1
    corners_at = (0, count // 4, last - count // 4, last)
    if place == last:
        return prices[3]
    for (start, end), (here, there) in zip(pairwise(corners_at), pairwise(prices), strict=True):
        if start <= place < end:
            return here + (there - here) * (place - start) // (end - start)
    raise AssertionError("a place is before the last corner")
