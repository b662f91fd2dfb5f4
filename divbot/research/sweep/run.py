"""All units of a search, and what they come to: net R of each setting by UTC day of entry.

```
variants --> sets of signals x months x groups of plans = units --> parcels --> hands --> sums
                                                   kept in a folder: what is done is not done again
sums --> daily results
```

A result hangs on no order: units are cut in one way whoever does them, in whatever parcels, and
what they come to is added up in their order. What is kept in the folder of a search is named by
all that it hangs on; a search that was interrupted does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np

from divbot.arrays import Floats
from divbot.domain.errors import InputError
from divbot.evaluation import DailyResults
from divbot.evaluation.daily import DAY
from divbot.history.kept import make_folder, whole
from divbot.research.sweep.hands import AHEAD, Hands, in_order
from divbot.research.sweep.market import (
    ColumnCache,
    MarketRecipe,
    MarketRules,
    MarketSource,
    SearchedHistory,
    SearchedMarket,
    folder_of,
    make_market,
)
from divbot.research.sweep.parcels import Parcels
from divbot.research.sweep.unit import Parcel, Sums, Unit, sums_of_all
from divbot.research.sweep.variants import (
    MarketInputs,
    SignalInputs,
    TradeInputs,
    Variant,
    plans_of,
)

_ASIDE = frozenset(("alerts", "app", "cli", "exchange", "web"))
"""Rooms that no search enters."""
_CELLS = 800
"""Plans times days of a unit: what comes back of it is below 10 KB."""

Work: TypeAlias = tuple[Sequence[tuple[int, ...]], Unit]
"""A unit, and by plan the rows of the variants that it is of."""
SearchProgress = Callable[[str, int, int], None]
"""Hears what is done, how much of it is done, and how much there is to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What a search found out, before anybody judges it."""

    variants: tuple[Variant, ...]
    """In the order of the results: by name."""
    results: DailyResults
    """Of sealed days trades are counted, and results are 0: nobody has summed them."""
    longest: int
    """For how many ms any trade may be open."""
    data: str
    """A hash of all candles, lists and terms that it was computed of."""
    units: int


def search(
    history: SearchedHistory,
    variants: Iterable[Variant],
    days: range,
    rules: MarketRules,
    *,
    cache: ColumnCache,
    hands: Hands,
    makers: Hands | None = None,
    sealed: range = range(0),
    kept: Path | None = None,
    progress: SearchProgress = lambda *_: None,
) -> Searched:
    """Trade every signal of each variant that is confirmed on one of `days` (UTC days since 1970).

    Of `sealed` days trades are counted only. Candles in columns are kept below `cache`, made by
    `makers` where `hands` are on other machines; where these do not share the folder, they make
    their own, of what they read of the history. What is done is kept in the folder `kept`, where a
    second call goes on. Raise InputError where there are no candles, OutputError where nothing can
    be written, WorkerLost where a unit ends its workers.
    """
    chosen = _sorted(variants)
    longest = longest_of(chosen, rules)
    units = units_of(
        history,
        chosen,
        days,
        rules,
        cache=cache,
        hands=makers or hands,
        sealed=sealed,
        progress=progress,
    )
    sums = _done([unit for _, unit in units], hands, kept, progress)
    markets = sorted({unit.market.name for _, unit in units})
    results = _added_up(chosen, days, units, sums)
    return Searched(
        chosen,
        results,
        longest,
        hashlib.sha256(" ".join(markets).encode()).hexdigest(),
        len(units),
    )


def units_of(
    history: SearchedHistory,
    variants: Sequence[Variant],
    days: range,
    rules: MarketRules,
    *,
    cache: ColumnCache,
    hands: Hands,
    sealed: range = range(0),
    progress: SearchProgress = lambda *_: None,
) -> list[Work]:
    """Return all units of a search, each with the variants of its plans; see `search`."""
    longest = longest_of(variants, rules)
    markets = _markets(history, variants, days, rules, longest, cache, hands, progress)
    return [
        work
        for signal, own in _groups(variants, history, rules).items()
        for work in _units(markets[signal.market], signal, own, days, sealed, longest)
    ]


def longest_of(variants: Sequence[Variant], rules: MarketRules) -> int:
    """Return for how many ms a trade of any variant may be open."""
    return max(x.longest(rules.detail or x.signal.interval) for x in variants)


@cache
def code_hash() -> str:
    """Return a hash of all that decides what a search comes to."""
    digest = hashlib.sha256()
    for source in deciding_files():
        digest.update(source.read_bytes())
    return digest.hexdigest()


def deciding_files() -> list[Path]:
    """Return the source of every room but those that no search enters."""
    house = Path(__file__).parents[2]
    files = (x.relative_to(house) for x in house.rglob("*.py"))
    return [house / x for x in sorted(files) if x.parts[0] not in _ASIDE]


def _sorted(variants: Iterable[Variant]) -> tuple[Variant, ...]:
    """Return variants by name, each once."""
    found = {x.name: x for x in variants}
    if not found:
        raise InputError("expected a setting to try, found none")
    return tuple(found[name] for name in sorted(found))


def _markets(
    history: SearchedHistory,
    variants: Sequence[Variant],
    days: range,
    rules: MarketRules,
    longest: int,
    cache: ColumnCache,
    hands: Hands,
    progress: SearchProgress,
) -> dict[MarketInputs, MarketSource]:
    wanted = dict.fromkeys(x.signal.market for x in variants)
    found = {}
    for number, inputs in enumerate(wanted):
        progress("candles", number, len(wanted))
        interval, universe = inputs
        limit = max(x.signal.limit for x in variants if x.signal.interval is interval)
        listed = rules if universe is None else replace(rules, universe=universe)
        recipe = MarketRecipe(interval, days, listed, longest, limit)
        name = make_market(
            history,
            recipe,
            cache=folder_of(cache),
            each=lambda call, cases: in_order(hands, call, cases),
        )
        is_shared = isinstance(cache, Path)
        found[inputs] = MarketSource(name, cache, None if is_shared else history, recipe)
    progress("candles", len(wanted), len(wanted))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Variants that share their signals; those that trade alike share a plan."""

    plans: Floats
    rows: tuple[tuple[int, ...], ...]
    """By plan: which variants it is of."""


def _groups(
    variants: Sequence[Variant], history: SearchedHistory, rules: MarketRules
) -> dict[SignalInputs, _Group]:
    found: dict[SignalInputs, dict[TradeInputs, list[int]]] = {}
    for row, variant in enumerate(variants):
        found.setdefault(variant.signal, {}).setdefault(variant.trade, []).append(row)
    return {
        signal: _Group(
            plans_of(own, history.market, rules.detail or signal.interval),
            tuple(tuple(x) for x in own.values()),
        )
        for signal, own in found.items()
    }


def _units(
    source: MarketSource,
    signal: SignalInputs,
    group: _Group,
    days: range,
    sealed: range,
    longest: int,
) -> Iterable[Work]:
    market = source.open()
    months = [
        (x, own) for x in range(len(market.columns.months)) if (own := _days_of(market, x, days))
    ]
    at_once = max(1, _CELLS // max(len(own) for _, own in months))
    pieces = -(-len(group.rows) // at_once)
    bounds = np.linspace(0, len(group.rows), pieces + 1).astype(np.int64)
    pieces_of = [(group.rows[x:y], group.plans[x:y]) for x, y in pairwise(bounds.tolist())]
    # Units of a month stand together: the first finds the signals of all.
    for place, own in months:
        for rows, plans in pieces_of:
            yield (
                rows,
                Unit(source, place, signal.indicator, signal.limit, plans, own, sealed, longest),
            )


def _days_of(market: SearchedMarket, place: int, days: range) -> range:
    """Return the days on which signals of a month are entered."""
    columns, month = market.columns, market.columns.months[place]
    first, last = (int(x) // DAY for x in columns.closes_of(np.array([month.first, month.end - 1])))
    return range(max(first, days.start), min(last + 1, days.stop))


def _done(
    units: Sequence[Unit], hands: Hands, kept: Path | None, progress: SearchProgress
) -> Mapping[int, Sums]:
    """Return what each unit comes to; what was done before is read."""
    paths = [kept / f"{_name(x)}.npz" if kept else None for x in units]
    if kept is not None:
        make_folder(kept)
    read = ((n, _read(path)) for n, path in enumerate(paths) if path is not None)
    found = {n: sums for n, sums in read if sums is not None}
    missing = [n for n in range(len(units)) if n not in found]
    progress("settings", len(found), len(units))
    parcels = Parcels(units, missing, AHEAD * hands.workers)
    sent: list[list[int]] = []

    def cases() -> Iterator[tuple[Parcel]]:
        for numbers in parcels:
            sent.append(numbers)
            yield (parcels.of(numbers),)

    for number, done in hands.done(sums_of_all, cases()):
        parcels.took(sent[number], done.seconds)
        for place, own in zip(sent[number], done.sums, strict=True):
            found[place] = own
            path = paths[place]
            if path is not None:
                _keep(path, own)
        progress("settings", len(found), len(units))
    return found


def _name(unit: Unit) -> str:
    """Return what changes whenever the unit, its code or its candles do."""
    told = [code_hash(), unit.market.name, unit.month, astuple(unit.indicator), unit.limit]
    told += [unit.days, unit.sealed, unit.longest, unit.plans.tobytes()]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _keep(path: Path, sums: Sums) -> None:
    with whole(path) as file:
        np.savez(file, net_r=sums[0], trades=sums[1])


def _read(path: Path) -> Sums | None:
    """Return what was kept; None where nothing was, or a power loss left a part of it."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return kept["net_r"], kept["trades"]
    except (FileNotFoundError, EOFError, LookupError, ValueError, BadZipFile):
        return None


def _added_up(
    variants: Sequence[Variant],
    days: range,
    units: Sequence[Work],
    sums: Mapping[int, Sums],
) -> DailyResults:
    """Add units up in their order."""
    shape = len(variants), len(days)
    net_r, trades = np.zeros(shape), np.zeros(shape, np.int64)
    for number, (plans, unit) in enumerate(units):
        own = slice(unit.days.start - days.start, unit.days.stop - days.start)
        for plan, rows in enumerate(plans):
            for row in rows:
                net_r[row, own] += sums[number][0][plan]
                trades[row, own] += sums[number][1][plan]
    return DailyResults(tuple(x.name for x in variants), days, net_r, trades)
