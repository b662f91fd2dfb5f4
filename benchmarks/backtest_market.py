"""A synthetic market of years in Parquet for backtest.py; a module that its workers import, too."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from divbot.domain.market import Interval, Market
from divbot.history.columns import month_at, steps_of_month
from divbot.recordings.track import Track

MINUTE = Interval.M1.milliseconds
DAY = Interval.D1.milliseconds
START = 1_672_531_200_000
"""2023-01-01."""
_NAMES = ("open", "high", "low", "close", "volume", "quote_volume")
_FILES_OPEN = 64


class NoFunding(NamedTuple):
    """No settlement."""

    settled_at: np.ndarray
    rate: np.ndarray
    mark_price: np.ndarray


@dataclass(frozen=True)
class ParquetMarket:
    """Candles of 1m and 5m, a file for each symbol and month; those of 1m in groups of a day."""

    folder: Path
    count: int
    months: int
    market: Market = Market.USDM
    shortest: Interval = Interval.M1

    def write(self, tell) -> None:
        """Write what is not there yet; `tell` hears of each symbol."""
        for symbol in self.symbols(Interval.M1):
            for start, end in self._months():
                path = self._path(symbol, Interval.M5, start)
                if not path.exists():
                    minutes = _minutes(symbol, start, end)
                    _save(self._path(symbol, Interval.M1, start), minutes, DAY // MINUTE)
                    _save(path, _joined(minutes), 1 << 20)
            tell(symbol)

    def symbols(self, _: Interval) -> tuple[str, ...]:
        """Return their names."""
        return tuple(f"S{number:03}USDT" for number in range(self.count))

    def span(self, _: str, __: Interval) -> tuple[int, int]:
        """Return whole months."""
        return START, self._months()[-1][1]

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return what is always the same."""
        return f"{symbol} {start}" if start < self.span(symbol, interval)[1] and end > START else ""

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Track:
        """Return candles; of 1m only the days that are asked for are read."""
        tables = []
        for begin, stop in self._months():
            if begin < end and start < stop:
                path = self._path(symbol, interval, begin)
                file = _opened(path)
                if interval is Interval.M1:
                    first = max(start - begin, 0) // DAY
                    last = min((min(end, stop) - begin - 1) // DAY, file.num_row_groups - 1)
                    tables.append(file.read_row_groups(list(range(first, last + 1))))
                else:
                    tables.append(file.read())
        columns = {
            name: np.concatenate([x[name].to_numpy() for x in tables]) if tables else np.empty(0)
            for name in ("open_time", *_NAMES)
        }
        times = columns["open_time"].astype(np.int64)
        rows = slice(*np.searchsorted(times, [start, end]))
        return Track(symbol, "synthetic", times[rows], *(columns[x][rows] for x in _NAMES))

    def marks(self, symbol: str, *_: object) -> Track:
        """Return none."""
        empty = np.empty(0)
        return Track(symbol, "synthetic", np.empty(0, np.int64), *[empty] * 5)

    def funding(self, *_: object) -> NoFunding:
        """Return none."""
        return NoFunding(np.empty(0, np.int64), np.empty(0), np.empty(0))

    def _months(self) -> list[tuple[int, int]]:
        first = month_at(START)
        steps = (steps_of_month(first + x, Interval.M1) for x in range(self.months))
        return [(begin * MINUTE, end * MINUTE) for begin, end in steps]

    def _path(self, symbol: str, interval: Interval, start: int) -> Path:
        return self.folder / interval.value / symbol / f"{month_at(start)}.parquet"


@lru_cache(_FILES_OPEN)
def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path)


def _minutes(symbol: str, start: int, end: int) -> dict[str, np.ndarray]:
    seed = int.from_bytes(hashlib.sha256(f"{symbol} {start}".encode()).digest()[:8], "big")
    random = np.random.default_rng(seed)
    times = np.arange(start, end, MINUTE)
    moves = random.normal(0, 0.0009, len(times)).cumsum()
    close = np.round(100 * np.exp(moves - np.linspace(0, moves[-1], len(moves))), 3)
    opened = np.concatenate([close[:1], close[:-1]])
    noise = random.exponential(0.02, (2, len(times)))
    volume = np.round(random.exponential(200.0 * (1 + seed % 97), len(times)), 1)
    return {
        "open_time": times,
        "open": opened,
        "high": np.round(np.maximum(opened, close) + noise[0], 3),
        "low": np.round(np.minimum(opened, close) - noise[1], 3),
        "close": close,
        "volume": volume,
        "quote_volume": np.round(volume * close, 2),
    }


def _joined(minutes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return candles of five minutes."""
    by_five = {name: values.reshape(-1, 5) for name, values in minutes.items()}
    return {
        "open_time": by_five["open_time"][:, 0],
        "open": by_five["open"][:, 0],
        "high": by_five["high"].max(axis=1),
        "low": by_five["low"].min(axis=1),
        "close": by_five["close"][:, -1],
        "volume": by_five["volume"].sum(axis=1),
        "quote_volume": by_five["quote_volume"].sum(axis=1),
    }


def _save(path: Path, columns: dict[str, np.ndarray], rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(pa.table(columns), part, row_group_size=rows, compression="zstd")
    part.rename(path)
