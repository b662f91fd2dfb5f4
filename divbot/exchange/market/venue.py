"""One market as it stands at a given time: candles, quotes and days, all from one tape.

Everything is computed from the same base candles and the same forming one, so that klines,
24-hour statistics, prices and quotes agree. Times are ms UTC; a symbol is named by its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from divbot.domain.durations import DAY
from divbot.domain.market import Interval
from divbot.exchange.market.candles import form, live_candle, merge
from divbot.exchange.market.pages import Pages
from divbot.exchange.market.tape import (
    CLOSE,
    COLUMNS,
    OPEN_TIME,
    TRADES,
    VOLUME,
    CandleRow,
    Rows,
    SymbolListing,
    Tape,
    no_rows,
)
from divbot.exchange.market.trade_numbers import TradeNumbers
from divbot.exchange.market.trades import PublicTrade
from divbot.recordings.grid import Grid

_MOST_STANDING = 1 << 14
"""Symbols and grids whose forming candle is kept: a row each, a few MB."""


@dataclass(frozen=True, slots=True)
class CandleRange:
    """Some final candles: as all are, they are the same whenever they are asked for."""

    number: int
    grid: Grid
    first: int
    until: int
    """They open from `first` to before `until`."""
    limit: int
    """The most of them."""
    newest: bool
    """The newest are meant when there are more, else the oldest."""

    def leaves_room(self, count: int) -> bool:
        """Tell whether the forming candle belongs after the `count` final ones there are."""
        # Of the newest it is one, and `limit` is of the others.
        return self.newest or count < self.limit


@dataclass(frozen=True, slots=True)
class Day:
    """What the last 24 hours of one symbol come to.

    They hold every base candle that opens at or after `now` - 24 h, the forming one included.
    """

    start: int
    now: int
    row: CandleRow
    """The one candle that they make; without any candle flat at the last close, no volume."""
    previous_close: int
    last_volume: int
    """Size of the last trade."""
    first_trade: int = -1
    """Number of the first trade; the others follow it without a gap."""


class Venue:
    """Answer what a market knows at the time `now`."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.is_recorded = tape.is_recorded
        self.interval = tape.interval
        """The shortest interval that there are candles of."""
        self.first, self.last = tape.first, tape.last
        """When the first and the last candle open."""
        self._pages = Pages(tape)
        self._base = Grid(tape.interval)
        self._numbers = {listing.symbol: n for n, listing in enumerate(tape.listings)}
        self._trades = TradeNumbers(self._pages, self._base)
        # Tapes never change, so neither do final candles: kept, they are never wrong.
        self._closed = lru_cache(_MOST_STANDING)(self._find_closed)
        self._opened = lru_cache(_MOST_STANDING)(self._find_opened)
        self._final = lru_cache(_MOST_STANDING)(self._find_final)

    def listing(self, number: int) -> SymbolListing:
        """Return what is known of symbol `number`."""
        return self.tape.listings[number]

    def number(self, symbol: str, now: int) -> int | None:
        """Return the number of `symbol`, None when it is not on the list (yet)."""
        number = self._numbers.get(symbol)
        return number if number is not None and self._is_known(number, now) else None

    def traded(self, symbol: str, now: int) -> int | None:
        """Return the number of `symbol`, None when it is not traded (yet)."""
        number = self.number(symbol, now)
        return number if number is not None and self.is_listed(number, now) else None

    def contract(self, pair: str, kind: str, now: int) -> int | None:
        """Return the number of what is contract `kind` of `pair`, None when there is none."""
        for number in self.listed(now):
            listing = self.listing(number)
            if (listing.terms.pair or listing.symbol, listing.terms.contract) == (pair, kind):
                return number
        return None

    def known(self, now: int) -> list[int]:
        """Return the numbers of all symbols on the list, also of those not traded yet."""
        return [number for number in self._numbers.values() if self._is_known(number, now)]

    def _is_known(self, number: int, now: int) -> bool:
        listing = self.tape.listings[number]
        return listing.listed_at <= now or listing.terms.is_announced

    def is_listed(self, number: int, now: int) -> bool:
        """Tell whether symbol `number` has been traded by `now`."""
        return self.tape.listings[number].listed_at <= now

    def listed(self, now: int) -> list[int]:
        """Return the numbers of all symbols listed by `now`."""
        return [n for n, each in enumerate(self.tape.listings) if each.listed_at <= now]

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
        final, live = self.parts(number, grid, now, limit=limit, start=start, end=end)
        return self.joined(final, live)

    def parts(
        self,
        number: int,
        grid: Grid,
        now: int,
        *,
        limit: int,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[CandleRange, Rows]:
        """Return what `klines` is made of: final candles, then the forming one, or none.

        The forming one is to be left out when the final ones leave no room for it.
        """
        forming_open = grid.open_at(now)
        first = grid.open_at(self.listing(number).listed_at)
        first = first if start is None else max(first, grid.open_from(start))
        last = forming_open if end is None else min(forming_open, grid.open_at(end))
        is_live = first <= last == forming_open
        live = self._live(number, grid, now, forming_open) if is_live else no_rows()
        until = forming_open if is_live else min(grid.next_open(last), forming_open)
        if start is None:
            return CandleRange(number, grid, first, until, limit - len(live), newest=True), live
        return CandleRange(number, grid, first, until, limit, newest=False), live

    def joined(self, final: CandleRange, live: Rows) -> Rows:
        """Return the candles that `final` means, and after them `live` if there is room."""
        rows = self.rows_of(final)
        return np.concatenate([rows, live]) if final.leaves_room(len(rows)) else rows

    def rows_of(self, final: CandleRange) -> Rows:
        """Return the candles that `final` means."""
        stretch = final.number, final.grid, final.first, final.until
        if final.newest:
            return _collect(self._pages.backward(*stretch), final.limit, newest=True)
        return _collect(self._pages.forward(*stretch), final.limit)

    def last_price(self, number: int, now: int) -> int:
        """Return the price of the last trade, in ticks."""
        return self.day(number, now).row.close

    def day(self, number: int, now: int) -> Day:
        """Return the last 24 hours of symbol `number`; of one that has ended, its last ones."""
        terms = self.listing(number).terms
        if terms.fades and terms.ended_at is not None and now >= terms.ended_at + DAY:
            return self._faded_day(number, terms.ended_at)
        now = self._until(number, now)
        start = self._base.open_from(now - DAY)
        return self._stretch(number, start, now)

    def window(self, number: int, start: int, now: int) -> Day:
        """Return what symbol `number` did from `start` on; of one that has ended, up to its end."""
        now = self._until(number, now)
        return self._stretch(number, self._base.open_from(min(start, now)), now)

    def begin_trades(self, time: int) -> None:
        """Number trades from the midnight before `time` on, forward and backward."""
        self._trades.begin(time)

    def trade_number(self, number: int, time: int, now: int) -> int:
        """Return the number of the first trade at `time` or later; from `now` on, of the next."""
        first, now = self.listing(number).listed_at, self._until(number, now)
        return self._trades.at(number, max(min(time, now), min(first, now)))

    def trades(self, number: int, first: int, end: int) -> Iterator[PublicTrade]:
        """Yield the trades numbered from `first` to before `end`, which are past."""
        return self._trades.between(number, first, end, self.listing(number).listed_at)

    def _until(self, number: int, now: int) -> int:
        ended = self.listing(number).terms.ended_at
        return now if ended is None else min(now, ended)

    def _stretch(self, number: int, start: int, now: int) -> Day:
        final, previous, first_trade = self._final(number, start, self._base.open_at(now))
        forming = self._forming(number, now)
        forming = forming[forming[:, OPEN_TIME] >= start]
        whole = merge(np.concatenate([final, forming]), start)
        row = (
            CandleRow(*whole[0].tolist())
            if len(whole)
            else CandleRow(start, *[previous] * 4, *[0] * 5)
        )
        size = forming if len(forming) and forming[0, TRADES] else final
        trades = int(size[0, TRADES]) if len(size) else 0
        last_volume = max(int(size[0, VOLUME]) // trades, 1) if trades else 0
        return Day(start, now, row, previous or row.open, last_volume, first_trade)

    def _faded_day(self, number: int, ended: int) -> Day:
        row = CandleRow(*[0] * COLUMNS)
        return Day(ended, ended + DAY, row, self._close_before(number, ended), 0)

    def _find_final(self, number: int, start: int, end: int) -> tuple[Rows, int, int]:
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
        final = self._opened(number, start)
        if not len(final):
            return final
        return form(final[0], now - start, self.interval.milliseconds)[np.newaxis]

    def _find_opened(self, number: int, start: int) -> Rows:
        """Return the base candle that opens at `start` as it will be, or none."""
        # Copied, as a row of a page would keep all of the page in memory.
        return self._pages.rows(number, self._base, start, start + 1).copy()

    def _live(self, number: int, grid: Grid, now: int, start: int) -> Rows:
        """Return the candle of `grid` from `start` on, as far as it has come by `now`, or none."""
        base_open = self._base.open_at(now)
        closed = self._closed(number, grid, start, base_open)
        opened = self._opened(number, base_open)
        return live_candle(closed, opened, start, now - base_open, self.interval.milliseconds)

    def _find_closed(self, number: int, grid: Grid, start: int, end: int) -> Rows:
        """Return the one candle that all base candles from `start` to `end` make, or none."""
        days = Grid(Interval.D1, grid.shift)
        # Whole days are put together to candles already.
        midnight = max(days.open_at(end), start)
        whole_days = self._pages.rows(number, days, start, midnight)
        rest = self._pages.rows(number, self._base, midnight, end)
        return merge(np.concatenate([whole_days, rest]), start)


def _collect(pieces: Iterator[Rows], limit: int, *, newest: bool = False) -> Rows:
    """Join pieces until there are `limit` rows; `newest` tells that the last piece comes first."""
    taken = [no_rows()]
    for rows in pieces:
        if limit <= 0:
            break
        part = rows[-limit:] if newest else rows[:limit]
        taken.append(part)
        limit -= len(part)
    return np.concatenate(taken[::-1] if newest else taken)
