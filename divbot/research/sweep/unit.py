"""One unit of work: a month of the signals of one set of inputs, traded by some plans.

A unit is a name and some numbers; what it gives back are sums by day. Candles are mapped where it
is done. Of sealed days trades are counted, and nobody sums what they brought.

Units go to workers in parcels: what takes a moment only is not worth a journey of its own.
"""

from __future__ import annotations

import pickle
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.domain.clock import SystemClock
from divbot.domain.errors import OutputError
from divbot.evaluation import DailyResults, daily_results
from divbot.evaluation.daily import DAY
from divbot.history.columns import CLOSE, HIGH, LOW, OPEN
from divbot.kernels.indicator import Indicator
from divbot.kernels.plans import (
    ENTRY,
    HOLDING,
    KIND,
    ON_OPPOSITE,
    OPPOSITE,
    SIDE,
    SYMBOL,
    UNTIL,
    PathPrices,
    results_of,
)
from divbot.research.past_signals import Found, signals_of_month, symbols_of
from divbot.research.sweep.market import MarketSource, SearchedMarket

_TOGETHER = 16
"""Symbols whose candles are read together: of a month of minutes, 24 MB."""
_NEVER = 1 << 40
"""A row that never comes."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """What a worker does at once."""

    market: MarketSource
    month: int
    """Its place among those of the market."""
    indicator: Indicator
    limit: int
    plans: Floats
    days: range
    """UTC days of entry that count."""
    sealed: range
    """Those whose results stay unknown."""
    longest: int
    """For how many ms any trade of the whole search may be open."""

    def __str__(self) -> str:
        inputs = " ".join(f"{x}={getattr(self.indicator, x)}" for x in self.indicator.__slots__)
        first, last = (np.datetime64(x, "D") for x in (self.days[0], self.days[-1]))
        return f"{len(self.plans)} settings with {inputs}, {first} to {last}"


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """Units that a worker does one after the other."""

    units: tuple[Unit, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Go as little as possible: much is the same in all of its units."""
        return _unpacked, (zlib.compress(pickle.dumps(self.units)),)

    def __str__(self) -> str:
        told = list(dict.fromkeys(map(str, (self.units[0], self.units[-1]))))
        return f"{len(self.units)} units from {' to '.join(told)}" if told[1:] else told[0]


def _unpacked(packed: bytes) -> Parcel:
    return Parcel(pickle.loads(zlib.decompress(packed)))  # noqa: S301 - divbot pickled it


Sums: TypeAlias = tuple[Floats, Integers]
"""Of a unit, by plan and day: net R, and how many trades were entered."""


@dataclass(frozen=True, slots=True, eq=False)
class DoneParcel:
    """What comes back of a parcel."""

    sums: tuple[Sums, ...]
    """By unit."""
    seconds: float
    """Those of a processor that it took."""


@dataclass(frozen=True, slots=True, eq=False)
class TradesOf:
    """Trades of some plans; arrays of one length."""

    plan: Integers
    """The row among the plans."""
    symbol: Integers
    """Its place among those of the market's columns."""
    entered: Integers
    closed: Integers
    """ms UTC."""
    net_r: Floats


def sums_of_all(parcel: Parcel) -> DoneParcel:
    """Return what each unit of the parcel comes to, in their order, and how long that took.

    Raise OutputError, naming this machine where it is one of several, if nothing can be written.
    """
    clock = SystemClock()
    began = clock.processor()
    try:
        sums = tuple(map(sums_of, parcel.units))
    except OutputError as error:
        if parcel.units[0].market.history is None:
            raise
        raise OutputError(f"on {socket.gethostname()}: {error}") from error
    return DoneParcel(sums, clock.processor() - began)


def sums_of(unit: Unit) -> Sums:
    """Return what the unit comes to."""
    sums = daily_of(_NONE, unit)
    try:
        for found in trades_of(unit):
            sums = daily_of(found, unit, sums)
    finally:
        unit.market.open().let_go()
    return sums.net_r, sums.trades.astype(np.uint16 if sums.trades.max() < 1 << 16 else np.int64)


def daily_of(found: TradesOf, unit: Unit, earlier: DailyResults | None = None) -> DailyResults:
    """Add trades up by plan and day; what came of those of sealed days is left out."""
    day = found.entered // DAY
    is_sealed = (day >= unit.sealed.start) & (day < unit.sealed.stop)
    return daily_results(
        [str(x) for x in range(len(unit.plans))],
        unit.days,
        setting=found.plan,
        entered=found.entered,
        closed=found.closed,
        net_r=np.where(is_sealed, 0.0, found.net_r),
        longest=unit.longest,
        earlier=earlier,
    )


def trades_of(unit: Unit) -> Iterator[TradesOf]:
    """Yield the trades of the unit, of a few symbols after another; there may be millions."""
    market = unit.market.open()
    signals, later = _signals(market, unit)
    opposite = _next_opposite(signals, later)
    for first in range(0, len(market.columns.symbols), _TOGETHER):
        symbols = np.arange(first, min(first + _TOGETHER, len(market.columns.symbols)))
        own = np.flatnonzero((signals["symbol"] >= symbols[0]) & (signals["symbol"] <= symbols[-1]))
        if len(own):
            found = _traded(market, unit, symbols, signals[own], opposite[own])
            market.let_go()
            yield found


_NO_NUMBER = np.empty(0, np.int64)
_NONE = TradesOf(_NO_NUMBER, _NO_NUMBER, _NO_NUMBER, _NO_NUMBER, np.empty(0))


def _signals(market: SearchedMarket, unit: Unit) -> tuple[Found, Found]:
    """Return those of the unit's days that were on the list; and all, with those that follow."""
    columns, place = market.columns, unit.month
    month = columns.months[place]
    end = columns.step_of(columns.close_of(month.end) + unit.longest)
    places = [x for x in range(place, len(columns.months)) if columns.months[x].first < end]
    if not unit.plans[:, ON_OPPOSITE].any():
        places = places[:1]
    every = np.concatenate([_sure(market, unit, x) for x in places])
    step = every["confirmed"]
    day = columns.closes_of(step) // DAY
    wanted = (step < month.end) & (day >= unit.days.start) & (day < unit.days.stop)
    found = every[wanted]
    rows = found["confirmed"] - month.first
    on_list: Flags = market.listed(place)[rows, found["symbol"]]
    return found[on_list], every


def _sure(market: SearchedMarket, unit: Unit, place: int) -> Found:
    """Return what a live scan shows of a month, whatever the list."""
    columns = market.columns
    path = signals_of_month(columns, place, unit.indicator, unit.limit, market.path.parent)
    found = np.load(path)
    found = found[(found["kind"] >= 0) & (found["candles"] >= unit.indicator.minimum_candles)]
    found["symbol"] = np.array(symbols_of(columns, place), np.int32)[found["symbol"]]
    sure: Found = found
    return sure


def _next_opposite(signals: Found, every: Found) -> Integers:
    """Return the step at which each signal meets the next one of its symbol's other side."""
    found = np.full(len(signals), _NEVER)
    for side in (1, -1):
        others = every[every["side"] == -side]
        # All of a symbol stand together, in the order of time.
        keys = np.sort(_key(others["symbol"], others["confirmed"]))
        own = np.flatnonzero(signals["side"] == side)
        after = _key(signals["symbol"][own], signals["confirmed"][own])
        place = np.searchsorted(keys, after, side="right")
        key = np.append(keys, -1)[place]
        same = (key >= 0) & (key // _NEVER == signals["symbol"][own])
        found[own[same]] = key[same] % _NEVER
    return found


def _key(symbol: Integers, step: Integers) -> Integers:
    key: Integers = symbol.astype(np.int64) * _NEVER + step
    return key


def _traded(
    market: SearchedMarket, unit: Unit, symbols: Integers, signals: Found, opposite: Integers
) -> TradesOf:
    columns, detail = market.columns, market.detail
    chosen = np.array([detail.number.get(columns.symbols[x], -1) for x in symbols])
    known = chosen[signals["symbol"] - symbols[0]] >= 0
    signals, opposite = signals[known], opposite[known]
    if not len(signals):
        return _NONE
    closes = columns.closes_of(signals["confirmed"])
    first = detail.step_of(int(closes.min()))
    holding = int(unit.plans[:, HOLDING].max())
    end = min(detail.step_of(int(closes.max())) + holding + 1, detail.end)
    if end <= first:
        return _NONE
    steps = _steps(market, closes) - first
    whole = np.zeros((len(signals), 6), np.int64)
    whole[:, SYMBOL] = signals["symbol"] - symbols[0]
    whole[:, ENTRY] = steps
    whole[:, SIDE] = signals["side"]
    whole[:, KIND] = signals["kind"]
    whole[:, UNTIL] = _untils(market, signals, first)
    is_met = opposite < _NEVER
    whole[:, OPPOSITE] = _NEVER
    whole[is_met, OPPOSITE] = _steps(market, columns.closes_of(opposite[is_met])) - first
    levels = np.column_stack([signals["pivot"], signals["close"], signals["atr"]])
    prices = _prices(market, chosen, first, end)
    ended, net_r = results_of(whole, np.ascontiguousarray(levels), unit.plans, prices)
    plan, signal = np.nonzero(ended >= 0)
    length = detail.interval.milliseconds
    return TradesOf(
        plan,
        signals["symbol"][signal].astype(np.int64),
        closes[signal],
        prices.first_open + ended[plan, signal] * length,
        net_r[plan, signal],
    )


def _steps(market: SearchedMarket, closes: Integers) -> Integers:
    """Return the steps of the detail whose candles open at these times."""
    return closes // market.detail.interval.milliseconds


def _untils(market: SearchedMarket, signals: Found, first: int) -> Integers:
    """Return the row from which on each signal's symbol is another contract."""
    columns = market.columns
    opens = columns.closes_of(signals["confirmed"] - 1)
    found = np.full(len(signals), _NEVER)
    for place, (symbol, opened) in enumerate(zip(signals["symbol"], opens, strict=True)):
        lives = columns.lives[symbol]
        if len(lives) > 1:
            life = next((x for x in lives if x.holds(int(opened))), None)
            if life is not None and life.until is not None:
                found[place] = market.detail.step_of(life.until) - first
    return found


def _prices(market: SearchedMarket, symbols: Integers, first: int, end: int) -> PathPrices:
    detail, terms = market.detail, market.terms
    known = np.maximum(symbols, 0)
    opened, high, low, close = (detail.wide(known, x, first, end) for x in (OPEN, HIGH, LOW, CLOSE))
    settled = [terms.settlements[slice(*terms.settled_from[x : x + 2])] for x in known]
    return PathPrices(
        opened,
        high,
        low,
        close,
        first * detail.interval.milliseconds + int(detail.offsets[0]),
        detail.interval.milliseconds,
        market.columns.interval.milliseconds // detail.interval.milliseconds,
        terms.spread[known],
        np.concatenate([np.empty((0, 4)), *settled]),
        np.cumsum([0, *map(len, settled)], dtype=np.int64),
    )
