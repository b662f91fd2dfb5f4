"""The base rate that the user's own store shows: counted once, and kept until the store changes."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from divbot.app.data import open_store, store_folder
from divbot.app.homes import at_home
from divbot.domain.errors import StoreError
from divbot.domain.market import Interval
from divbot.files import write_whole
from divbot.folders import cache_home

if TYPE_CHECKING:
    from pathlib import Path

    from divbot.history.store import Store
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.scanner.signals.plan import PlanRules
    from divbot.settings import Settings

_EVER = 4_102_444_800_000
"""2100-01-01."""


def store_rate(settings: Settings, interval: Interval, rules: PlanRules) -> BaseRate | None:
    """Return what the store says of the settings' market; None where it holds none of it.

    A store of a local exchange's prices says nothing of a market, and a damaged one stops no scan.
    """
    from divbot.scanner.evidence.base_rates import read_rates

    if not store_folder(settings).is_dir():
        return None  # before anything is loaded for it
    try:
        store = open_store(settings)
        if store.is_simulated or not store.symbols(interval):
            return None
        path = _kept(store, interval, rules)
        if not path.exists():
            _count(path, settings, store, interval, rules)
    except StoreError:
        return None
    # As it was written: the first scan that uses it says what all others say.
    return next(iter(read_rates(path)), None)


def _kept(store: Store, interval: Interval, rules: PlanRules) -> Path:
    """Return where the rate of these very candles is kept."""
    from divbot.history.kept import name_of

    symbols = store.symbols(interval)
    versions = [store.version(x, interval, 0, _EVER) for x in symbols]
    name = name_of(store.market.value, interval.value, asdict(rules), symbols, versions)
    return at_home(cache_home) / "past" / f"rate-{name}.toml"


def _count(
    path: Path, settings: Settings, store: Store, interval: Interval, rules: PlanRules
) -> None:
    from divbot.research.past import hands
    from divbot.research.rates import rate_before
    from divbot.scanner.evidence.base_rates import rates_text
    from divbot.scanner.workforce.size import IN_PROCESS, workers_for

    cores, symbols = os.cpu_count() or 1, len(store.symbols(interval))
    wanted = IN_PROCESS if settings.sequential else workers_for(settings.workers, symbols, cores)
    with hands(wanted) as each:
        found = rate_before(store, interval, rules, _EVER, cache=path.parent, each=each)
    write_whole(path, rates_text([found] if found else []).encode(), is_durable=False)
