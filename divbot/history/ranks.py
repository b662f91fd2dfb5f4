"""Who may have been on the list of symbols in a month of the past, ranked: a worker makes each.

Who may be listed at a close hangs on age, death, and the rules that do not change; those are ranked
by the quote volume of the 24 hours before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Flags, Floats, Integers
from divbot.binance.listing.flat import SUSPICIOUS_RANGE
from divbot.binance.listing.rules import (
    MarketSnapshot,
    UniverseRules,
    found_against,
    heard_of_until,
    old_enough_at,
)
from divbot.domain.durations import DAY
from divbot.domain.market import Instrument, Interval, Market, Ticker
from divbot.history.columns import CLOSE, HIGH, LOW, TRADED, Columns, month_name
from divbot.history.instruments import instrument_named, is_dated
from divbot.history.kept import name_of, used, write_array
from divbot.history.lives import Life
from divbot.kernels.days import HIGHEST, LOWEST, SUM, last_days

_FORMAT = 1
_NOT_LISTED = -1.0
_TOGETHER = 64
"""Symbols that are looked at together."""
_ROUNDING = 0.008
"""More than half of what two numbers of 16 bits lie apart below 16."""


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
            looked_at = LookedAt.of(columns, steps, own)
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
class LookedAt:
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
    def of(cls, columns: Columns, steps: tuple[int, int], symbols: Sequence[int]) -> LookedAt:
        """Return some symbols from the first of `steps` to before the second."""
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


def rows_a_day(interval: Interval) -> int:
    """Return how many candles a day has; 1 where one is longer."""
    return max(DAY // interval.milliseconds, 1)


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
