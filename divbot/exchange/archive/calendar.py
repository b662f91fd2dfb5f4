"""Which periods have a file, and when it is published. Times in ms UTC.

Measured: a day of futures at 08:30 to 08:45 of the next one, of spot at 04:00 to 06:00; a month of
candles on day 2 at 10:43, of funding on day 1 at 08:09. A candle stands in the file of the period
in which it opens: where it closes later, as the last week of a month does, the file waits for it.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY, HOUR, MINUTE
from divbot.domain.market import Interval, Market
from divbot.exchange.market.settlements import chance
from divbot.recordings.grid import Grid

_MONTHS = Grid(Interval.MONTH)
_ON_DAY_TWO = DAY + 10 * HOUR + 43 * MINUTE
_ON_DAY_ONE = 8 * HOUR + 9 * MINUTE
_DAILY = {Market.SPOT: (4 * HOUR, 2 * HOUR), Market.USDM: (8 * HOUR + 30 * MINUTE, 15 * MINUTE)}
"""From when on, and within how long, a day is published on the next one."""
_MONTHLY_SPREAD = 10 * MINUTE


class Cadence(StrEnum):
    """What one file is for."""

    DAILY = "daily"
    MONTHLY = "monthly"

    def period(self, start: int) -> tuple[int, int]:
        """Return start and end of the period from `start` on."""
        return start, start + DAY if self is Cadence.DAILY else _MONTHS.next_open(start)

    def before(self, start: int) -> int:
        """Return when the period begins that ends at `start`."""
        return start - DAY if self is Cadence.DAILY else _MONTHS.open_at(start - 1)

    def starts(self, days: Integers) -> Integers:
        """Return when the periods begin that hold any of `days`, ascending."""
        if self is Cadence.DAILY:
            return days
        months = np.unique(days.astype("datetime64[ms]").astype("datetime64[M]"))
        return months.astype("datetime64[ms]").astype(np.int64)

    def text(self, start: int) -> str:
        """Return how the period from `start` on is written in a file's name."""
        return str(np.datetime64(start, "ms").astype(f"datetime64[{self.value[0].upper()}]"))


def candles_published(market: Market, cadence: Cadence, key: str, start: int, grid: Grid) -> int:
    """Return when the file `key` of candles, of the period from `start` on, is published."""
    _, end = cadence.period(start)
    # The last candle may close after the period.
    over = max(end, grid.next_open(end - 1))
    if cadence is Cadence.DAILY:
        after, spread = _DAILY[market]
    else:
        after, spread = _ON_DAY_TWO, _MONTHLY_SPREAD
    return over + after + chance(key, 0) % spread


def funding_published(key: str, start: int) -> int:
    """Return when the file `key` of the funding of a month is published."""
    return _MONTHS.next_open(start) + _ON_DAY_ONE + chance(key, 0) % _MONTHLY_SPREAD
