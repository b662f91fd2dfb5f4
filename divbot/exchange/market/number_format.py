"""Numbers as the venue writes them: exact decimal text from integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.domain.market import Market
from divbot.exchange.market.tape import SymbolListing

_SPOT_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Decimals:
    """How many decimals a number is counted in, and how many of it are written."""

    held: int
    shown: int

    @property
    def for_kernel(self) -> tuple[np.uint64, int, int]:
        """Return units per 1, decimals held, and noughts to write after them."""
        return np.uint64(10**self.held), self.held, self.shown - self.held

    def text(self, units: int) -> str:
        """Return `units` as a decimal number; nothing is rounded while shown >= held."""
        sign, units = ("-", -units) if units < 0 else ("", units)
        units = units * 10 ** max(self.shown - self.held, 0)
        units //= 10 ** max(self.held - self.shown, 0)
        if not self.shown:
            return f"{sign}{units}"
        digits = str(units).rjust(self.shown + 1, "0")
        return f"{sign}{digits[: -self.shown]}.{digits[-self.shown :]}"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How one market writes the numbers of one symbol."""

    price: Decimals
    volume: Decimals
    quote: Decimals

    @classmethod
    def of(cls, market: Market, listing: SymbolListing) -> NumberFormat:
        """Return the format of `listing`: 8 decimals on spot, what it is listed with on futures."""
        price, volume = listing.price_decimals, listing.volume_decimals
        quote = listing.quote_decimals
        if market is Market.SPOT:
            return cls(
                *(Decimals(held, max(held, _SPOT_DECIMALS)) for held in (price, volume, quote))
            )
        shown = price + listing.noughts
        return cls(
            Decimals(price, shown),
            Decimals(volume, volume),
            Decimals(quote, max(quote, shown + volume)),
        )
