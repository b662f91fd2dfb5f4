"""Whatever holds candles, put into the store: recordings, folders of zips, freqtrade's files."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from divbot.domain.errors import InputError, RecordingError
from divbot.domain.market import Interval, Market
from divbot.history import freqtrade
from divbot.history.archived import PRODUCTS, archived_candles, archived_funding
from divbot.history.candles import merged, no_candles
from divbot.history.funding import FundingTrack
from divbot.history.kind import StoredKind
from divbot.history.parts import RowSource
from divbot.history.shelf import Shelf
from divbot.history.spans import Span, month_of
from divbot.history.store import Store
from divbot.recordings.funding_table import holds_funding, read_funding_table
from divbot.recordings.recording import read_tracks
from divbot.recordings.zips import RecordedZip, verified, zips_below

_MARKETS = {"spot": Market.SPOT, "um": Market.USDM}
_KINDS = {product.value: kind for kind, product in PRODUCTS.items()}


@dataclass(slots=True)
class Imported:
    """What an import has brought."""

    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By what they are, in words: 1h candles, funding rates ..."""
    symbols: set[str] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)
    """What was left aside, and why."""

    def add(self, shelf: Shelf, rows: int) -> None:
        """Count rows of a shelf."""
        price = "mark price " if shelf.kind is StoredKind.MARK else ""
        what = f"{shelf.interval} {price}candles" if shelf.interval else "funding rates"
        self.rows[what] += rows
        self.symbols.add(shelf.symbol)


def import_any(store: Store, path: Path, interval: Interval | None = None) -> Imported:
    """Put what is at `path` into the store, which is locked; RecordingError for a bad file.

    With `interval`, only candles of that length.
    """
    theirs = list(freqtrade.files_in(path)) if path.exists() else []
    if theirs:
        return _import_freqtrade(store, path, theirs, interval)
    if path.is_dir():
        return _import_zips(store, path, interval)
    if interval is None and holds_funding(path):
        return _import_funding(store, path)
    found, tracks = read_tracks(path, interval)
    result = Imported()
    for track in tracks:
        store.write(track.symbol, found, track, _source(path))
        result.add(store.shelf(track.symbol, found), len(track.open_time))
    return result


def says_simulated(path: Path) -> bool:
    """Tell whether a file, or one in a folder, was exported from a store of simulated prices."""
    return path.exists() and any(freqtrade.says_simulated(x.path) for x in freqtrade.files_in(path))


def _import_funding(store: Store, path: Path) -> Imported:
    if store.market is not Market.USDM:
        raise InputError(f"{path}: funding rates are of futures alone: use --market usdm")
    result = Imported()
    for symbol, (times, rates) in read_funding_table(path).items():
        store.write_funding(symbol, FundingTrack.of(times, rates), _source(path))
        result.add(store.shelf(symbol, None, StoredKind.FUNDING), len(times))
    return result


def _import_freqtrade(
    store: Store, path: Path, files: Sequence[freqtrade.Named], interval: Interval | None
) -> Imported:
    chosen = [x for x in files if x.market is store.market and interval in (None, x.interval)]
    if not chosen:
        found = " and ".join(sorted({x.market.value for x in files}))
        raise InputError(
            f"{path}: expected freqtrade's files of {store.market.title}"
            f"{f' and {interval}' if interval else ''}, found those of {found}; choose with "
            "--market and --interval"
        )
    result = Imported()
    for file in chosen:
        shelf = store.shelf(file.symbol, file.interval, file.kind)
        if file.interval is None:
            rates = freqtrade.read_funding(file)
            store.write_funding(file.symbol, rates, _source(file.path))
            result.add(shelf, len(rates))
        else:
            track = freqtrade.read_candles(file)
            store.write(file.symbol, file.interval, track, _source(file.path), kind=file.kind)
            result.add(shelf, len(track.open_time))
    return result


def _import_zips(store: Store, folder: Path, interval: Interval | None) -> Imported:
    result = Imported()
    months: dict[tuple[Shelf, Span], list[RecordedZip]] = defaultdict(list)
    for file in zips_below(folder):
        shelf = _shelf_of(store, file)
        if shelf is None:
            result.skipped.append(f"{file.path}: no candles or funding of {store.market.title}")
        elif interval in (None, shelf.interval):
            months[shelf, month_of(file.begin)].append(file)
    if not months:
        raise RecordingError(
            f"{folder}: expected zips of {store.market.title}"
            f"{f' and {interval}' if interval else ''}, named like BTCUSDT-1m-2024-07.zip, found "
            "none; choose another folder, --market or --interval"
        )
    for (shelf, month), files in sorted(months.items(), key=lambda x: (x[0][0].order, x[0][1])):
        result.add(shelf, _import_month(store, shelf, month, files))
    return result


def _shelf_of(store: Store, file: RecordedZip) -> Shelf | None:
    """Return where a zip belongs; None where the store has no place for it.

    Where no folder says its market and product, it is the store's market and the last price.
    """
    market = _MARKETS.get(file.market) if file.market else store.market
    kind = _KINDS.get(file.what or file.product or "klines")
    if market is not store.market or kind is None:
        return None
    return store.shelf(file.symbol, file.interval, kind)


def _import_month(store: Store, shelf: Shelf, month: Span, files: Sequence[RecordedZip]) -> int:
    sources = [_source(x.path) for x in files]
    if shelf.kind is StoredKind.FUNDING:
        rates = FundingTrack.of([], [])
        for file in files:
            rates = rates.merged(archived_funding(str(file.path), verified(file.path), month))
        store.write_funding(shelf.symbol, rates, *sources)
        return len(rates)
    track = no_candles(shelf.symbol)
    for file in files:
        part = archived_candles(str(file.path), verified(file.path), shelf, month)
        track = merged(track, part)
    assert shelf.interval is not None  # noqa: S101 - only funding has none
    store.write(shelf.symbol, shelf.interval, track, *sources, kind=shelf.kind)
    return len(track.open_time)


def _source(path: Path) -> RowSource:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RowSource(str(path.resolve()), digest)
