"""What a backtest wants of the past; it knows no store and no scanner."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags
from divbot.domain.market import Interval
from divbot.history.port import PastCandles
from divbot.history.spans import Span
from divbot.recordings.track import Track

if TYPE_CHECKING:
    from divbot.research.past import Glance
    from divbot.research.past_candidates import Candidates, FreshOnes


class Prices(Protocol):
    """Candles of one symbol in the order of time; one element per candle in each array."""

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


class Settlements(Protocol):
    """Settlements of funding in the order of time; arrays of one length."""

    @property
    def settled_at(self) -> NDArray[np.int64]:
        """Return the venue's own times, ms UTC."""

    @property
    def rate(self) -> NDArray[np.float64]:
        """Return the rates as they were written: the shortest text of each is exact."""

    @property
    def mark_price(self) -> NDArray[np.float64]:
        """Return what each was taken at; NaN where nobody told."""


class PastPrices(Protocol):
    """Prices of one market; times are ms UTC, ranges end before their `end`."""

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Prices:
        """Return the candles that open in the range, in the order of time; gaps stay gaps."""

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Prices:
        """Return the candles of the mark price that open in the range; none where none are kept."""

    def funding(self, symbol: str, start: int, end: int) -> Settlements:
        """Return the settlements of funding that were due in the range."""


class PastMarket(PastCandles, PastPrices, Protocol):
    """All that a backtest is made of."""

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return the candles that open in the range, in the order of time; gaps stay gaps."""

    @property
    def is_simulated(self) -> bool | None:
        """Tell whether its prices are made up; None: nobody said."""

    def intervals(self) -> tuple[Interval, ...]:
        """Return the lengths of which there are candles, the shortest first."""

    def holes(self, symbol: str, interval: Interval) -> tuple[Span, ...]:
        """Return what is missing between the first and the last candle."""

    def unpaid(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """Return what of `span` lacks funding while the symbol was traded; none where none is."""


class PastReports(Protocol):
    """The reports that a scanner would have published."""

    @property
    def interval(self) -> Interval:
        """Return the length of a candle."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return all symbols; others name them by their place here."""

    @property
    def closes(self) -> NDArray[np.int64]:
        """Return each close (ms UTC) at which some symbol has a new candle, in ascending order."""

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        """Return exactly what was to be told at `close` (ms UTC) to who held these symbols.

        With `among`, what is open to trade of those symbols alone, ranked among themselves, and
        what is fresh of what is held alone.
        """

    def is_listed(self, close: int) -> Flags:
        """Return of each symbol whether it is on the list at `close`, whoever holds it."""

    def candidates(self, start: int, end: int) -> Candidates:
        """Return what may be open to trade at the closes from `start` to before `end`."""

    def fresh(self, start: int, end: int) -> FreshOnes:
        """Return what was confirmed from `start` to before `end`, and perhaps more."""
