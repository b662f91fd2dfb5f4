"""The base rate that the user's own store shows: counted once, and kept until the store changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from divbot.app.homes import past_folder
from divbot.app.stores import open_store, store_folder
from divbot.app.trials import sealed_days
from divbot.domain.clock import LATEST
from divbot.domain.errors import JournalError, StoreError
from divbot.domain.market import Interval
from divbot.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from divbot.app.options import TellStage
    from divbot.history.columns import Each
    from divbot.history.store import Store
    from divbot.scanner.evidence.base_rates import BaseRate
    from divbot.scanner.signals.plan import PlanRules
    from divbot.settings import Settings


def store_rate(settings: Settings, interval: Interval, rules: PlanRules) -> BaseRate | None:
    """Return what the store says of the settings' market; None where it holds none of it.

    A store of a local exchange's prices says nothing of a market, and a damaged one, or a
    damaged ledger of trials, stops no scan. Of days that a sweep has sealed nothing is counted.
    """
    with suppress(StoreError, JournalError):
        return counted_rate(settings, interval, rules, lambda *_: None)
    return None


def counted_rate(
    settings: Settings, interval: Interval, rules: PlanRules, progress: TellStage
) -> BaseRate | None:
    """Return the same; StoreError for a damaged store. `progress` hears how far counting is."""
    from divbot.scanner.evidence.base_rates import read_rates

    if not store_folder(settings).is_dir():
        return None  # before anything is loaded for it
    store = open_store(settings)
    symbols = () if store.is_simulated else store.symbols(interval)
    if not symbols:
        return None
    sealed = sealed_days()
    path = _kept(store, symbols, interval, rules, sealed)
    if not path.exists():
        workers = _workers(settings, len(symbols))
        _count(path, store, interval, rules, sealed, workers, progress)
    # As it was written: the first scan that uses it says what all others say.
    return next(iter(read_rates(path)), None)


def _kept(
    store: Store,
    symbols: Sequence[str],
    interval: Interval,
    rules: PlanRules,
    sealed: Sequence[range],
) -> Path:
    """Return where the rate of these very candles is kept."""
    from divbot.history.kept import name_of

    # Each scan asks: to read what thousands of files say of themselves would take longer than it.
    shelves = (store.shelf(x, interval) for x in symbols)
    try:
        files = [path.stat() for shelf in shelves for _, path in shelf.months(store.root)]
    except OSError as error:
        raise StoreError(f"{store.root}: {error}") from error
    written = [(x.st_size, x.st_mtime_ns) for x in files]
    days = [(x.start, x.stop) for x in sealed]
    name = name_of(store.market.value, interval.value, asdict(rules), symbols, written, days)
    return past_folder() / f"rate-{name}.toml"


def _workers(settings: Settings, symbols: int) -> int:
    from divbot.scanner.workforce.size import IN_PROCESS, workers_for

    if settings.sequential:
        return IN_PROCESS
    return workers_for(settings.workers, symbols, os.cpu_count() or 1)


def _count(
    path: Path,
    store: Store,
    interval: Interval,
    rules: PlanRules,
    sealed: Sequence[range],
    workers: int,
    progress: TellStage,
) -> None:
    from divbot.research.past import hands
    from divbot.research.rates import rate_before
    from divbot.scanner.evidence.base_rates import rates_text

    with hands(workers) as each:
        told = _telling(each, progress)
        found = rate_before(
            store, interval, rules, LATEST, cache=path.parent, sealed=sealed, each=told
        )
    write_whole(path, rates_text([found] if found else []).encode(), is_durable=False)


def _telling(each: Each, progress: TellStage) -> Each:
    """Return `each`, which tells how far it is: first of candles, then of base rates."""
    stages = iter(("candles", "base rates"))

    def call(act: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        what = next(stages)
        progress(what, 0, len(cases))
        for number, result in enumerate(each(act, cases), 1):
            yield result
            progress(what, number, len(cases))

    return call
