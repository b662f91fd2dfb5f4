"""What is traded where: markets, intervals, instruments and tickers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from divbot.domain.durations import DAY, HOUR, MINUTE

TRADING = "TRADING"
"""The status of what is traded."""
BENCHMARK = "BTCUSDT"
"""The symbol whose change is taken for that of the market, on spot and on futures."""


class Market(StrEnum):
    """The two Binance markets that divbot reads."""

    SPOT = "spot"
    USDM = "usdm"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title has no use on an enum of names
        """Return the name that a trader reads."""
        return {"spot": "spot", "usdm": "USD-M futures"}[self.value]


class Interval(StrEnum):
    """The candle lengths of Binance, by its own names (case matters: 1m and 1M)."""

    S1 = "1s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"
    MONTH = "1M"

    @property
    def milliseconds(self) -> int:
        """Return the length of one candle in ms; of a month, its longest (31 days)."""
        return _MILLISECONDS[self]

    @property
    def is_regular(self) -> bool:
        """Tell whether all candles are of one length; only months are not."""
        return self is not Interval.MONTH

    @property
    def file_name(self) -> str:
        """Return its name in names of files: the archive's, as some systems take 1M for 1m."""
        return "1mo" if self is Interval.MONTH else self.value

    def close_of(self, open_time: int) -> int:
        """Return when the candle that opens at `open_time` closes: the next one's open, ms UTC."""
        if self.is_regular:
            return open_time + self.milliseconds
        opened = datetime.fromtimestamp(open_time / 1000, UTC)
        following = opened.replace(
            year=opened.year + opened.month // 12, month=opened.month % 12 + 1
        )
        return round(following.timestamp() * 1000)

    def steps_between(self, earlier: int, later: int) -> int:
        """Return how many candles apart two open times (ms UTC) are."""
        if self.is_regular:
            return (later - earlier) // self.milliseconds
        first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (earlier, later))
        return 12 * (last.year - first.year) + last.month - first.month

    def offered_by(self, market: Market) -> bool:
        """Tell whether `market` has candles of this length: seconds are for spot only."""
        return self is not Interval.S1 or market is Market.SPOT


_MILLISECONDS = {
    Interval.S1: 1_000,
    Interval.M1: MINUTE,
    Interval.M3: 3 * MINUTE,
    Interval.M5: 5 * MINUTE,
    Interval.M15: 15 * MINUTE,
    Interval.M30: 30 * MINUTE,
    Interval.H1: HOUR,
    Interval.H2: 2 * HOUR,
    Interval.H4: 4 * HOUR,
    Interval.H6: 6 * HOUR,
    Interval.H8: 8 * HOUR,
    Interval.H12: 12 * HOUR,
    Interval.D1: DAY,
    Interval.D3: 3 * DAY,
    Interval.W1: 7 * DAY,
    Interval.MONTH: 31 * DAY,
}


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol as the venue lists it; times are ms UTC, None where the venue names none."""

    symbol: str
    base: str
    quote: str
    status: str
    tick_size: Decimal | None = None
    """The step of a valid price; None where the listing names none."""
    step_size: Decimal | None = None
    """The step of a valid quantity of a market order; None where the listing names none."""
    min_quantity: Decimal = Decimal(0)
    max_quantity: Decimal | None = None
    min_notional: Decimal = Decimal(0)
    """The least that price times quantity must come to, in the quote asset."""
    is_open: bool = True
    """Not closed to all in spite of its status; only spot says so."""
    contract: str = ""
    """On futures: PERPETUAL, CURRENT_QUARTER, TRADIFI_PERPETUAL ..."""
    underlying: str = "COIN"
    """On futures what the contract is about: COIN, INDEX, EQUITY, COMMODITY ..."""
    margin: str = ""
    """On futures the asset that the margin is kept in."""
    listed_at: int | None = None
    delivered_at: int | None = None

    @property
    def is_traded(self) -> bool:
        """Tell whether it can be traded now."""
        return self.status == TRADING and self.is_open


@dataclass(frozen=True, slots=True)
class Ticker:
    """The last 24 hours of one symbol."""

    symbol: str
    last_price: Decimal
    high: Decimal
    low: Decimal
    quote_volume: Decimal
    closed_at: int
    """The end of those 24 hours, ms UTC: long ago where nothing is traded any more."""

    @property
    def range(self) -> Decimal:
        """Return (high - low) / low; 0 where there is no low."""
        return (self.high - self.low) / self.low if self.low > 0 else Decimal(0)


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row of one of the venue's lists that makes no sense: it is as if it were not there."""

    source: str
    """The list, by the last part of its path."""
    number: int
    """Which of its rows; the first is 1."""
    symbol: str
    """What the row is about; empty where that cannot be read."""
    reason: str

    def __str__(self) -> str:
        """Return it in words, by its symbol or else by its number."""
        return f"{self.source}, {self.symbol or f'row {self.number}'}: {self.reason}"
