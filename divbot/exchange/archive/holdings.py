"""What one folder of the archive holds: the candles of a symbol, of whatever was traded under it.

Most symbols have one life. A ticker that was given to another coin has two, in one folder, and so
may the folder of a contract that was started anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY, HOUR
from divbot.domain.market import Interval
from divbot.exchange.market.settlements import chance
from divbot.exchange.market.tape import (
    CLOSE,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TAKER_VOLUME,
    VOLUME,
    Rows,
    SymbolListing,
    Tape,
    flat_rows,
    no_rows,
)
from divbot.recordings.grid import Grid, serves

FOREVER = 2**62
_MOST_LEAD_HOURS = 46


@dataclass(frozen=True)
class ArchivedLife:
    """One stretch of candles, as a tape has them from `start` to before `end` (ms UTC)."""

    tape: Tape
    number: int
    start: int = 0
    end: int = FOREVER
    flat_until: int = 0
    """From `end` to then, rows go on without trades."""
    lead: int = 0
    """So many ms before its first trade, rows begin without trades."""

    def offers(self, interval: Interval) -> bool:
        """Tell whether its candles can be put together to those of `interval`."""
        return serves(self.tape.interval, interval)

    @cached_property
    def listing(self) -> SymbolListing:
        """Return how it was listed."""
        return self.tape.listings[self.number]

    def rows(self, start: int, end: int) -> Rows:
        """Return its candles with start <= open time < end."""
        traded = self.tape.candles(self.number, max(start, self.start), min(end, self.end))
        before = self._flat(max(start, self.begin), min(end, self.listed_at), first=True)
        after = self._flat(max(start, self.end), min(end, self.flat_until), first=False)
        parts = [rows for rows in (before, traded, after) if len(rows)]
        return parts[0] if len(parts) == 1 else np.concatenate([no_rows(), *parts])

    def _flat(self, start: int, end: int, *, first: bool) -> Rows:
        """Return candles without trades at the price of its first trade, or of its last."""
        if start >= end:
            return no_rows()
        times = Grid(self.tape.interval).opens(start, end)
        return flat_rows(times, self._first_open if first else self._last_close)

    @cached_property
    def _first_open(self) -> int:
        # Not of one minute alone, in which the venue may have been down.
        return int(self.tape.candles(self.number, self.listed_at, self.listed_at + DAY)[0, OPEN])

    @cached_property
    def _last_close(self) -> int:
        return int(self.tape.candles(self.number, self.end - DAY, self.end)[-1, CLOSE])

    def days(self, until: int) -> Integers:
        """Return the UTC days (ms of their midnight) that hold candles opening before `until`."""
        if self.tape.is_recorded:
            return self._recorded_days[: np.searchsorted(self._recorded_days, until)]
        first = self.begin // DAY * DAY
        return np.arange(first, min(until, self.over), DAY, dtype=np.int64)

    @cached_property
    def _recorded_days(self) -> Integers:
        times = self.tape.candles(self.number, self.start, self.end)[:, OPEN_TIME]
        return np.unique(times // DAY) * DAY

    @property
    def listed_at(self) -> int:
        """Return when its first candle with a trade opens."""
        return max(self.start, self.listing.listed_at)

    @property
    def begin(self) -> int:
        """Return when its first candle opens."""
        return self.listed_at - self.lead

    def quoted(self) -> ArchivedLife:
        """Return what is known of its mark and index price: they are there before it is traded.

        But not where it is recorded, was there from the beginning on, or is but the end of a life.
        """
        listed_at = self.listing.listed_at
        if self.tape.is_recorded or listed_at == self.tape.first or listed_at < self.start:
            return self
        return replace(self, lead=HOUR * (2 + chance(self.listing.symbol, 1) % _MOST_LEAD_HOURS))

    @cached_property
    def over(self) -> int:
        """Return the end of its last candle, traded or not."""
        if self.flat_until:
            return self.flat_until
        ended = self.listing.terms.ended_at
        if self.end < FOREVER or ended is None:
            return self.end
        rows = self.tape.candles(self.number, ended - DAY, ended + 2 * DAY)
        return int(rows[-1, OPEN_TIME]) + self.tape.interval.milliseconds


@dataclass(frozen=True)
class Holding:
    """The lives under one name, in the order of time."""

    symbol: str
    lives: tuple[ArchivedLife, ...]

    @cached_property
    def listing(self) -> SymbolListing:
        """Return how the last of them is listed, with decimals that write the numbers of all."""
        listings = [life.listing for life in self.lives]
        price = max(each.price_decimals for each in listings)
        shown = max(each.price_decimals + each.noughts for each in listings)
        return replace(
            listings[-1],
            price_decimals=price,
            noughts=shown - price,
            volume_decimals=max(each.volume_decimals for each in listings),
            quote_decimals=max(each.quote_decimals for each in listings),
        )

    def quoted(self) -> Holding:
        """Return what is known of mark and index prices, and of funding."""
        return replace(self, lives=tuple(life.quoted() for life in self.lives))

    @property
    def is_perpetual(self) -> bool:
        """Tell whether funding is paid for holding it, where it is a future."""
        return not self.listing.terms.is_dated

    def within(self, start: int, end: int) -> Holding:
        """Return what may have candles with start <= open time < end: no other life's decimals."""
        lives = tuple(life for life in self.lives if life.begin < end and start < life.over)
        return replace(self, lives=lives or self.lives[-1:])

    def days(self, until: int) -> Integers:
        """Return the UTC days (ms of their midnight) that hold candles opening before `until`."""
        return np.unique(np.concatenate([life.days(until) for life in self.lives]))

    def rows(self, start: int, end: int) -> Rows:
        """Return the candles with start <= open time < end, counted as `listing` says."""
        found = [_counted(life, self.listing, life.rows(start, end)) for life in self.lives]
        found = [rows for rows in found if len(rows)]
        if len(found) == 1:
            return found[0]
        return np.concatenate(found) if found else no_rows()


def _counted(life: ArchivedLife, listing: SymbolListing, rows: Rows) -> Rows:
    """Return the rows of `life` in the units of `listing`."""
    own = life.listing
    price = 10 ** (listing.price_decimals - own.price_decimals)
    volume = 10 ** (listing.volume_decimals - own.volume_decimals)
    quote = 10 ** (listing.quote_decimals - own.quote_decimals)
    if price == volume == quote == 1:
        return rows
    rows = rows.copy()
    rows[:, OPEN:VOLUME] *= price
    rows[:, [VOLUME, TAKER_VOLUME]] *= volume
    rows[:, [QUOTE_VOLUME, TAKER_QUOTE_VOLUME]] *= quote
    return rows
