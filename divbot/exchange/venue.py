"""One market as it stands at a given time: candles, quotes and days, all from one tape.

Everything is computed from the same base candles and the same forming one, so that klines,
24-hour statistics, prices and quotes agree. Times are ms UTC; a symbol is named by its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from divbot.domain.market import Interval
from divbot.exchange.candles import form, merge
from divbot.exchange.grid import DAY, Grid
from divbot.exchange.pages import Pages
from divbot.exchange.tape import (
    CLOSE,
    COLUMNS,
    OPEN,
    OPEN_TIME,
    TRADES,
    VOLUME,
    Listing,
    Rows,
    Tape,
    no_rows,
)
from divbot.exchange.trade_numbers import TradeNumbers
from divbot.exchange.trades import Trade


@dataclass(frozen=True, slots=True)
class Day:
    """What the last 24 hours of one symbol come to.

    They hold every base candle that opens at or after `now` - 24 h, the forming one included.
    """

    start: int
    now: int
    row: NDArray[np.int64]
    """The one candle that they make; without any candle flat at the last close, no volume."""
    previous_close: int
    last_volume: int
    """Size of the last trade."""
    first_trade: int = -1
    """Number of the first trade; the others follow it without a gap."""


class Venue:
    """Answer what a market knows at the time `now`."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._pages = Pages(tape)
        self._base = Grid(tape.interval)
        self._numbers = {listing.symbol: n for n, listing in enumerate(tape.listings)}
        self._days: dict[int, tuple[int, int, Rows, int, int]] = {}
        self._trades = TradeNumbers(self._pages, self._base)

    @property
    def is_recorded(self) -> bool:
        """Tell whether the prices were once real."""
        return self._tape.is_recorded

    @property
    def interval(self) -> Interval:
        """The shortest interval that there are candles of."""
        return self._tape.interval

    @property
    def first(self) -> int:
        """Return when its first candle opens."""
        return self._tape.first

    @property
    def last(self) -> int:
        """Return when its last candle opens."""
        return self._tape.last

    def listing(self, number: int) -> Listing:
        """Return what is known of symbol `number`."""
        return self._tape.listings[number]

    def number(self, symbol: str, now: int) -> int | None:
        """Return the number of `symbol`, None when it is not on the list (yet)."""
        number = self._numbers.get(symbol)
        return number if number is not None and self._is_known(number, now) else None

    def known(self, now: int) -> list[int]:
        """Return the numbers of all symbols on the list, also of those not traded yet."""
        return [number for number in self._numbers.values() if self._is_known(number, now)]

    def _is_known(self, number: int, now: int) -> bool:
        listing = self._tape.listings[number]
        return listing.listed_at <= now or listing.terms.is_announced

    def is_listed(self, number: int, now: int) -> bool:
        """Tell whether symbol `number` has been traded by `now`."""
        return self._tape.listings[number].listed_at <= now

    def listed(self, now: int) -> list[int]:
        """Return the numbers of all symbols listed by `now`."""
        return [n for n, each in enumerate(self._tape.listings) if each.listed_at <= now]

    def klines(
        self,
        number: int,
        grid: Grid,
        now: int,
        *,
        limit: int,
        start: int | None = None,
        end: int | None = None,
    ) -> Rows:
        """Return at most `limit` candles that open from `start` to `end`, both included.

        Without `start` the newest, else the oldest of them. The one that holds `now` is forming.
        """
        forming_open = grid.open_at(now)
        first = grid.open_at(self.listing(number).listed_at)
        first = first if start is None else max(first, grid.open_from(start))
        last = forming_open if end is None else min(forming_open, grid.open_at(end))
        if first > last:
            return no_rows()
        live = self._live(number, grid, now) if last == forming_open else no_rows()
        until = min(grid.next_open(last), forming_open)
        if start is not None:
            final = self._pages.forward(number, grid, first, until)
            return _collect(chain(final, [live]), limit)
        final = self._pages.backward(number, grid, first, until)
        return _collect(chain([live], final), limit, newest=True)

    def last_price(self, number: int, now: int) -> int:
        """Return the price of the last trade, in ticks."""
        return int(self.day(number, now).row[CLOSE])

    def day(self, number: int, now: int) -> Day:
        """Return the last 24 hours of symbol `number`; of one that has ended, its last ones."""
        terms = self.listing(number).terms
        if terms.fades and terms.ended_at is not None and now >= terms.ended_at + DAY:
            return self._faded_day(number, terms.ended_at)
        now = self._until(number, now)
        start = self._base.open_from(now - DAY)
        return self._stretch(number, start, now, *self._final_day(number, start, now))

    def window(self, number: int, start: int, now: int) -> Day:
        """Return what symbol `number` did from `start` on; of one that has ended, up to its end."""
        now = self._until(number, now)
        start = self._base.open_from(min(start, now))
        final = self._final(number, start, self._base.open_at(now))
        return self._stretch(number, start, now, *final)

    def begin_trades(self, time: int) -> None:
        """Number trades from the midnight before `time` on, forward and backward."""
        self._trades.begin(time)

    def trade_number(self, number: int, time: int, now: int) -> int:
        """Return the number of the first trade at `time` or later; from `now` on, of the next."""
        first, now = self.listing(number).listed_at, self._until(number, now)
        return self._trades.at(number, max(min(time, now), min(first, now)))

    def trades(self, number: int, first: int, end: int) -> Iterator[Trade]:
        """Yield the trades numbered from `first` to before `end`, which are past."""
        return self._trades.between(number, first, end, self.listing(number).listed_at)

    def _until(self, number: int, now: int) -> int:
        ended = self.listing(number).terms.ended_at
        return now if ended is None else min(now, ended)

    def _stretch(
        self, number: int, start: int, now: int, final: Rows, previous: int, first_trade: int
    ) -> Day:
        forming = self._forming(number, now)
        forming = forming[forming[:, OPEN_TIME] >= start]
        whole = merge(np.concatenate([final, forming]), start)
        if not len(whole):
            whole = np.zeros((1, COLUMNS), dtype=np.int64)
            whole[0, OPEN_TIME] = start
            whole[0, OPEN:VOLUME] = previous
        size = forming if len(forming) and forming[0, TRADES] else final
        trades = int(size[0, TRADES]) if len(size) else 0
        last_volume = max(int(size[0, VOLUME]) // trades, 1) if trades else 0
        return Day(start, now, whole[0], previous or int(whole[0, OPEN]), last_volume, first_trade)

    def _faded_day(self, number: int, ended: int) -> Day:
        row = np.zeros(COLUMNS, dtype=np.int64)
        return Day(ended, ended + DAY, row, self._close_before(number, ended), 0)

    def _final_day(self, number: int, start: int, now: int) -> tuple[Rows, int, int]:
        end = self._base.open_at(now)
        kept = self._days.get(number)
        if kept is None or kept[:2] != (start, end):
            kept = self._days[number] = (start, end, *self._final(number, start, end))
        return kept[2:]

    def _final(self, number: int, start: int, end: int) -> tuple[Rows, int, int]:
        """Return the one final candle from `start` to `end`, the close before, the first trade."""
        rows = self._pages.rows(number, self._base, start, end)
        previous = self._close_before(number, start)
        return merge(rows, start), previous, self._trades.at(number, start)

    def _close_before(self, number: int, time: int) -> int:
        """Return the last close before `time`, however long ago; 0 when there is none."""
        first = self._base.open_at(self.listing(number).listed_at)
        for rows in self._pages.backward(number, self._base, first, time):
            if len(rows):
                return int(rows[-1, CLOSE])
        return 0

    def _forming(self, number: int, now: int) -> Rows:
        start = self._base.open_at(now)
        final = self._pages.rows(number, self._base, start, start + 1)
        if not len(final):
            return final
        return form(final[0], now - start, self.interval.milliseconds)[np.newaxis]

    def _live(self, number: int, grid: Grid, now: int) -> Rows:
        """Return the candle of `grid` that holds `now` as far as it has come, or none."""
        start, base_open = grid.open_at(now), self._base.open_at(now)
        pieces = [self._forming(number, now)]
        days = Grid(Interval.D1, grid.shift)
        midnight = max(days.open_at(now), start)
        pieces.insert(0, self._pages.rows(number, self._base, midnight, base_open))
        if midnight > start:
            pieces.insert(0, self._pages.rows(number, days, start, midnight))
        return merge(np.concatenate(pieces), start)


def _collect(pieces: chain[Rows], limit: int, *, newest: bool = False) -> Rows:
    """Join pieces until there are `limit` rows; `newest` tells that the last piece comes first."""
    taken: list[Rows] = []
    for rows in pieces:
        if limit <= 0:
            break
        part = rows[-limit:] if newest else rows[:limit]
        taken.append(part)
        limit -= len(part)
    return np.concatenate(taken[::-1] if newest else taken)
