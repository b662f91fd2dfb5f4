"""The market of a search in files that its workers map: made once, and never sent to them.

```
history --> columns of the interval, and of the detail   (divbot.history.columns)
        --> who was on the list, month by month          MONTH-HASH.listed.npy
        --> settlements and spreads                      HASH.terms.npz
        --> where all that is                            HASH.market.json: units go by its name
```

A machine without that folder makes its own, of a history that it can read as well: the same candles
have the same names everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.binance.listing.rules import UniverseRules
from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.evaluation.daily import DAY
from divbot.history.columns import (
    Columns,
    Each,
    month_name,
    open_columns,
    read_columns,
    write_columns,
)
from divbot.history.kept import (
    alone,
    let_go,
    make_folder,
    name_of,
    used,
    whole,
    write_array,
    write_text,
)
from divbot.history.port import PastCandles
from divbot.history.ranks import let_in, rank_month
from divbot.history.universe import PastUniverse
from divbot.research.past_signals import overlap
from divbot.research.port import Settlements
from divbot.research.venue import Spreads, due_at

_BEFORE = 31 * DAY
"""ms that are known of before a range at least, for the list."""


class SearchedHistory(PastCandles, Protocol):
    """A history with what its trades paid for being open."""

    def funding(self, symbol: str, start: int, end: int) -> Settlements:
        """Return the settlements that were due in the range; none where none are kept."""


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What all settings of a search have in common."""

    detail: Interval | None
    """The candles by which trades end; None: those of the interval."""
    universe: UniverseRules
    is_todays: bool
    """Take the list of symbols of the end at every close."""
    spreads: Spreads


@dataclass(frozen=True, slots=True)
class MarketRecipe:
    """What of a history a market is made of, besides the history."""

    interval: Interval
    days: range
    rules: MarketRules
    longest: int
    """For how many ms a trade may be open."""
    limit: int
    """How many candles a live scan asks for."""


@dataclass(frozen=True, slots=True)
class TradingTerms:
    """What trading cost by symbol, in the order of the columns."""

    spread: Floats
    settlements: Floats
    """See divbot.kernels.plans."""
    settled_from: Integers


@dataclass(frozen=True)
class SearchedMarket:
    """One interval of a market, in files; `path` is that of its description."""

    path: Path
    columns: Columns
    detail: Columns
    terms: TradingTerms
    listed_in: tuple[Path | None, ...]
    """By month of the columns: who was on the list at each row, in a file; None: nobody asks."""
    files: tuple[Path, ...]
    """All that it is read from."""

    def listed(self, place: int) -> Flags:
        """Return who was on the list in each row of a month, shape (rows, symbols)."""
        path = self.listed_in[place]
        assert path is not None  # noqa: S101 - a unit is of a month of the search
        flags: Flags = np.load(path, mmap_mode="r")
        return flags

    def let_go(self) -> None:
        """Unmap all candles: what is mapped counts as memory."""
        self.columns.let_go(self.columns.end)
        self.detail.let_go(self.detail.end)


ColumnCache: TypeAlias = Path | Callable[[], Path]
"""A folder for columns that all workers share; or how each machine finds its own."""


def folder_of(cache: ColumnCache) -> Path:
    """Return the folder on this machine."""
    return cache if isinstance(cache, Path) else cache()


@dataclass(frozen=True, slots=True, eq=False)
class MarketSource:
    """How a worker comes by a market: next to nothing to send."""

    name: str
    """Of its description, from the cache on."""
    cache: ColumnCache
    history: SearchedHistory | None
    """What a machine makes its own of; None: the cache is shared."""
    recipe: MarketRecipe

    def open(self) -> SearchedMarket:
        """Return the market, made if it is not here yet; InputError where that cannot be."""
        cache = folder_of(self.cache)
        path = cache / self.name
        if self.history is not None and not path.exists():
            make_folder(cache)
            made = make_market(self.history, self.recipe, cache=cache, each=shared_out(cache))
            if made != self.name:
                raise InputError(
                    "a worker reads other candles than the machine that began the search; wait "
                    "until nobody writes to that store, and begin again"
                )
        return read_market(path)


def shared_out(folder: Path) -> Each:
    """Return what does each case once, in whichever process of this machine is there first."""

    def each(call: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> Iterable[Any]:
        found: dict[int, Any] = {}
        for patience in (0.0, -1.0):
            for number in [x for x in range(len(cases)) if x not in found]:
                lock = folder / f".{call.__name__}-{number}.lock"
                with alone(lock, patience=patience) as is_mine:
                    if is_mine:
                        found[number] = call(*cases[number])
        return [found[number] for number in range(len(cases))]

    return each


def make_market(history: SearchedHistory, recipe: MarketRecipe, *, cache: Path, each: Each) -> str:
    """Return the name of the description of a market; what is not in `cache` is made by `each`.

    Raise InputError where the history has no candles of the days.
    """
    interval, days, rules = recipe.interval, recipe.days, recipe.rules
    folder = cache / f"{history.market.value}-{interval.value}"
    start, end = days.start * DAY, days.stop * DAY
    before = max(2 * overlap(recipe.limit) * interval.milliseconds, _BEFORE)
    span = start - before, end + recipe.longest
    columns = open_columns(history, interval, span, folder, each)
    detail = columns
    if rules.detail not in (None, interval):
        around = cache / f"{history.market.value}-{rules.detail}"
        detail = open_columns(history, rules.detail, (start, span[1]), around, each)
    steps = (
        max(columns.step_at_close(start), columns.first),
        min(columns.step_at_close(end - 1) + 1, columns.end),
    )
    if steps[0] >= steps[1]:
        raise InputError("expected candles in that range, found none; choose another one")
    files = {
        "columns": write_columns(columns, folder),
        "detail": write_columns(detail, detail.months[0].path.parent),
        "terms": _write_terms(history, detail, rules.spreads, folder),
    }
    lists = _write_lists(history, columns, steps, rules, folder, each)
    told: dict[str, Any] = {what: _within(cache, path) for what, path in files.items()}
    told["listed"] = [None if x is None else _within(cache, x) for x in lists]
    path = folder / f"{name_of(told)}.market.json"
    write_text(path, json.dumps(told))
    let_go(cache, read_market(path).files)
    return _within(cache, path)


def _within(cache: Path, path: Path) -> str:
    return path.relative_to(cache).as_posix()


@lru_cache(maxsize=8)
def read_market(path: Path) -> SearchedMarket:
    """Return the market that is described at `path`; InputError where it cannot be read here."""
    cache = path.parents[1]
    try:
        told = json.loads(path.read_bytes())
        columns, detail = (read_columns(cache / told[x]) for x in ("columns", "detail"))
        with np.load(cache / told["terms"]) as file:
            terms = TradingTerms(file["spread"], file["settlements"], file["settled_from"])
        listed = tuple(None if x is None else cache / x for x in told["listed"])
        files = [path, *(cache / told[x] for x in ("columns", "detail", "terms"))]
        files += [y for x in (*columns.months, *detail.months) for y in x.files]
        files += [x for x in listed if x is not None]
        used(files)
    except OSError as error:
        raise InputError(
            f"a worker cannot read {error.filename}: {error.strerror}; name a store that all "
            "workers can read with --data, or let them share that folder"
        ) from error
    return SearchedMarket(path, columns, detail, terms, listed, tuple(files))


def _write_lists(
    history: SearchedHistory,
    columns: Columns,
    steps: tuple[int, int],
    rules: MarketRules,
    folder: Path,
    each: Each,
) -> list[Path | None]:
    """Return by month the file of who was on the list; None before the range."""
    market, universe = history.market, rules.universe
    may_be = let_in(columns, market, universe)
    places = range(len(columns.months))
    ranked = list(
        each(rank_month, [(columns, x, market, universe, may_be, folder) for x in places])
    )
    past = PastUniverse(columns, market, universe, ranked, steps, is_todays=rules.is_todays)
    wanted = range(columns.month_of(steps[0]), columns.month_of(steps[1] - 1) + 1)
    return [
        _write_list(columns, x, past.listed_in(x), folder) if x in wanted else None for x in places
    ]


def _write_list(columns: Columns, place: int, listed: Flags, folder: Path) -> Path:
    month = columns.months[place]
    told = hashlib.sha256(np.packbits(listed).tobytes()).hexdigest()
    name = name_of(month.path.name, columns.symbols, told)
    path = folder / f"{month_name(month.number)}-{name}.listed.npy"
    if not path.exists():
        write_array(path, listed)
    return path


def _write_terms(
    history: SearchedHistory, columns: Columns, spreads: Spreads, folder: Path
) -> Path:
    found = [_settlements(history, x) for x in columns.symbols]
    arrays = {
        "spread": np.array([float(spreads.of(x)) for x in columns.symbols]),
        "settlements": np.concatenate([np.empty((0, 4)), *found]),
        "settled_from": np.cumsum([0, *map(len, found)], dtype=np.int64),
    }
    digest = hashlib.sha256(b"".join(x.tobytes() for x in arrays.values()))
    path = folder / f"{digest.hexdigest()[:20]}.terms.npz"
    if not path.exists():
        with whole(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def _settlements(history: SearchedHistory, symbol: str) -> Floats:
    found = history.funding(symbol, EARLIEST, LATEST)
    known: Sequence[int] = found.settled_at.tolist()
    due = np.array([due_at(x) for x in known], np.float64)
    return np.column_stack(
        [due, np.maximum(due, found.settled_at), found.rate, found.mark_price]
    ).reshape(-1, 4)
