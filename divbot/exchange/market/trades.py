"""Single trades, made from the candle that they belong to: nobody keeps them.

They come at even distances. The first is at the candle's open, the last at its close, and on the
way they touch its extremes, one at about a quarter and one at about three quarters. They add up
to the candle's trades, its volume and the share of it that takers bought. Of fewer than four, not
all of that can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import NDArray

from divbot.domain.market import Market
from divbot.exchange.market.candles import corners
from divbot.exchange.market.encoding import Decimals, NumberFormat
from divbot.exchange.market.tape import OPEN_TIME, TAKER_VOLUME, TRADES, VOLUME

Entry: TypeAlias = dict[str, Any]


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
    turns = (0, count // 4, last - count // 4, last)
    if place == last:
        return prices[3]
    for (start, end), (here, there) in zip(pairwise(turns), pairwise(prices), strict=True):
        if start <= place < end:
            return here + (there - here) * (place - start) // (end - start)
    raise AssertionError("a place is before the last turn")


def trade_entry(market: Market, trade: PublicTrade, form: NumberFormat) -> Entry:
    """Return a trade as the list of recent ones has it."""
    entry = {
        "id": trade.number,
        "price": form.price.text(trade.price),
        "qty": form.volume.text(trade.size),
        "quoteQty": _product(form).text(trade.price * trade.size),
        "time": trade.time,
        "isBuyerMaker": trade.is_buyer_maker,
    }
    return entry | {"isBestMatch": True} if market is Market.SPOT else entry | {"isRPITrade": False}


def aggregate_entry(market: Market, trade: PublicTrade, form: NumberFormat) -> Entry:
    """Return a trade as an aggregate of itself alone."""
    entry = {
        "a": trade.number,
        "p": form.price.text(trade.price),
        "q": form.volume.text(trade.size),
        "f": trade.number,
        "l": trade.number,
        "T": trade.time,
        "m": trade.is_buyer_maker,
    }
    return entry | {"M": True} if market is Market.SPOT else entry


def _product(form: NumberFormat) -> Decimals:
    held = form.price.held + form.volume.held
    return Decimals(held, max(held, form.quote.shown))
