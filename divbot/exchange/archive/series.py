"""The files of one folder, by the periods that they are of: a zip and its CHECKSUM for each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from divbot.arrays import Integers
from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.exchange.archive.calendar import Cadence, candles_published, funding_published
from divbot.exchange.archive.contents import (
    CANDLES_HEADER,
    FUNDING_HEADER,
    FileKind,
    candle_lines,
    funding_lines,
)
from divbot.exchange.archive.holdings import Holding
from divbot.recordings.grid import Grid

CHECKSUM = ".CHECKSUM"
_HEADERS_FROM = 1_656_633_600_000
"""2022-07-01: files of futures that were made from then on begin with a header."""


@dataclass(frozen=True)
class FileSeries:
    """All files of one kind, cadence and interval of a symbol."""

    market: Market
    cadence: Cadence
    kind: FileKind
    holding: Holding
    interval: Interval | None
    """None where the kind has none."""
    base: str
    """What the keys of its files begin with."""

    @cached_property
    def stem(self) -> str:
        """Return what the names of its files begin with."""
        what = self.kind.value if self.interval is None else self.interval.file_name
        return f"{self.holding.symbol}-{what}-"

    def zips(self, now: int, least: str = "") -> Iterator[ArchiveZip]:
        """Yield what is published by `now`, by name; only what has a file from key `least` on."""
        starts = self._starts(now // DAY)
        end = bisect_right(starts, now, key=lambda start: self.at(start).published)
        first = bisect_left(starts, least, hi=end, key=lambda start: self.at(start).key)
        # The checksum of a zip has a key after it.
        return (self.at(start) for start in starts[max(first - 1, 0) : end])

    def named(self, name: str, now: int) -> ArchiveZip | None:
        """Return the zip of that name, None where there is none."""
        return next((each for each in self.zips(now, self.base + name) if each.name == name), None)

    @cached_property
    def _starts(self) -> Callable[[int], Integers]:
        return lru_cache(1)(self._found_starts)

    def _found_starts(self, today: int) -> Integers:
        """Return when the periods begin that began by `today`, counted from the epoch."""
        days = self.holding.days((today + 1) * DAY)
        if self.interval is not None and self.interval.milliseconds > DAY:
            grid = Grid(self.interval)
            days = np.unique([grid.open_at(day) for day in days.tolist()]).astype(np.int64)
        return self.cadence.starts(days)

    def at(self, start: int) -> ArchiveZip:
        """Return the file of the period from `start` on."""
        return ArchiveZip(self, int(start))


@dataclass(frozen=True, slots=True)
class ArchiveZip:
    """One file, as it is when nothing is wrong with it."""

    series: FileSeries
    start: int

    @property
    def stem(self) -> str:
        """Return its name without an ending."""
        return f"{self.series.stem}{self.series.cadence.text(self.start)}"

    @property
    def name(self) -> str:
        """Return its name."""
        return f"{self.stem}.zip"

    @property
    def key(self) -> str:
        """Return its key."""
        return f"{self.series.base}{self.name}"

    @property
    def published(self) -> int:
        """Return when it is published, ms UTC."""
        series = self.series
        if series.interval is None:
            return funding_published(self.key, self.start)
        grid = Grid(series.interval)
        return candles_published(series.market, series.cadence, self.key, self.start, grid)

    @property
    def before(self) -> ArchiveZip:
        """Return the file of the period before, whether or not there is one."""
        return ArchiveZip(self.series, self.series.cadence.before(self.start))

    @property
    def header(self) -> bytes:
        """Return its first line, or nothing."""
        series = self.series
        if not series.kind.is_candles:
            return FUNDING_HEADER
        if series.market is Market.SPOT:
            return b""
        # Days of derived prices were all made later than their months.
        is_late = series.cadence is Cadence.DAILY and series.kind is not FileKind.KLINES
        return CANDLES_HEADER if is_late or self.published >= _HEADERS_FROM else b""

    def lines(self) -> bytes:
        """Return all other lines."""
        series = self.series
        start, end = series.cadence.period(self.start)
        if series.interval is None:
            return funding_lines(series.holding, start, end)
        grid = Grid(series.interval)
        return candle_lines(series.market, series.kind, series.holding, grid, start, end)
