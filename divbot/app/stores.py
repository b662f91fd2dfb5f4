"""The store of candles that settings mean, and what of it somebody wants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.app.homes import at_home
from divbot.domain.errors import InputError
from divbot.domain.symbols import not_kept
from divbot.folders import data_home

if TYPE_CHECKING:
    from divbot.domain.market import Interval, Market
    from divbot.history.kind import StoredKind
    from divbot.history.shelf import Shelf
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
    stores: Sequence[Store],
    intervals: Collection[Interval] = (),
    symbols: Collection[str] = (),
    kind: StoredKind | None = None,
) -> list[Shelf]:
    """Return what stores hold of some intervals, symbols and of one kind, or all of it.

    InputError for a symbol of which none of them holds anything; empty ones hold no name to know.
    """
    found = [x for store in stores for x in store.shelves()]
    known = {x.symbol for x in found}
    if known and (unknown := [x for x in symbols if x not in known]):
        raise InputError("; ".join(not_kept(x, known) for x in unknown))
    chosen = (
        x
        for x in found
        if (not intervals or x.interval in intervals)
        and (not symbols or x.symbol in symbols)
        and kind in (None, x.kind)
    )
    return sorted(chosen, key=lambda x: x.order)
