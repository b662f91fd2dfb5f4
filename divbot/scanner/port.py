"""What the scanner wants of a venue; it knows no more of any."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from divbot.candle_arrays import Candles
from divbot.domain.market import Interval, Market
from divbot.domain.universe import Universe


class MarketData(Protocol):
    """What one market of one venue answers, for request weight of one lease."""

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them.

        `at` is about the venue's time now, ms UTC; 0: unknown.
        """


class Connection(Protocol):
    """Open connections to one market of one venue."""

    def on_lease(self, lease: int) -> MarketData:
        """Return what the market answers, for request weight of lease number `lease`."""

    def close(self) -> None:
        """Close every connection."""


class Listing(Protocol):
    """The symbols of one market of one venue."""

    @property
    def venue(self) -> str:
        """Return the venue's name."""

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are not those of a live venue."""

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the symbols to scan now; `held` are among them in any case."""

    def close(self) -> None:
        """Close every connection."""


class Spending(Protocol):
    """What is spent on which market."""

    @property
    def market(self) -> Market:
        """Return the market it serves."""

    def weight_spent(self) -> int:
        """Return all request weight spent so far, by all processes."""


class Source(Spending, Protocol):
    """Where market data comes from; can be pickled, so that each worker opens its own."""

    def open(self, connections: int) -> Connection:
        """Open the market over at most `connections` connections."""

    def open_lease(self, symbols: int, limit: int) -> int:
        """Set request weight aside for the candles of `symbols`; return the lease's number."""

    def close_lease(self, lease: int) -> None:
        """Take back what is left of a lease; nobody spends from it any more."""

    def grant_weight(self) -> str:
        """Grant what is free to the leases; return what work waits for, in words, or nothing."""
