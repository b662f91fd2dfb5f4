"""A venue of the past, for the very Scanner of a live scan: its listing, its candles, its work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from divbot.arrays import Integers
from divbot.candle_arrays import Candles
from divbot.domain.errors import RecordingError
from divbot.domain.market import Market
from divbot.domain.universe import Listed, Universe
from divbot.history.columns import CLOSE, HIGH, LOW, OPEN, Columns
from divbot.history.universe import PastUniverse
from divbot.recordings.exactness import decimals_of
from divbot.recordings.grid import opens_of
from divbot.scanner.workforce.pool import Progress
from divbot.scanner.workforce.task import BlockTask, Done, Failure
from divbot.scanner.workforce.worker import scan_candles

VENUE = "Binance's past"


def tick_of(candles: Candles) -> Decimal | None:
    """Return the step of the prices, as far as `candles` show it."""
    try:
        decimals = decimals_of(np.concatenate(candles.values[:4]), "")
    except RecordingError:
        return None
    return Decimal(1).scaleb(-decimals)


@dataclass(slots=True)
class PastVenue:
    """Answer as the venue would have at `step`; `symbols` limit what is asked about."""

    columns: Columns
    past: PastUniverse
    market: Market
    limit: int
    step: int = 0
    symbols: Sequence[int] | None = None
    """None: all."""
    venue: str = VENUE
    simulated: bool = False
    workers: int = 1
    _seen: tuple[int, dict[int, Candles]] = field(default=(-1, {}), repr=False)

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the list at that close; `held` are on it in any case."""
        if self.symbols is None:
            found = self.past.universe(self.step, held)
        else:
            found = self.past.part(self.step, self.symbols, held)
        number = self.columns.number
        self.windows([number[x.symbol] for x in found.listed if x.symbol in number])
        return replace(found, listed=tuple(map(self._with_tick, found.listed)))

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        """Return what the windows of each task's symbols show."""
        done: list[Done] = []
        for task in tasks:
            windows = self._windows(task.symbols)
            missing = (x for x in task.symbols if x not in windows)
            failures = tuple(Failure(x, "the history has no candle of it") for x in missing)
            done.append((task, replace(scan_candles(windows, task), failures=failures)))
            progress(sum(len(x.symbols) for x, _ in done), "")
        return done

    def window(self, symbol: int) -> Candles:
        """Return the newest candles of the symbol's present life, one less than `limit`."""
        return self.windows([symbol])[0]

    def windows(self, symbols: Sequence[int]) -> list[Candles]:
        """Return those of several symbols."""
        if self._seen[0] != self.step:
            self._seen = (self.step, {})
        seen = self._seen[1]
        new = [x for x in symbols if x not in seen]
        if new:
            seen.update(zip(new, self._cut(new, self.limit - 1), strict=True))
        return [seen[x] for x in symbols]

    def _cut(self, symbols: Sequence[int], rows: int) -> list[Candles]:
        """Return the windows of some symbols, which lie within the newest `rows` but for gaps."""
        columns, end, wanted = self.columns, self.step + 1, self.limit - 1
        start = max(end - rows, columns.first)
        values = columns.all_of(symbols, start, end)
        opens = opens_of(np.arange(start, end), columns.interval)
        close_time, found = columns.close_of(self.step), []
        for symbol, own in zip(symbols, values, strict=True):
            life = self.past.life(symbol, close_time)
            begin = end if life is None else max(columns.step_of(life.start), start)
            close = own[CLOSE, begin - start :]
            there = np.flatnonzero(close == close)[-wanted:] + (begin - start)
            if len(there) < wanted and begin == start > columns.first:
                found += self._cut([symbol], 2 * rows)
                continue
            # Without a gap it is a view.
            cut = slice(end - start - len(there), None) if _is_whole(there) else there
            found.append(
                Candles(
                    open_time=opens[cut] + columns.offsets[symbol],
                    open=own[OPEN, cut],
                    high=own[HIGH, cut],
                    low=own[LOW, cut],
                    close=own[CLOSE, cut],
                    # What was traded is not looked at here.
                    volume=np.full(len(there), np.nan),
                )
            )
        return found

    def weight_spent(self) -> int:
        """Return nothing: the past costs no request."""
        return 0

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _windows(self, symbols: Sequence[str]) -> dict[str, Candles]:
        number = self.columns.number
        known = [x for x in symbols if x in number]
        return dict(zip(known, self.windows([number[x] for x in known]), strict=True))

    def _with_tick(self, listed: Listed) -> Listed:
        instrument = listed.instrument
        if instrument is None or instrument.tick_size is not None:
            return listed
        tick = tick_of(self.window(self.columns.number[listed.symbol]))
        return replace(listed, instrument=replace(instrument, tick_size=tick))


def _is_whole(rows: Integers) -> bool:
    return bool(len(rows)) and int(rows[-1]) - int(rows[0]) + 1 == len(rows)
