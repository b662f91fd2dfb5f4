"""What is kept where: a folder for each kind of candle, interval and symbol, a file a month.

    STORE/market=usdm/kind=klines/interval=5m/symbol=BTCUSDT/2024-01.parquet
    STORE/market=usdm/kind=mark/interval=1m/symbol=BTCUSDT/2024-01.parquet
    STORE/market=usdm/kind=funding/symbol=BTCUSDT/2024-01.parquet

A month is called `1mo` here, as in the archive: not every file system tells 1M from 1m.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval, Market
from divbot.domain.symbols import is_symbol
from divbot.history.kind import StoredKind
from divbot.history.spans import Span, month_name, month_of

_FILE = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))\.parquet")


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
    def _length(self) -> int:
        return 0 if self.interval is None else self.interval.milliseconds

    @property
    def order(self) -> tuple[str, str, int, str]:
        """Return what shelves are sorted by."""
        return self.market, self.kind, self._length, self.symbol

    def folder(self, root: Path) -> Path:
        """Return the folder of its files."""
        return shelves_folder(root, self.market, self.kind, self.interval) / f"symbol={self.symbol}"

    def path(self, root: Path, month: Span) -> Path:
        """Return the file of `month`."""
        return self.folder(root) / f"{month_name(month)}.parquet"

    def months(self, root: Path) -> tuple[tuple[Span, Path], ...]:
        """Return the months that have a file, in the order of time."""
        folder = self.folder(root)
        names = sorted(x.name for x in folder.iterdir()) if folder.is_dir() else ()
        found = ((_FILE.fullmatch(name), folder / name) for name in names)
        return tuple((month_of(parse_time(f"{x[1]}-01")), path) for x, path in found if x)


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
    return symbols_among([x.name for x in folder.iterdir()] if folder.is_dir() else [])


def symbols_among(names: Iterable[str]) -> list[str]:
    """Return the symbols whose folders have these names, sorted; others have other names."""
    symbols = (name.removeprefix("symbol=") for name in names if name.startswith("symbol="))
    return sorted(x for x in symbols if is_symbol(x))
