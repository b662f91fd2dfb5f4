"""What a market's source gives: its listings, and final candles of one base interval.

Candles are rows of one int64 matrix, so that they can be cut, joined, summed and written as text
without a rounding anywhere. Prices count units of 10**-price_decimals, which is also the tick;
volumes units of 10**-volume_decimals, which is also the step; quote volumes 10**-quote_decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from divbot.arrays import Integers
from divbot.domain.market import Interval

Rows: TypeAlias = Integers
"""Candles: shape (n, COLUMNS), ascending by open time."""

OPEN_TIME = 0
OPEN = 1
HIGH = 2
LOW = 3
CLOSE = 4
VOLUME = 5
QUOTE_VOLUME = 6
TRADES = 7
TAKER_VOLUME = 8
TAKER_QUOTE_VOLUME = 9
COLUMNS = 10


class CandleRow(NamedTuple):
    """One candle, its fields in the order of the columns."""

    open_time: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trades: int
    taker_volume: int
    taker_quote_volume: int


PERPETUAL_DELIVERY = 4_133_404_800_000
"""2100-12-25: the venue's word for never."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a symbol is listed; as it stands here, like any ordinary coin. Times in ms UTC."""

    ended_at: int | None = None
    """From then on no trade has happened or will; None: there is no end."""
    end_status: str = "TRADING"
    """Its status from then on."""
    fades: bool = False
    """A day after the end, its 24-hour statistics are all zero."""
    lingers: bool = False
    """For a day after the end, flat candles without trades go on."""
    is_announced: bool = False
    """It is on the list (PENDING_TRADING) before its first candle."""
    spot_allowed: bool = True
    old_filters: bool = False
    """Its least notional is told in a filter of the old form."""
    contract: str = "PERPETUAL"
    underlying: str = "COIN"
    subtypes: tuple[str, ...] = ("Layer-1",)
    pair: str = ""
    """What the contract is one of, as a dated one is; empty: the symbol itself."""
    delivery_at: int = PERPETUAL_DELIVERY
    margin: str = ""
    """The asset that the margin is kept in; empty: the quote."""

    funding_hours: int = 0
    """Hours between two settlements of funding; 0: what its name decides."""
    funding_peak_at: int | None = None
    """A settlement at the cap, after which funding is settled hourly for a while."""

    @property
    def is_dated(self) -> bool:
        """Tell whether it is a future with a date, which pays no funding."""
        return self.contract.endswith("QUARTER")


def dated_terms(pair: str, delivery: int, *, margin: str = "", spot_allowed: bool = True) -> Terms:
    """Return how a future on `pair` is listed that is delivered at `delivery`, ms UTC."""
    return Terms(
        ended_at=delivery,
        end_status="SETTLING",
        spot_allowed=spot_allowed,
        contract="CURRENT_QUARTER",
        subtypes=(),
        pair=pair,
        delivery_at=delivery,
        margin=margin,
    )


@dataclass(frozen=True, slots=True)
class SymbolListing:
    """One symbol as a tape knows it."""

    symbol: str
    base: str
    quote: str
    price_decimals: int
    volume_decimals: int
    quote_decimals: int
    listed_at: int
    """Open time of its first candle, in ms UTC."""
    spread_ppm: int
    """Distance of ask and bid in millionths of the price; never less than a tick."""
    terms: Terms = field(default=Terms(), repr=False)
    """Not shown: ordinary coins share one."""
    noughts: int = 0
    """Decimals that futures write prices with beyond those of the tick: a tick of 0.10."""

    def status(self, now: int) -> str:
        """Return the venue's word for what can be done with it."""
        if now < self.listed_at:
            return "PENDING_TRADING"
        is_over = self.terms.ended_at is not None and now >= self.terms.ended_at
        return self.terms.end_status if is_over else "TRADING"


class Tape(Protocol):
    """Give the final candles of a market."""

    @property
    def listings(self) -> Sequence[SymbolListing]:
        """Every symbol ever listed; elsewhere a symbol is named by its place in here."""

    @property
    def interval(self) -> Interval:
        """The length of the candles it holds."""

    @property
    def first(self) -> int:
        """Open time of the earliest candle of any symbol, in ms UTC."""

    @property
    def last(self) -> int:
        """Open time of the latest candle of any symbol, in ms UTC."""

    @property
    def is_recorded(self) -> bool:
        """Tell whether the prices were once real."""

    def candles(self, number: int, start: int, end: int) -> Rows:
        """Return the candles of listing `number` with start <= open time < end (ms UTC)."""


def no_rows() -> Rows:
    """Return no candles."""
    return np.empty((0, COLUMNS), dtype=np.int64)


def flat_rows(times: Integers, price: int) -> Rows:
    """Return candles that open at `times`, without trades at `price`."""
    rows = np.zeros((len(times), COLUMNS), dtype=np.int64)
    rows[:, OPEN_TIME] = times
    rows[:, OPEN:VOLUME] = price
    return rows
