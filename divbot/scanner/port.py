"""What the scanner wants of a venue; it knows no more of any."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import DroppedRow, Instrument, Interval, Market


class Prices(Protocol):
    """Final candles of one symbol in the order of time; one element per candle in each array."""

    @property
    def open_time(self) -> NDArray[np.int64]:
        """Return the open times, ms UTC."""

    @property
    def open(self) -> NDArray[np.float64]:
        """Return the opening prices."""

    @property
    def high(self) -> NDArray[np.float64]:
        """Return the highest prices."""

    @property
    def low(self) -> NDArray[np.float64]:
        """Return the lowest prices."""

    @property
    def close(self) -> NDArray[np.float64]:
        """Return the closing prices."""


class Candles(Prices, Protocol):
    """The same with what was traded."""

    @property
    def volume(self) -> NDArray[np.float64]:
        """Return what was traded, in the base asset."""


class Listed(Protocol):
    """One symbol of the universe."""

    @property
    def symbol(self) -> str:
        """Return the venue's name of it."""

    @property
    def instrument(self) -> Instrument | None:
        """Return how it is listed; None where it is not."""

    @property
    def quote_volume(self) -> Decimal:
        """Return what was traded in the last 24 hours, in the quote asset."""

    @property
    def spread(self) -> Decimal | None:
        """Return (ask - bid) / ask, where there is a quote."""

    @property
    def is_wanted(self) -> bool:
        """Tell whether it is here by name, not only by its volume."""

    @property
    def is_only_held(self) -> bool:
        """Tell whether it is here for its open position alone."""


class LeftOut(Protocol):
    """A symbol that is listed, but not in the universe."""

    @property
    def symbol(self) -> str:
        """Return the venue's name of it."""

    @property
    def rule(self) -> str:
        """Return the rule that leaves it out."""

    @property
    def detail(self) -> str:
        """Return why that rule applies."""

    @property
    def is_traded(self) -> bool:
        """Tell whether it could be traded all the same."""


class Universe(Protocol):
    """The symbols worth looking at."""

    @property
    def at(self) -> int:
        """Return the venue's time then, ms UTC."""

    @property
    def listed(self) -> Sequence[Listed]:
        """Return them, the most traded first."""

    @property
    def left_out(self) -> Sequence[LeftOut]:
        """Return the symbols that a rule leaves out."""

    @property
    def problem(self) -> str:
        """Return why this is an older list than it should be; empty where it is none."""

    @property
    def unknown(self) -> Mapping[str, str]:
        """Return the chosen symbols that are not listed, each with what to say of it."""

    @property
    def notices(self) -> Sequence[str]:
        """Return what a reader should know of how the symbols were chosen."""

    @property
    def dropped(self) -> Sequence[DroppedRow]:
        """Return the rows of the venue's lists that make no sense."""

    @property
    def gone(self) -> Collection[str]:
        """Return the symbols that are held, but have been listed no more for some time."""


class MarketData(Protocol):
    """An open connection to one market of one venue."""

    @property
    def venue(self) -> str:
        """Return the venue's name."""

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are not those of a live venue."""

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        """Return the newest final candles of `symbol`, at most `limit - 1` of them.

        `at` is about the venue's time now, ms UTC; 0: unknown.
        """

    def spend_from(self, lease: int) -> None:
        """Spend request weight from lease number `lease` from now on."""

    def close(self) -> None:
        """Close every connection."""


class Chooser(Protocol):
    """Somebody who says which symbols to look at."""

    @property
    def venue(self) -> str:
        """Return the venue's name."""

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are not those of a live venue."""

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the symbols to look at now; `held` are among them in any case."""

    def close(self) -> None:
        """Close every connection."""


class Listing(MarketData, Chooser, Protocol):
    """Market data with a choice of symbols."""


class Account(Protocol):
    """What is spent on which market."""

    @property
    def market(self) -> Market:
        """Return the market it serves."""

    def weight_spent(self) -> int:
        """Return all request weight spent so far, by all processes."""


class Source(Account, Protocol):
    """Where market data comes from; can be pickled, so that each worker opens its own."""

    def open(self, connections: int) -> MarketData:
        """Return the market data over at most `connections` connections."""

    def open_lease(self, symbols: int, limit: int) -> int:
        """Set request weight aside for the candles of `symbols`; return the lease's number."""

    def close_lease(self, lease: int) -> None:
        """Take back what is left of a lease; nobody spends from it any more."""

    def tend(self) -> str:
        """Grant what is free to the leases; return what work waits for, in words, or nothing."""
