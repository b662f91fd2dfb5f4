"""A venue of the past, for the very Scanner of a live scan: its listing, its candles, its work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from divbot.binance.listing.universe import Listed, Universe
from divbot.domain.errors import RecordingError
from divbot.domain.market import Market
from divbot.history.columns import CLOSE, HIGH, LOW, OPEN, Columns
from divbot.history.universe import PastUniverse
from divbot.recordings.exactness import decimals_of
from divbot.recordings.grid import opens_of
from divbot.scanner.workforce.pool import Done, Progress
from divbot.scanner.workforce.task import BlockTask
from divbot.scanner.workforce.worker import scan_candles

VENUE = "Binance's past"

Floats = NDArray[np.float64]


class Window(NamedTuple):
    """The newest final candles of one symbol at a close, as a venue would have served them."""

    open_time: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    @property
    def volume(self) -> Floats:
        """Return what nobody looks at in the past: nothing is known of it here."""
        return np.full(len(self.open_time), np.nan)

    @property
    def tick(self) -> Decimal | None:
        """Return the step of the prices, as far as these candles show it."""
        try:
            decimals = decimals_of(np.concatenate(self[1:]), "")
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
    _seen: tuple[int, dict[int, Window]] = field(default=(-1, {}), repr=False)

    def universe(self, held: Collection[str] = ()) -> Universe:
        """Return the list at that close; `held` are on it in any case."""
        if self.symbols is None:
            found = self.past.universe(self.step, held)
        else:
            found = self.past.part(self.step, self.symbols, held)
        return replace(found, listed=tuple(map(self._with_tick, found.listed)))

    def run(self, tasks: Sequence[BlockTask], progress: Progress) -> list[Done]:
        """Return what the windows of each task's symbols show."""
        done: list[Done] = []
        for task in tasks:
            done.append((task, scan_candles(self._windows(task.symbols), task)))
            progress(sum(len(x.symbols) for x, _ in done), "")
        return done

    def window(self, symbol: int) -> Window:
        """Return the newest candles of the symbol's present life, one less than `limit`."""
        if self._seen[0] != self.step:
            self._seen = (self.step, {})
        windows = self._seen[1]
        if symbol not in windows:
            windows[symbol] = self._cut(symbol)
        return windows[symbol]

    def _cut(self, symbol: int) -> Window:
        columns, end, wanted = self.columns, self.step + 1, self.limit - 1
        life = self.past.life(symbol, columns.close_of(self.step))
        first = end if life is None else max(columns.step_of(life.start), columns.first)
        rows = wanted
        while True:
            start = max(end - rows, first)
            close = columns.wide([symbol], CLOSE, start, end)[0]
            there = np.flatnonzero(close == close)[-wanted:]
            if len(there) == wanted or start == first:
                break
            rows *= 2
        opens, highs, lows = (
            columns.wide([symbol], x, start, end)[0][there] for x in (OPEN, HIGH, LOW)
        )
        times = opens_of(start + there, columns.interval) + columns.offsets[symbol]
        return Window(times, opens, highs, lows, close[there])

    def weight_spent(self) -> int:
        """Return nothing: the past costs no request."""
        return 0

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _windows(self, symbols: Sequence[str]) -> dict[str, Window]:
        number = self.columns.number
        return {x: self.window(number[x]) for x in symbols if x in number}

    def _with_tick(self, listed: Listed) -> Listed:
        instrument = listed.instrument
        if instrument is None or instrument.tick_size is not None:
            return listed
        tick = self.window(self.columns.number[listed.symbol]).tick
        return replace(listed, instrument=replace(instrument, tick_size=tick))
