"""The composition of `divbot data`: the store, and where it is filled from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.homes import at_home
from divbot.domain.durations import DAY
from divbot.folders import data_home

_BYTES_OF_A_CANDLE = 37
"""In a zip of the archive, whatever its length: measured from 1m to 1h."""

if TYPE_CHECKING:
    from divbot.domain.market import Interval, Market
    from divbot.history.kind import StoredKind
    from divbot.history.shelf import Shelf
    from divbot.history.spans import Span
    from divbot.history.store import Store
    from divbot.settings import Settings


def store_folder(settings: Settings) -> Path:
    """Return the folder of the store: that of the settings, or else this user's own."""
    return settings.store or at_home(data_home) / "history"


def open_store(settings: Settings, market: Market | None = None) -> Store:
    """Return the store of the settings' market, or of another; StoreError for a newer one."""
    from divbot.history.store import Store

    return Store(store_folder(settings), market or settings.market)


def chosen_shelves(
    store: Store,
    intervals: Collection[Interval] = (),
    symbols: Collection[str] = (),
    kind: StoredKind | None = None,
) -> list[Shelf]:
    """Return what the store holds of some intervals, symbols and of one kind, or all of it."""
    found = (
        x
        for x in store.shelves()
        if (not intervals or x.interval in intervals)
        and (not symbols or x.symbol in symbols)
        and kind in (None, x.kind)
    )
    return sorted(found, key=lambda x: x.order)


def how_to_download(
    market: Market, intervals: Sequence[Interval], span: Span, symbols: int, selection: str
) -> str:
    """Return the command that fetches what is missing, and about how many bytes it is.

    `selection` is what it says of symbols, as `--top 400`, of which there are `symbols`.
    """
    from divbot.domain.clock import utc_text

    candles = sum((span.end - span.start) // x.milliseconds for x in intervals)
    megabytes = candles * symbols * _BYTES_OF_A_CANDLE / 1e6
    ends = span.start, span.end + DAY - 1  # whole days
    dates = "-".join(utc_text(x)[: len("2024-07-30")].replace("-", "") for x in ends)
    lengths = ",".join(x.value for x in intervals)
    return (
        f"divbot data download --market {market.value} -i {lengths} {selection} "
        f"--timerange {dates} (about {max(megabytes, 1):,.0f} MB)"
    )
