"""The list of symbols as it would have been at each close of the past.

    columns --workers, a month each--> ranks by the volume of the 24 hours before, of who may be on
    ranks --in the order of time--> the list at each close: who was on it stays near its end

The rules are those of divbot.binance.listing, as far as history can answer. A symbol is listed from
its first candle with trades on, and stale an hour after its last trade, which takes the dead ones
off the list. Nobody knows who bid and who asked, so that no spread keeps a symbol out. Of spot the
age is known by candles alone, as it is live. Everything is of candles that had closed by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags
from divbot.binance.listing.flat import ALIVE_FOR, DAYS, FLAT_FOR, is_flat
from divbot.binance.listing.rules import MarketSnapshot, UniverseRules
from divbot.binance.listing.universe import last_ranks, listed_of, select
from divbot.domain.durations import DAY
from divbot.domain.market import Instrument, Market, Ticker
from divbot.domain.universe import LeftOut, Rule, Universe
from divbot.history.columns import Columns
from divbot.history.instruments import instrument_named, is_dated
from divbot.history.lives import Life
from divbot.history.ranks import LookedAt, RankedMonth, rows_a_day
from divbot.kernels.places import keep_places


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
        looked = LookedAt.of(columns, (step, step + 1), there)
        price = looked.price[:, -1]
        tickers = {}
        for number, symbol in enumerate(there):
            name = columns.symbols[symbol]
            figures = (looked.high[number, -1], looked.low[number, -1], looked.volume[number, -1])
            high, low, volume = (Decimal(0) if x != x else Decimal(repr(float(x))) for x in figures)
            # Without a candle at this very close, the highest one of the day tells that there was
            # a price: no rule asks for more.
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
