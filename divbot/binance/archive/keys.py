"""The keys of Binance's archive: where a month or a day of a series is.

    data/futures/um/monthly/klines/BTCUSDT/5m/BTCUSDT-5m-2024-01.zip
    data/futures/um/daily/markPriceKlines/BTCUSDT/1m/BTCUSDT-1m-2024-01-31.zip
    data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-01.zip

Names are the venue's own, in any script; some old months lack their zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from divbot.domain.market import Interval, Market

_ROOTS = {Market.SPOT: "data/spot", Market.USDM: "data/futures/um"}
_MONTHLY_ONLY = frozenset({Interval.D3, Interval.W1, Interval.MONTH})
_DATE = re.compile(r"-(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\.zip")
CHECKSUM = ".CHECKSUM"


class FilePeriod(StrEnum):
    """How long a time one file holds."""

    MONTHLY = "monthly"
    DAILY = "daily"


class Product(StrEnum):
    """What a file holds, by the archive's names."""

    KLINES = "klines"
    MARK_KLINES = "markPriceKlines"
    FUNDING = "fundingRate"

    def folder(self, market: Market, period: FilePeriod) -> str:
        """Return the folder in which each symbol has one."""
        return f"{_ROOTS[market]}/{period.value}/{self.value}/"


@dataclass(frozen=True, slots=True)
class ArchiveSeries:
    """One symbol's files of one product and interval."""

    market: Market
    product: Product
    symbol: str
    interval: Interval | None = None
    """None: funding has none."""

    def folder(self, period: FilePeriod) -> str:
        """Return the folder of its files."""
        name = f"{self.interval.file_name}/" if self.interval else ""
        return f"{self.product.folder(self.market, period)}{self.symbol}/{name}"

    def prefix(self, period: FilePeriod) -> str:
        """Return what its keys begin with; the date follows."""
        name = self.interval.file_name if self.interval else self.product.value
        return f"{self.folder(period)}{self.symbol}-{name}-"

    def comes(self, period: FilePeriod) -> bool:
        """Tell whether there are such files at all."""
        if period is FilePeriod.MONTHLY:
            return True
        return self.product is not Product.FUNDING and self.interval not in _MONTHLY_ONLY


def first_moment(key: str) -> int | None:
    """Return when the month or day of a zip begins, ms UTC; None for a key of another kind."""
    match = _DATE.search(key)
    if match is None or match.end() != len(key):
        return None
    year, month, day = (int(x) if x else 1 for x in match.groups())
    try:
        return round(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
