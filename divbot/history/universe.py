"""The list of symbols as it would have been at each close of the past.

    columns --workers, a month each--> ranks by the volume of the 24 hours before, of who may be on
    ranks --in the order of time--> the list at each close: who was on it stays near its end

The rules are those of divbot.binance.listing, as far as history can answer. A symbol is listed from
its first candle with trades on, and stale an hour after its last trade, which takes the dead ones
off the list. Nobody knows who bid and who asked, so that no spread keeps a symbol out. Of spot the
age is known by candles alone, as it is live. Everything is of candles that had closed by then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags, Floats, Integers
from divbot.binance.listing.flat import ALIVE_FOR, DAYS, FLAT_FOR, SUSPICIOUS_RANGE, is_flat
from divbot.binance.listing.rules import (
    MarketSnapshot,
    UniverseRules,
    found_against,
    heard_of_until,
    old_enough_at,
)
from divbot.binance.listing.universe import last_ranks, listed_of, select
from divbot.domain.assets import listed_assets
from divbot.domain.durations import DAY
from divbot.domain.market import TRADING, Instrument, Interval, Market, Ticker
from divbot.domain.universe import LeftOut, Rule, Universe
from divbot.history.columns import CLOSE, HIGH, LOW, TRADED, Columns, month_name
from divbot.history.kept import name_of, used, write_array
from divbot.history.lives import Life
from divbot.kernels.days import HIGHEST, LOWEST, SUM, last_days
from divbot.kernels.places import keep_places

_QUOTES = (
    "FDUSD",
    "USDT",
    "USDC",
    "BUSD",
    "TUSD",
    "USDP",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "TRY",
    "EUR",
)
"""The longest of two that fit comes first: the archive tells a name, and not what it is made of."""
_DATED = re.compile(r".+_\d{6}")
_FORMAT = 1
_NOT_LISTED = -1.0
_TOGETHER = 64
"""Symbols that are looked at together."""
_ROUNDING = 0.008
"""More than half of what two numbers of 16 bits lie apart below 16."""


def instrument_named(symbol: str, market: Market, listed_at: int | None) -> Instrument:
    """Return how a symbol was listed, as far as its name tells; without a tick."""
    name = symbol.partition("_")[0]
    quote = next((x for x in _QUOTES if name.endswith(x) and name != x), "")
    base = name.removesuffix(quote)
    is_futures = market is Market.USDM
    contract = "CURRENT_QUARTER" if _DATED.fullmatch(symbol) else "PERPETUAL"
    # A list names stocks by their tokens, with a B behind.
    is_stock = is_futures and listed_assets().get(f"{base}B") == Rule.STOCK
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        status=TRADING,
        contract=contract if is_futures else "",
        underlying="EQUITY" if is_stock else "COIN",
        margin=quote if is_futures else "",
        listed_at=listed_at if is_dated(market) else None,
    )


@dataclass(frozen=True, slots=True)
class RankedMonth:
    """What a month says of the list, on disk."""

    ranks: Path
    """By quote volume, shape (rows, symbols), 1 for the most traded; 0: cannot be on the list."""
    days: Path
    """Of each day and symbol: its last close, and the first row in which it looks like a peg."""
    magnitudes: Path
    """Powers of ten of the quote volume, not too small, shape as `ranks`."""
    there: Path
    """How many symbols have a candle, by row."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Return all that is kept of it."""
        return self.ranks, self.days, self.magnitudes, self.there


def rank_month(
    columns: Columns,
    place: int,
    market: Market,
    rules: UniverseRules,
    may_be: Flags,
    folder: Path,
) -> RankedMonth:
    """Return the ranks in the month at `place`; made if they are not in `folder` yet.

    `may_be` tells of each symbol whether the rules that do not change with time let it in.
    """
    month = columns.months[place]
    before = columns.months[max(place - 1, 0)]
    lives = [[(x.start, x.until) for x in own] for own in columns.lives]
    told = [_FORMAT, month.path.name, before.path.name, columns.symbols, lives]
    told += [market, rules.min_age, rules.include, may_be.tolist()]
    name = f"{month_name(month.number)}-{name_of(told)}"
    kinds = ("ranks", "days", "magnitudes", "there")
    found = RankedMonth(*(folder / f"{name}.{kind}.npy" for kind in kinds))
    # What is written last is looked for.
    if found.there.exists():
        used(found.files)
    else:
        # A few symbols at a time: of all together only what ranks are made of is kept.
        groups = range(0, len(columns.symbols), _TOGETHER)
        steps = (month.first, month.end)
        volumes = np.empty((month.rows, len(columns.symbols)))
        there = np.zeros(month.rows, np.int64)
        days = []
        for first in groups:
            own = range(first, min(first + _TOGETHER, len(columns.symbols)))
            looked_at = _LookedAt.of(columns, steps, own)
            may = looked_at.may_be_listed(market, rules, may_be)
            volumes[:, own.start : own.stop] = np.where(may, looked_at.volume, _NOT_LISTED).T
            there += (looked_at.price == looked_at.price).sum(axis=0)
            days.append(looked_at.days())
            columns.let_go(columns.end)
        write_array(found.ranks, _ranks(volumes))
        write_array(found.days, np.concatenate(days, axis=2))
        write_array(found.magnitudes, _magnitudes(volumes))
        write_array(found.there, there)
    return found


def _ranks(volumes: Floats) -> NDArray[np.int16]:
    """Return ranks, 1 for the largest; of two equal ones the first comes first. Shape as given."""
    ranks = np.empty(volumes.shape, np.int16)
    places = np.arange(1, volumes.shape[1] + 1, dtype=np.int16)
    # What cannot be on the list comes last.
    for row, volume in zip(ranks, volumes, strict=True):
        row[np.argsort(-volume, kind="stable")] = places
    ranks[volumes == _NOT_LISTED] = 0
    return ranks


def _magnitudes(volumes: Floats) -> NDArray[np.float16]:
    """Return powers of ten, rounded upwards; shape as given."""
    return (np.log10(np.maximum(volumes, 1.0)) + _ROUNDING).astype(np.float16)


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """Some rows of some symbols, and what their last days came to; arrays (symbols, rows)."""

    columns: Columns
    symbols: Sequence[int]
    closes: Integers
    """When each row closes, ms UTC."""
    price: Floats
    volume: Floats
    high: Floats
    low: Floats
    traded_at: Integers
    """The close of the newest candle with trades; 0 where none is in this day or the one before."""

    @classmethod
    def of(cls, columns: Columns, steps: tuple[int, int], symbols: Sequence[int]) -> _LookedAt:
        first, end = steps
        a_day = rows_a_day(columns.interval)
        # The day before the first row's, from its midnight on.
        start = first // a_day * a_day - a_day
        traded = columns.wide(symbols, TRADED, start, end)
        high, low = (columns.wide(symbols, x, start, end) for x in (HIGH, LOW))
        days = last_days(traded, high, low, a_day)[:, :, first - start :]
        closes = columns.closes_of(np.arange(start, end))
        heard = np.maximum.accumulate(np.where(traded > 0, closes, 0), axis=1)
        share = min(DAY / columns.interval.milliseconds, 1.0)
        return cls(
            columns,
            symbols,
            closes[first - start :],
            columns.wide(symbols, CLOSE, first, end),
            days[SUM] * share,
            days[HIGHEST],
            days[LOWEST],
            heard[:, first - start :],
        )

    def may_be_listed(self, market: Market, rules: UniverseRules, may_be: Flags) -> Flags:
        """Tell who may be on the list in each row; shape (symbols, rows)."""
        found = self.closes <= heard_of_until(self.traded_at)
        for line, symbol in enumerate(self.symbols):
            lives = self.columns.lives[symbol]
            if not may_be[symbol]:
                found[line] = False
            elif rules.includes(self.columns.symbols[symbol]):
                # Neither its age nor what became of it keeps it out.
                found[line] = _is_listed(lives, self.closes)
            else:
                found[line] &= _is_listed(lives, self.closes, rules if is_dated(market) else None)
        return found

    def days(self) -> Floats:
        """Return of each day and symbol the last close, and the close of the first suspect row.

        Of shape (2, days, symbols); NaN where there is none. A candle longer than a day has no day.
        """
        a_day = rows_a_day(self.columns.interval)
        symbols, rows = self.price.shape
        count = -(-rows // a_day) if self.columns.interval.milliseconds <= DAY else 0
        found = np.full((2, count, symbols), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            suspect = (self.high - self.low) / self.low < float(SUSPICIOUS_RANGE)
        for day in range(count):
            cut = slice(day * a_day, min((day + 1) * a_day, rows))
            price = self.price[:, cut]
            there = price == price
            last = price.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
            found[0, day] = price[np.arange(symbols), last]
            first = suspect[:, cut].argmax(axis=1)
            is_one = suspect[:, cut].any(axis=1)
            found[1, day, is_one] = self.closes[cut][first[is_one]]
        return found


def _is_listed(
    lives: Iterable[Life], closes: Integers, rules: UniverseRules | None = None
) -> Flags:
    """Tell at which of `closes` a symbol is listed; for long enough, where there are `rules`."""
    found = np.zeros(len(closes), np.bool_)
    for life in lives:
        from_when: float = life.start + 1
        if rules is not None:
            from_when = max(from_when, old_enough_at(life.start, rules))
        until = np.inf if life.until is None else life.until
        found |= (closes >= from_when) & (closes <= until)
    return found


def is_dated(market: Market) -> bool:
    """Tell whether a market's listing names its dates; spot names none."""
    return market is Market.USDM


def rows_a_day(interval: Interval) -> int:
    """Return how many candles a day has; 1 where one is longer."""
    return max(DAY // interval.milliseconds, 1)


class PastUniverse:
    """The list at each close from the first step of a range on; belongs to one thread."""

    def __init__(
        self,
        columns: Columns,
        market: Market,
        rules: UniverseRules,
        ranked: Sequence[RankedMonth],
        steps: tuple[int, int],
        *,
        instruments: Mapping[str, Instrument] | None = None,
        is_todays: bool = False,
    ) -> None:
        """`ranked` are all months of `columns`; `steps` the first of the range, and its end.

        `is_todays`: the list of the end is that of every close.
        """
        self._columns = columns
        self._market = market
        self._rules = rules
        self._ranked = ranked
        self._first, self._end = steps
        self._instruments = instruments or {}
        self._flat = _flat_spans(columns, ranked)
        self._always = np.array([rules.includes(x) for x in columns.symbols], np.bool_)
        self._chosen = np.array([x in rules.symbols for x in columns.symbols], np.bool_)
        # By month, in bits: whoever is on the list.
        self._packed: dict[int, NDArray[np.uint8]] = {}
        self._unpacked: tuple[int, Flags] = (-1, np.zeros((0, 0), np.bool_))
        self._last = np.zeros(len(columns.symbols), np.bool_)
        self._todays: Flags | None = None
        if is_todays:
            self._todays = self.is_listed(self._end - 1).copy()
            self._packed.clear()
            self._unpacked = (-1, self._unpacked[1])

    def is_listed(self, step: int) -> Flags:
        """Return of each symbol whether it is on the list when the candle of `step` has closed."""
        place = self._columns.month_of(step)
        listed: Flags = self.listed_in(place)[step - self._columns.months[place].first]
        return listed

    def listed_in(self, place: int) -> Flags:
        """Return who is on the list in each row of a month, shape (rows, symbols).

        Before the first step of the range nobody is.
        """
        if self._unpacked[0] == place:
            return self._unpacked[1]
        start = self._columns.month_of(self._first)
        for number in range(start, place + 1):
            if number not in self._packed:
                found = self._keep(number)
                self._packed[number] = np.packbits(found, axis=1)
        bits = np.unpackbits(self._packed[place], axis=1, count=len(self._columns.symbols))
        self._unpacked = (place, bits.view(np.bool_))
        return self._unpacked[1]

    def _keep(self, place: int) -> Flags:
        month = self._columns.months[place]
        skipped = max(self._first - month.first, 0)
        found = np.zeros((month.rows, len(self._columns.symbols)), np.bool_)
        if self._todays is not None or self._rules.symbols:
            fixed = self._chosen if self._todays is None else self._todays
            found[skipped:] = fixed & self._is_there(place)[skipped:]
            return found
        ranks = np.load(self._ranked[place].ranks, mmap_mode="r")[skipped:]
        out = self._taken_out(month.first + skipped, month.end)
        found[skipped:] = keep_places(
            np.ascontiguousarray(ranks), out, self._last, self._always, *last_ranks(self._rules)
        )
        self._last = found[-1]
        return found

    def _is_there(self, place: int) -> Flags:
        """Tell at which rows of a month each symbol had begun; shape (rows, symbols)."""
        month, columns = self._columns.months[place], self._columns
        closes = columns.closes_of(np.arange(month.first, month.end))
        excluded = [self._rules.excludes(x) for x in columns.symbols]
        starts = [own[0].start if own else np.inf for own in columns.lives]
        there: Flags = (closes[:, None] > np.array(starts)) & ~np.array(excluded)
        return there

    def _taken_out(self, first: int, end: int) -> Flags:
        """Tell which symbols are known to be flat; shape (rows, symbols)."""
        closes = self._columns.closes_of(np.arange(first, end))
        found = np.zeros((end - first, len(self._columns.symbols)), np.bool_)
        for symbol, spans in self._flat.items():
            for start, stop in spans:
                found[:, symbol] |= (closes >= start) & (closes < stop) & ~self._always[symbol]
        return found

    def young_in(self, place: int, least: int) -> Flags:
        """Tell who began less than `least` ms before each row of a month; shape (rows, symbols).

        Whoever is wanted by name is not asked for an age.
        """
        month = self._columns.months[place]
        closes = self._columns.closes_of(np.arange(month.first, month.end))
        found = np.zeros((month.rows, len(self._columns.symbols)), np.bool_)
        for symbol in np.flatnonzero(~(self._always | self._chosen)).tolist():
            for life in self._columns.lives[symbol]:
                first, end = np.searchsorted(closes, [life.start, life.start + least])
                found[first:end, symbol] = True
        return found

    def life(self, symbol: int, close: int) -> Life | None:
        """Return the life that a symbol is in at `close`; None before the first."""
        lives = [x for x in self._columns.lives[symbol] if x.start < close]
        return lives[-1] if lives else None

    def instrument(self, symbol: int, close: int) -> Instrument:
        """Return how a symbol is listed at `close`; without a tick, where none was given."""
        name = self._columns.symbols[symbol]
        life = self.life(symbol, close)
        listed_at = life.start if life else None
        if name in self._instruments:
            dated = listed_at if is_dated(self._market) else None
            return replace(self._instruments[name], listed_at=dated)
        return instrument_named(name, self._market, listed_at)

    def snapshot(self, step: int, symbols: Iterable[int] | None = None) -> MarketSnapshot:
        """Return what the venue would have told of `symbols`, of all by default, at a close."""
        columns = self._columns
        close = columns.close_of(step)
        chosen = range(len(columns.symbols)) if symbols is None else symbols
        there = [x for x in chosen if self.life(x, close)]
        looked = _LookedAt.of(columns, (step, step + 1), there)
        price = looked.price[:, -1]
        tickers = {}
        for number, symbol in enumerate(there):
            name = columns.symbols[symbol]
            figures = (looked.high[number, -1], looked.low[number, -1], looked.volume[number, -1])
            high, low, volume = (Decimal(0) if x != x else Decimal(repr(float(x))) for x in figures)
            # A price without a candle at this very close is that of an earlier one.
            last = high if price[number] != price[number] else Decimal(repr(float(price[number])))
            closed_at = int(looked.traded_at[number, -1])
            tickers[name] = Ticker(name, last, high, low, volume, closed_at)
        return MarketSnapshot(
            market=self._market,
            at=close,
            instruments={columns.symbols[x]: self.instrument(x, close) for x in there},
            tickers=tickers,
            quotes={},
            flat=frozenset(columns.symbols[x] for x in self._flat if self._is_flat(x, close)),
            has_quotes=False,
        )

    def universe(self, step: int, held: Collection[str]) -> Universe:
        """Return the whole universe at a close, by the live rules."""
        snapshot = self.snapshot(step)
        if self._todays is None and not self._rules.symbols:
            earlier = self._names(self.is_listed(step - 1)) if step > self._first else ()
            return select(snapshot, self._rules, held=held, previous=earlier)
        listed = self._names(self.is_listed(step))
        left_out = (
            LeftOut(x, Rule.RANK, "not on the list that is taken for all of the past")
            for x in sorted(set(snapshot.instruments) - set(listed) - set(held))
        )
        whole = self._only(snapshot, listed, held)
        return replace(whole, left_out=() if self._rules.symbols else tuple(left_out))

    def part(self, step: int, symbols: Iterable[int], held: Collection[str]) -> Universe:
        """Return what the universe says of some symbols: of those on the list, and those held."""
        listed, number = self.is_listed(step), self._columns.number
        asked = {*symbols, *(number[x] for x in held if x in number)}
        snapshot = self.snapshot(step, sorted(asked))
        return self._only(snapshot, self._names_of(x for x in asked if listed[x]), held)

    def _only(
        self, snapshot: MarketSnapshot, listed: Iterable[str], held: Collection[str]
    ) -> Universe:
        names = set(listed)
        found = []
        for symbol in sorted(names | set(held)):
            is_wanted = (
                symbol in held or symbol in self._rules.symbols or self._rules.includes(symbol)
            )
            one = listed_of(snapshot, symbol, is_wanted=is_wanted)
            found.append(replace(one, is_only_held=symbol not in names))
        found.sort(key=lambda x: (-x.quote_volume, x.symbol))
        return Universe(snapshot.at, tuple(found))

    def _names(self, flags: Flags) -> tuple[str, ...]:
        return tuple(self._names_of(np.flatnonzero(flags).tolist()))

    def _names_of(self, symbols: Iterable[int]) -> Iterator[str]:
        return (self._columns.symbols[x] for x in symbols)

    def _is_flat(self, symbol: int, close: int) -> bool:
        return any(start <= close < stop for start, stop in self._flat[symbol])


def let_in(
    columns: Columns,
    market: Market,
    rules: UniverseRules,
    instruments: Mapping[str, Instrument] | None = None,
) -> Flags:
    """Return of each symbol whether the rules that do not change with time let it in."""
    one = Decimal(1)
    listed = {
        x: replace((instruments or {}).get(x) or instrument_named(x, market, None), listed_at=None)
        for x in columns.symbols
    }
    snapshot = MarketSnapshot(
        market=market,
        at=0,
        instruments=listed,
        tickers={x: Ticker(x, one, one, one, one, 0) for x in columns.symbols},
        quotes={},
        has_quotes=False,
    )
    objections = dict(found_against(snapshot, rules))
    return np.array([x not in objections for x in columns.symbols], np.bool_)


def _flat_spans(
    columns: Columns, ranked: Sequence[RankedMonth]
) -> dict[int, list[tuple[int, int]]]:
    """Return by symbol from when to when it is known to be flat, ms UTC.

    It is judged when it looks like a peg and nothing is known of it, by the days that were over.
    """
    told = np.concatenate([np.load(x.days) for x in ranked], axis=1)
    first = columns.months[0].first // rows_a_day(columns.interval)
    found: dict[int, list[tuple[int, int]]] = {}
    for symbol in np.flatnonzero((told[1] == told[1]).any(axis=0)).tolist():
        known_until = 0
        for day in np.flatnonzero(told[1, :, symbol] == told[1, :, symbol]).tolist():
            at = int(told[1, day, symbol])
            if at < known_until:
                continue
            over = at // DAY - first  # a day that ends at this very close is over
            closes = told[0, max(over - DAYS, 0) : over, symbol]
            flat = is_flat(closes[closes == closes])
            known_until = at + (FLAT_FOR if flat else ALIVE_FOR)
            if flat:
                found.setdefault(symbol, []).append((at, known_until))
    return found
