"""What is kept where: a folder for each kind of candle, interval and symbol, a file a month.

    STORE/market=usdm/kind=klines/interval=5m/symbol=BTCUSDT/2024-01.parquet
    STORE/market=usdm/kind=mark/interval=1m/symbol=BTCUSDT/2024-01.parquet
    STORE/market=usdm/kind=funding/symbol=BTCUSDT/2024-01.parquet

A month is called `1mo` here, as in the archive: not every file system tells 1M from 1m.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from divbot.domain.clock import parse_time
from divbot.domain.errors import StoreError
from divbot.domain.market import Interval, Market
from divbot.domain.symbols import is_symbol
from divbot.history.kind import StoredKind
from divbot.history.spans import Span, month_name, month_of

DAMAGED = ".damaged"
"""What the name of a file that was put aside ends with: no program takes it for one to read."""
_FILE = re.compile(rf"(\d{{4}}-(?:0[1-9]|1[0-2]))\.parquet(?:{re.escape(DAMAGED)})?")


@dataclass(frozen=True, slots=True)
class Shelf:
    """All months of one kind, interval and symbol of a market."""

    market: Market
    kind: StoredKind
    interval: Interval | None
    """None: funding has none."""
    symbol: str

    def __str__(self) -> str:
        """Return it in words."""
        return " ".join(x for x in (self.symbol, self.interval, self._kind) if x)

    @property
    def _kind(self) -> str:
        return "" if self.kind is StoredKind.KLINES else f"{self.kind}"

    @property
    def length(self) -> int:
        """Return how long a candle is, in ms, a month the longest; 0 of funding."""
        return 0 if self.interval is None else self.interval.milliseconds

    @property
    def order(self) -> tuple[str, str, int, str]:
        """Return what shelves are sorted by."""
        return self.market, self.kind, self.length, self.symbol

    def folder(self, root: Path) -> Path:
        """Return the folder of its files."""
        return shelves_folder(root, self.market, self.kind, self.interval) / f"symbol={self.symbol}"

    def path(self, root: Path, month: Span) -> Path:
        """Return the file of `month`."""
        return self.folder(root) / f"{month_name(month)}.parquet"

    def months(self, root: Path) -> tuple[tuple[Span, Path], ...]:
        """Return the months that have a file, in the order of time."""
        folder = self.folder(root)
        found = ((_month_in(name), name) for name in _names(folder))
        return tuple((month, folder / name) for month, name in found if month)


@lru_cache(1 << 12)
def _month_in(name: str) -> Span | None:
    """Return the month that a file is of; None for one that is none of the store's."""
    found = _FILE.fullmatch(name)
    return month_of(parse_time(f"{found[1]}-01")) if found else None


def shelves_folder(root: Path, market: Market, kind: StoredKind, interval: Interval | None) -> Path:
    """Return the folder that holds the symbols' folders."""
    folder = root / f"market={market.value}" / f"kind={kind.value}"
    if interval is None:
        return folder
    return folder / f"interval={interval.file_name}"


def shelves(root: Path, market: Market) -> Iterator[Shelf]:
    """Give all shelves of `market`."""
    for kind in StoredKind:
        for interval in Interval if kind is not StoredKind.FUNDING else (None,):
            folder = shelves_folder(root, market, kind, interval)
            for symbol in symbols_in(folder):
                yield Shelf(market, kind, interval, symbol)


def symbols_in(folder: Path) -> list[str]:
    """Return the symbols that have a folder in `folder`, by name."""
    return symbols_among(_names(folder))


def symbols_among(names: Iterable[str]) -> list[str]:
    """Return the symbols whose folders have these names, sorted; others have other names."""
    symbols = (name.removeprefix("symbol=") for name in names if name.startswith("symbol="))
    return sorted(x for x in symbols if is_symbol(x))


def _names(folder: Path) -> list[str]:
    """Return what is in `folder`, sorted; nothing where there is none, StoreError if it is shut."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - no paths
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def unreadable(path: Path, error: OSError) -> StoreError:
    """Return the error for what is there, and cannot be read."""
    return StoreError(
        f"{path}: cannot be read: {os.strerror(error.errno or 0)}; let this user read it, or name "
        "another folder with --store"
    )
