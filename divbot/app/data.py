"""The composition of `divbot data`: the store, and where it is filled from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.scanning import at_home
from divbot.folders import data_home

if TYPE_CHECKING:
    from divbot.domain.market import Interval, Market
    from divbot.history.store import Store
    from divbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has brought."""

    what: str
    """In words: 1h candles, or funding rates."""
    symbols: int
    rows: int


def store_folder(settings: Settings) -> Path:
    """Return the folder of the store: that of the settings, or else this user's own."""
    return settings.store or at_home(data_home) / "history"


def open_store(settings: Settings, market: Market | None = None) -> Store:
    """Return the store of the settings' market, or of another; StoreError for a newer one."""
    from divbot.history.store import Store

    return Store(store_folder(settings), market or settings.market)


def import_recording(store: Store, path: Path, interval: Interval | None) -> Imported:
    """Put a table of funding rates, or what `--recorded` takes, into the store.

    Raise RecordingError for what is neither.
    """
    from divbot.history.parts import Source
    from divbot.recordings.funding_table import holds_funding
    from divbot.recordings.recording import read_recording

    if interval is None and holds_funding(path):
        return _import_funding(store, path)
    found, tracks = read_recording(path, interval)
    source = Source(str(path.resolve()), _sha256(path))
    with store.locked():
        for track in tracks:
            store.write(track.symbol, found, track, source)
    return Imported(f"{found} candles", len(tracks), sum(len(x.open_time) for x in tracks))


def _import_funding(store: Store, path: Path) -> Imported:
    from divbot.domain.errors import InputError
    from divbot.domain.market import Market
    from divbot.history.funding import Funding
    from divbot.history.parts import Source
    from divbot.recordings.funding_table import read_funding_table

    if store.market is not Market.USDM:
        raise InputError(f"{path}: funding rates are of futures alone: use --market usdm")
    found = read_funding_table(path)
    source = Source(str(path.resolve()), _sha256(path))
    with store.locked():
        for symbol, (times, rates) in found.items():
            store.write_funding(symbol, Funding.of(times, rates), source)
    return Imported("funding rates", len(found), sum(len(times) for times, _ in found.values()))


def _sha256(path: Path) -> str:
    import hashlib

    if path.is_dir():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
