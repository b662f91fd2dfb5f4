"""What each request costs, in request weight, by what it asks for.

Read off the same documents as `limits`, and for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from divbot.domain.market import Market
from divbot.exchange.rest.parameters import Parameters

Weigh: TypeAlias = Callable[[Parameters], int]
"""Return what a request costs; raise Rejection when it is wrong."""
Tier: TypeAlias = tuple[int, int]
"""So many rows or symbols, and what a request for no more than that costs."""


def _flat(weight: int) -> Weigh:
    return lambda _: weight


def _by_rows(*tiers: Tier) -> Weigh:
    return lambda asked: _tier(tiers, asked.limit())


def _by_levels(*tiers: Tier) -> Weigh:
    return lambda asked: _tier(tiers, asked.depth())


def _by_symbols(one: int, every: int, *lists: Tier) -> Weigh:
    """Weigh `symbol=` as `one`, no symbol and long lists as `every`, others by their length."""

    def weigh(asked: Parameters) -> int:
        symbols = asked.symbols()
        if symbols is None:
            return every
        return _tier(lists, len(symbols), every) if asked.sent("symbols") else one

    return weigh


def _each_symbol(weight: int, most: int) -> Weigh:
    return lambda asked: min(weight * len(asked.required_symbols()), most)


def _tier(tiers: tuple[Tier, ...], number: int, beyond: int = 0) -> int:
    return next((weight for most, weight in tiers if number <= most), beyond)


_FUTURES_KLINES = _by_rows((99, 1), (499, 2), (1000, 5), (1500, 10))

WEIGHTS: Mapping[Market, Mapping[str, Weigh]] = {
    Market.SPOT: {
        "ping": _flat(1),
        "time": _flat(1),
        "exchangeInfo": _flat(20),
        "klines": _flat(2),
        "uiKlines": _flat(2),
        "ticker": _each_symbol(4, 200),
        "ticker/tradingDay": _each_symbol(4, 200),
        "ticker/24hr": _by_symbols(2, 80, (20, 2), (100, 40)),
        "ticker/price": _by_symbols(2, 4),
        "ticker/bookTicker": _by_symbols(2, 4),
        "avgPrice": _flat(2),
        "depth": _by_levels((100, 5), (500, 25), (1000, 50), (5000, 250)),
        "trades": _flat(25),
        "aggTrades": _flat(4),
    },
    Market.USDM: {
        "ping": _flat(1),
        "time": _flat(1),
        "exchangeInfo": _flat(1),
        "klines": _FUTURES_KLINES,
        "continuousKlines": _FUTURES_KLINES,
        "markPriceKlines": _FUTURES_KLINES,
        "indexPriceKlines": _FUTURES_KLINES,
        "premiumIndexKlines": _FUTURES_KLINES,
        "ticker/24hr": _by_symbols(1, 40),
        "ticker/price": _by_symbols(1, 2),
        "ticker/bookTicker": _by_symbols(2, 5),
        "premiumIndex": _by_symbols(1, 10),
        "openInterest": _flat(1),
        "depth": _by_levels((50, 2), (100, 5), (500, 10), (1000, 20)),
        "trades": _flat(5),
        "aggTrades": _flat(20),
        "tradingSchedule": _flat(5),
        # These two count requests instead, on an account of their own.
        "fundingRate": _flat(0),
        "fundingInfo": _flat(0),
    },
}
"""By market and the last part of the path."""
COUNTED = ("fundingRate", "fundingInfo")
"""The endpoints that share the account of `FUNDING_REQUESTS`."""
