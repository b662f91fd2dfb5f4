"""All files of the archive, in the order of their keys, from any key on.

Nothing is kept of what was passed: a walk through millions of keys takes the memory of one. Python
orders text by code points, which is the order of its UTF-8 bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from divbot.domain.durations import DAY
from divbot.domain.market import Interval, Market
from divbot.exchange.archive.calendar import Cadence
from divbot.exchange.archive.contents import FileKind
from divbot.exchange.archive.holdings import Holding
from divbot.exchange.archive.series import CHECKSUM, ArchiveZip, FileSeries

_ROOTS = {Market.SPOT: ("spot",), Market.USDM: ("futures", "um")}
_MOST_FOLDERS = 512  # of a kind; a folder of days knows 8 bytes of each


@dataclass(frozen=True, slots=True)
class KeyedFile:
    """A zip, or the checksum of one."""

    zip: ArchiveZip
    is_checksum: bool

    @property
    def key(self) -> str:
        """Return its key."""
        return f"{self.zip.key}{CHECKSUM if self.is_checksum else ''}"


class Branch:
    """A folder of folders; `child` gives the one of a name."""

    def __init__(self, names: Iterable[str], child: Callable[[str], Node]) -> None:
        self._known = frozenset(names)
        # As keys have them: "BTCUSDT/" comes before "BTCUSDT_240628/".
        self._names = sorted(f"{name}/" for name in self._known)
        self._child = child

    def child(self, name: str) -> Node | None:
        """Return the folder of that name, None where there is none."""
        return self._child(name) if name in self._known else None

    def walk(self, base: str, least: str, now: int) -> Iterator[KeyedFile]:
        """Yield what is below and published by `now`, from key `least` on; `base` is its own."""
        rest = least.removeprefix(base) if least.startswith(base) else ""
        place = bisect_right(self._names, rest)
        if place and rest.startswith(self._names[place - 1]):
            place -= 1
        for name in self._names[place:]:
            yield from walk(self._child(name[:-1]), base + name, least, now)


Node: TypeAlias = Branch | FileSeries


def walk(node: Node, base: str, least: str, now: int) -> Iterator[KeyedFile]:
    """Yield the files below `node`, from key `least` on."""
    if least > base and not least.startswith(base):
        return
    if isinstance(node, Branch):
        yield from node.walk(base, least, now)
        return
    for each in node.zips(now, least):
        for is_checksum in (False, True):
            file = KeyedFile(each, is_checksum)
            if file.key >= least:
                yield file


def find(node: Node, key: str, now: int) -> KeyedFile | None:
    """Return the file at `key` that is published by `now`, None where there is none."""
    *folders, name = key.split("/")
    for folder in folders:
        child = node.child(folder) if isinstance(node, Branch) else None
        if child is None:
            return None
        node = child
    if isinstance(node, Branch):
        return None
    found = node.named(name.removesuffix(CHECKSUM), now)
    return None if found is None else KeyedFile(found, name.endswith(CHECKSUM))


def root_of(markets: Mapping[Market, Sequence[Holding]]) -> Branch:
    """Return the root of an archive of `markets`."""
    parts = {
        _path(market, cadence, kind): _kind(market, cadence, kind, holdings)
        for market, holdings in markets.items()
        for cadence in Cadence
        for kind in _kinds(market, cadence)
    }
    return _nested(parts)


def _path(market: Market, cadence: Cadence, kind: FileKind) -> tuple[str, ...]:
    return ("data", *_ROOTS[market], cadence.value, kind.value)


def _nested(parts: Mapping[tuple[str, ...], Branch]) -> Branch:
    children: dict[str, Node] = {}
    for name in {path[0] for path in parts}:
        below = {path[1:]: branch for path, branch in parts.items() if path[0] == name}
        children[name] = below[()] if () in below else _nested(below)
    return Branch(children, children.__getitem__)


def _kinds(market: Market, cadence: Cadence) -> Sequence[FileKind]:
    if market is Market.SPOT:
        return [FileKind.KLINES]
    return [kind for kind in FileKind if kind.is_candles or cadence is Cadence.MONTHLY]


def _kind(market: Market, cadence: Cadence, kind: FileKind, holdings: Sequence[Holding]) -> Branch:
    # Of one that is dated there is no funding, and the index is that of its pair.
    dated = (FileKind.KLINES, FileKind.MARK)
    by_symbol = {
        each.symbol: each if kind is FileKind.KLINES else each.quoted()
        for each in holdings
        if each.is_perpetual or kind in dated
    }
    base = "/".join(_path(market, cadence, kind))

    @lru_cache(_MOST_FOLDERS)
    def series(symbol: str, interval: Interval | None) -> FileSeries:
        folder = f"{base}/{symbol}/{'' if interval is None else interval.file_name + '/'}"
        return FileSeries(market, cadence, kind, by_symbol[symbol], interval, folder)

    @lru_cache(_MOST_FOLDERS)
    def symbol_folder(symbol: str) -> Node:
        if not kind.is_candles:
            return series(symbol, None)
        intervals = _intervals(market, cadence, by_symbol[symbol])
        return Branch(intervals, lambda name: series(symbol, intervals[name]))

    return Branch(by_symbol, symbol_folder)


def _intervals(market: Market, cadence: Cadence, holding: Holding) -> dict[str, Interval]:
    return {
        each.file_name: each
        for each in Interval
        if each.offered_by(market)
        and all(life.offers(each) for life in holding.lives)
        and (cadence is Cadence.MONTHLY or each.milliseconds <= DAY)
    }
