"""A market of the past, as docs/backtest.md says that it is assumed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tests.oracles.paper_checker.market import Market, Terms

_DIGITS = 10
"""Of a price that is on no tick."""


@dataclass(frozen=True, slots=True)
class PastMarket(Market):
    """Candles alone; all else follows from them."""

    spread: Decimal = Decimal("0.0004")
    """From bid to ask, as a part of the last price."""
    seen: int = 498
    """Candles that tell the tick."""

    def terms_at(self, symbol: str, time: int) -> Terms:
        """Return the tick that the prices by then show, and what nearly all orders keep to."""
        known = self.before(symbol, time, self.seen)
        places = max(_places(price) for each in known for price in each.prices)
        tick = Decimal(1).scaleb(-places)
        return Terms(tick, Decimal("1e-8"), Decimal(0), Decimal("1e30"), Decimal(5))

    def quote_at(self, symbol: str, time: int) -> tuple[Decimal, Decimal] | None:
        """Return half a spread on each side of the last price, rounded away from it."""
        place = bisect_right(self.times[symbol], time) - 1
        newest = self.candles[symbol][place]
        price = newest.open if newest.open_time == time else newest.close
        half = price * self.spread / 2
        return _rounded(price - half, ROUND_FLOOR), _rounded(price + half, ROUND_CEILING)


def _places(price: Decimal) -> int:
    return max(-int(price.normalize().as_tuple().exponent), 0)


def _rounded(price: Decimal, way: str) -> Decimal:
    return price.quantize(Decimal(1).scaleb(price.adjusted() + 1 - _DIGITS), way)
