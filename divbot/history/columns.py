"""Candles as columns in mapped files: a calendar month of all symbols in each, made once.

    history --read by workers, a month each--> MONTH-HASH.npy   (symbols, columns, rows)
                                               MONTH-HASH.json  what is in it: written last
    whoever computes <--------- mapped ------- the same files: never pickled, shared by all

A file's name holds a hash of the versions of all that it was made of, so that what is replaced in
the history is made anew, and what a longer range asks for besides is made besides. A month is what
it is, whatever range it is part of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.errors import InputError
from divbot.domain.market import Interval
from divbot.history.candles import quote_volumes
from divbot.history.kept import make_folder, name_of, whole, write_text
from divbot.history.lives import Life, Piece, lives_of, pieces_of, settled_sibling
from divbot.history.port import PastCandles
from divbot.recordings.grid import opens_of, steps_of
from divbot.recordings.track import Track

OPEN, HIGH, LOW, CLOSE, TRADED = range(5)
"""The columns; TRADED is the quote volume, or what stands in for it."""
COLUMNS = 5
TYPICAL = "volume times the typical price, (high + low + close) / 3"
"""What stands in for a quote volume that the source does not tell."""

_FORMAT = 1

Each = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], Iterable[Any]]
"""Calls a function with each of some arguments, here or in worker processes, in their order."""


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month of candles, on disk."""

    number: int
    """Months since 1970-01."""
    path: Path
    first: int
    """The step of its first row."""
    rows: int
    symbols: tuple[str, ...]
    offsets: tuple[int, ...]
    """By symbol: what its open times have over the grid's, ms."""
    pieces: tuple[tuple[Piece, ...], ...]
    """By symbol: its stretches without a long gap."""
    stood_in: int
    """Of how many symbols the quote volume is not the source's own."""

    @classmethod
    def told(cls, facts: Mapping[str, Any], **others: Any) -> Month:
        """Return the month that was written as JSON; `others` are fields that are not in it."""
        pieces = (tuple(Piece(**x) for x in own) for own in facts["pieces"])
        lists = {x: tuple(facts[x]) for x in ("symbols", "offsets")}
        return cls(**{**facts, **lists, "pieces": tuple(pieces), **others})

    @property
    def end(self) -> int:
        """Return the step after its last row."""
        return self.first + self.rows

    @property
    def files(self) -> tuple[Path, ...]:
        """Return all that is kept of it."""
        return self.path, self.path.with_suffix(".json")

    def values(self) -> Floats:
        """Return the mapped array of shape (symbols, COLUMNS, rows)."""
        mapped: Floats = np.load(self.path, mmap_mode="r")
        # Each cut of a memmap is one again, which takes longer than to copy what is in it.
        return mapped.view(np.ndarray)


def month_at(time: int) -> int:
    """Return the number of the calendar month that holds `time` (ms UTC)."""
    return int(steps_of(np.array(time), Interval.MONTH))


def month_name(number: int) -> str:
    """Return it as 2024-01."""
    return str(np.datetime64(number, "M"))


def steps_of_month(number: int, interval: Interval) -> tuple[int, int]:
    """Return the first step of a month, and the first one after it."""
    if not interval.is_regular:
        return number, number + 1
    starts = opens_of(np.array([number, number + 1]), Interval.MONTH)
    first, end = (-(-int(start) // interval.milliseconds) for start in starts)
    return first, end


def make_month(history: PastCandles, interval: Interval, number: int, folder: Path) -> Month:
    """Return a month of `history`; made if it is not in `folder` yet."""
    first, end = steps_of_month(number, interval)
    start, stop = (int(x) for x in opens_of(np.array([first, end]), interval))
    versions = {
        symbol: version
        for symbol in history.symbols(interval)
        if (version := history.version(symbol, interval, start, stop))
    }
    name = f"{month_name(number)}-{name_of(_FORMAT, history.market, interval, number, versions)}"
    path = folder / f"{name}.npy"
    told = path.with_suffix(".json")
    if not (told.exists() and path.exists()):
        make_folder(folder)
        # A few symbols at a time: neither this process nor the page cache holds all of a month.
        facts = _write(path, history, interval, tuple(versions), (first, end))
        write_text(told, json.dumps(facts))
    facts = json.loads(told.read_bytes())
    return Month.told(facts, number=number, path=path, first=first, rows=end - first)


def _write(
    path: Path,
    history: PastCandles,
    interval: Interval,
    symbols: Sequence[str],
    steps: tuple[int, int],
) -> dict[str, Any]:
    start, stop = (int(x) for x in opens_of(np.array(steps), interval))
    rows = steps[1] - steps[0]
    facts: dict[str, Any] = {"symbols": list(symbols), "offsets": [], "pieces": [], "stood_in": 0}
    header = {"descr": "<f8", "fortran_order": False, "shape": (len(symbols), COLUMNS, rows)}
    with whole(path) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for symbol in symbols:
            track = history.candles(symbol, interval, start, stop)
            own = steps_of(track.open_time, interval)
            traded, is_told = _traded(track)
            wide = np.full((COLUMNS, rows), np.nan)
            prices = (track.open, track.high, track.low, track.close)
            wide[:, own - steps[0]] = [*prices, traded]
            file.write(wide.tobytes())
            facts["offsets"].append(int(track.open_time[0] - opens_of(own[:1], interval)[0]))
            pieces = pieces_of(track.open_time, (track.open, track.close), traded, interval)
            facts["pieces"].append([asdict(x) for x in pieces])
            facts["stood_in"] += not is_told
    return facts


def _traded(track: Track) -> tuple[Floats, bool]:
    """Return the quote volume of each candle, and whether the source tells it."""
    is_told = track.quote_volume is not None and not np.isnan(track.quote_volume).any()
    return quote_volumes(track), is_told


@dataclass(frozen=True)
class Columns:
    """The candles of all symbols of one interval over some months."""

    interval: Interval
    symbols: tuple[str, ...]
    """All that have candles in these months, sorted; but those of contracts that were settled."""
    months: tuple[Month, ...]
    """Without one left out between."""
    lives: tuple[tuple[Life, ...], ...]
    """By symbol."""
    _mapped: dict[int, tuple[Floats, Integers]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __reduce__(self) -> tuple[type[Columns], tuple[object, ...]]:
        # What is mapped here is mapped again there.
        return type(self), (self.interval, self.symbols, self.months, self.lives)

    @classmethod
    def of(
        cls, interval: Interval, months: Sequence[Month], spans: Mapping[str, tuple[int, int]]
    ) -> Columns:
        """Put months together, which follow each other; `spans` are those of all candles, in ms."""
        found = {symbol for month in months for symbol in month.symbols}
        symbols = tuple(sorted(x for x in found if settled_sibling(x) is None))
        settled: dict[str, list[int]] = {}
        for old in found - set(symbols):
            settled.setdefault(settled_sibling(old) or "", []).append(spans[old][1])
        pieces: dict[str, list[Piece]] = {symbol: [] for symbol in symbols}
        for month in months:
            for symbol, own in zip(month.symbols, month.pieces, strict=True):
                if symbol in pieces:
                    pieces[symbol] += own
        begin = int(opens_of(np.array([months[0].first]), interval)[0])
        lives = tuple(
            _since(lives_of(pieces[x], settled.get(x, ())), spans[x][0], begin) for x in symbols
        )
        return cls(interval, symbols, tuple(months), lives)

    @property
    def first(self) -> int:
        """Return the step of the first row."""
        return self.months[0].first

    @property
    def end(self) -> int:
        """Return the step after the last row."""
        return self.months[-1].end

    @cached_property
    def number(self) -> dict[str, int]:
        """Return the place of each symbol."""
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @cached_property
    def offsets(self) -> Integers:
        """Return by symbol what its open times have over the grid's, ms."""
        found = np.zeros(len(self.symbols), np.int64)
        for month in self.months:
            for symbol, offset in zip(month.symbols, month.offsets, strict=True):
                if symbol in self.number:
                    found[self.number[symbol]] = offset
        return found

    def step_at_close(self, close: int) -> int:
        """Return the step of the newest candle that is final at `close` (ms UTC)."""
        return self.step_of(close) - 1

    def step_of(self, open_time: int) -> int:
        """Return the step of the candle that opens then (ms UTC)."""
        return int(steps_of(np.array(open_time), self.interval))

    def close_of(self, step: int) -> int:
        """Return when the candles of a step close, ms UTC."""
        return int(self.closes_of(np.array([step]))[0])

    def closes_of(self, steps: Integers) -> Integers:
        """Return when the candles of each step close, ms UTC."""
        offset = int(self.offsets[0]) if len(self.offsets) else 0
        return opens_of(steps + 1, self.interval) + offset

    def month_of(self, step: int) -> int:
        """Return the place among `months` of the one that holds `step`."""
        return next(n for n, x in enumerate(self.months) if x.first <= step < x.end)

    def wide(self, symbols: Sequence[int] | Integers, column: int, first: int, end: int) -> Floats:
        """Return one column of some symbols, shape (symbols, end - first); NaN where nothing is.

        Steps may lie beyond the months.
        """
        return self._cut(symbols, slice(column, column + 1), first, end)[:, 0]

    def all_of(self, symbols: Sequence[int], first: int, end: int) -> Floats:
        """Return all columns of some symbols, shape (symbols, COLUMNS, end - first)."""
        return self._cut(symbols, slice(COLUMNS), first, end)

    def _cut(
        self, symbols: Sequence[int] | Integers, columns: slice, first: int, end: int
    ) -> Floats:
        chosen = np.asarray(symbols, np.int64)
        found = np.full((len(chosen), columns.stop - (columns.start or 0), end - first), np.nan)
        for number, month in enumerate(self.months):
            begin, stop = max(first, month.first), min(end, month.end)
            if begin < stop:
                values, places = self._open(number)
                own = places[chosen]
                there = own >= 0
                cut = values[own[there], columns, begin - month.first : stop - month.first]
                found[there, :, begin - first : stop - first] = cut
        return found

    def at(self, symbols: Integers, column: int, steps: Integers) -> Floats:
        """Return one number of each pair of a symbol and a step; NaN where there is none."""
        found = np.full(len(steps), np.nan)
        for number, month in enumerate(self.months):
            inside = (steps >= month.first) & (steps < month.end)
            if inside.any():
                values, places = self._open(number)
                own = places[symbols[inside]]
                there = own >= 0
                place = np.flatnonzero(inside)[there]
                found[place] = values[own[there], column, steps[place] - month.first]
        return found

    def let_go(self, before: int) -> None:
        """Unmap the months that end before the step `before`: what is mapped counts as memory."""
        for number in [x for x in self._mapped if self.months[x].end <= before]:
            del self._mapped[number]

    def _open(self, number: int) -> tuple[Floats, Integers]:
        if number not in self._mapped:
            month = self.months[number]
            places = np.full(len(self.symbols), -1, np.int64)
            for place, symbol in enumerate(month.symbols):
                if symbol in self.number:
                    places[self.number[symbol]] = place
            self._mapped[number] = month.values(), places
        return self._mapped[number]


def write_columns(columns: Columns, folder: Path) -> Path:
    """Put into `folder` what `read_columns` needs beside the candles; return its path."""
    told = {
        "interval": columns.interval,
        "symbols": columns.symbols,
        "months": [asdict(x) | {"path": x.path.name} for x in columns.months],
        "lives": [[asdict(x) for x in own] for own in columns.lives],
    }
    path = folder / f"{name_of(told)}.columns.json"
    if not path.exists():
        write_text(path, json.dumps(told))
    return path


def read_columns(path: Path) -> Columns:
    """Return the columns that were written to `path`, beside whose files it lies."""
    told = json.loads(path.read_bytes())
    months = [Month.told(x, path=path.with_name(x["path"])) for x in told["months"]]
    lives = tuple(tuple(Life(**x) for x in own) for own in told["lives"])
    return Columns(Interval(told["interval"]), tuple(told["symbols"]), tuple(months), lives)


def _since(lives: tuple[Life, ...], first: int, begin: int) -> tuple[Life, ...]:
    """Return the lives, the first of which began at `first` where that is before `begin`."""
    if not lives or first >= begin:
        return lives
    return (Life(first, lives[0].end, lives[0].until), *lives[1:])


def one_by_one(call: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> Iterable[Any]:
    """Call here and now."""
    return (call(*case) for case in cases)


def open_columns(
    history: PastCandles,
    interval: Interval,
    span: tuple[int, int],
    folder: Path,
    each: Each,
) -> Columns:
    """Return the candles that open within `span` (ms UTC), of whole months; what lacks is made."""
    found = {x: history.span(x, interval) for x in history.symbols(interval)}
    spans = {symbol: own for symbol, own in found.items() if own is not None}
    if not spans:
        raise InputError(f"expected candles of {interval.value}, found none")
    start = max(span[0], min(x[0] for x in spans.values()))
    end = min(span[1], max(x[1] for x in spans.values()))
    if start >= end:
        raise InputError("expected candles in that range, found none; choose another one")
    numbers = range(month_at(start), month_at(end - 1) + 1)
    cases = [(history, interval, number, folder) for number in numbers]
    return Columns.of(interval, list(each(make_month, cases)), spans)
