"""The past as a venue to trade on: at each moment it knows what was known then, and no more.

What candles do not tell is assumed, see docs/backtest.md:

- Quotes are the last price with half a spread on each side.
- Of the candle that has just opened only its open is known.
- Where no mark price is kept, the last price stands in.
- A settlement is known from its own time on, and is due at a whole hour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Protocol

from divbot.domain.clock import EARLIEST, LATEST
from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.fills import Candle, Quote
from divbot.domain.market import Interval
from divbot.domain.minutes import FundingRate, Minutes
from divbot.domain.money import price_above, price_below
from divbot.research.port import PastPrices, Prices
from divbot.research.tape import PastTape

_ROUNDING = 1e-8
"""By which part of a price its tenth digit may be rounded."""
_LATE = 2 * MINUTE
"""ms by which a settlement may stand under a later time than it was due."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """How far bid and ask are apart, as a part of the price."""

    usual: Decimal
    of_symbol: Mapping[str, Decimal] = field(default_factory=dict)
    """Of symbols whose own is known."""

    def of(self, symbol: str) -> Decimal:
        """Return that of `symbol`."""
        return self.of_symbol.get(symbol, self.usual)

    def reach(self, symbol: str) -> float:
        """Return how far from the price each of them is at most, as a part of it."""
        return float(self.of(symbol)) / 2 + _ROUNDING

    def quote(self, symbol: str, price: Decimal, at: int) -> Quote:
        """Return bid and ask around `price`, rounded away from it."""
        half = price * self.of(symbol) / 2
        return Quote(price_below(price - half, None), price_above(price + half, None), at)


class Quoting(Protocol):
    """How bid and ask are told from the last price."""

    def quote(self, symbol: str, price: Decimal, at: int) -> Quote:
        """Return bid and ask at a time."""

    def reach(self, symbol: str) -> float:
        """Return how far from the price each of them is at most, as a part of it."""


StandsIn = Callable[[str, int], int | None]
"""Tells when the longer candle opened that stands in for a symbol at a time; None: none does."""


class Quotes(Mapping[str, Quote]):
    """The quotes of all symbols at one moment, made where they are asked for by name.

    Within a longer candle that stands in its open is the last price that is known. It goes through
    what was asked for so far: the candles of others may have to be fetched first.
    """

    def __init__(
        self,
        tape: PastTape,
        symbols: Collection[str],
        quoting: Quoting,
        at: int,
        stands_in: StandsIn,
        asked: dict[str, None],
    ) -> None:
        self._tape = tape
        self._symbols = symbols
        self._quoting = quoting
        self._at = at
        self._stands_in = stands_in
        self._asked = asked

    def __getitem__(self, symbol: str) -> Quote:
        if symbol not in self._symbols:
            raise KeyError(symbol)
        self._asked[symbol] = None
        price = self._tape.last_price(symbol, self._at)
        if price != price:
            raise KeyError(symbol)
        quote = self._quoting.quote(symbol, exact(price), self._at)
        opened = self._stands_in(symbol, self._at)
        return quote if opened in (None, self._at) else replace(quote, is_fresh=False)

    def __iter__(self) -> Iterator[str]:
        return (x for x in tuple(self._asked) if x in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class PastTrading:
    """One market of the past, at the moment `now`; whoever steps through it moves that on."""

    def __init__(
        self,
        prices: PastPrices,
        symbols: tuple[str, ...],
        interval: Interval,
        quoting: Quoting,
        stands_in: StandsIn = lambda *_: None,
    ) -> None:
        """Trade at `prices`, in some of which, as `stands_in` tells, longer candles stand in."""
        self._prices = prices
        self._stands_in = stands_in
        self._symbols = dict.fromkeys(symbols)
        self._interval = interval
        self._quoting = quoting
        self.reach = quoting.reach
        self.tape = PastTape(self._last_prices, interval.milliseconds)
        self.marks = PastTape(self._mark_prices, interval.milliseconds)
        self._asked: dict[str, None] = {}
        self.settled = cache(self._settled)
        self.at = 0
        """The time, ms UTC: when a candle opens."""
        self.quiet_until: dict[str, int] = {}
        """By symbol that is held: no candle that opens earlier than this changes anything."""

    @property
    def candle_length(self) -> int:
        """Return how long the candles are, in ms."""
        return self._interval.milliseconds

    def now(self) -> int:
        """Return the time, ms UTC."""
        return self.at

    def quotes(self) -> Quotes:
        """Return what each symbol could be traded at now."""
        return Quotes(
            self.tape, self._symbols, self._quoting, self.at, self._stands_in, self._asked
        )

    def minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the candles of the last price that open from `start` to `end` (ms UTC)."""
        final = self._final(symbol, start, end)
        opened = self.at // self.candle_length * self.candle_length
        forming = None
        if start <= opened <= end and self.tape.has(symbol, opened):
            first = exact(self.tape.last_price(symbol, opened))
            forming = Candle(opened, first, first, first, first)
        return Minutes(final, forming)

    def mark_minutes(self, symbol: str, start: int, end: int) -> Minutes:
        """Return the final candles of the mark price that open from `start` to `end`.

        Candle by candle the last price stands in where there is none.
        """
        return Minutes(
            tuple(
                _candle(*marks[0])
                if (marks := self.marks.between(symbol, x.open_time, x.open_time + 1))
                else x
                for x in self._final(symbol, start, end)
            ),
            None,
        )

    def funding(self, symbol: str, start: int, end: int) -> tuple[FundingRate, ...]:
        """Return the settlements from `start` to `end` that are known by now."""
        rates = []
        for due, settled, rate, mark in self.settled(symbol):
            at = settled if settled // MINUTE == due // MINUTE else due
            if start <= at <= end and max(due, settled) <= self.at:
                price = mark if mark == mark else self.mark_price(symbol, due)
                if price == price:
                    rates.append(FundingRate(at, exact(rate), exact(price)))
        return tuple(rates)

    def next_due(self, symbol: str, after: int) -> int | None:
        """Return when the next settlement after `after` is due; None: none is kept."""
        return next((due for due, *_ in self.settled(symbol) if due > after), None)

    def mark_price(self, symbol: str, time: int) -> float:
        """Return the mark price at `time`, else the last one; NaN where there was none yet."""
        mark = self.marks.last_price(symbol, time)
        return mark if mark == mark else self.tape.last_price(symbol, time)

    def _settled(self, symbol: str) -> tuple[tuple[int, int, float, float], ...]:
        """Return all settlements: when due, when known, rate and mark price (NaN: not told)."""
        found = self._prices.funding(symbol, EARLIEST, LATEST)
        known = found.settled_at.tolist()
        due = (due_at(x) for x in known)
        return tuple(zip(due, known, found.rate.tolist(), found.mark_price.tolist(), strict=True))

    def _final(self, symbol: str, start: int, end: int) -> tuple[Candle, ...]:
        until = min(self.at // self.candle_length * self.candle_length, end + 1)
        quiet = self.quiet_until.get(symbol, start)
        if quiet > start:
            # Nothing in them matters but when the last one was.
            last = self.tape.last_open_before(symbol, start, until)
            start = max(start, min(quiet, until if last is None else last))
        return tuple(
            _candle(*x, since=self._stands_in(symbol, x[0]))
            for x in self.tape.between(symbol, start, until)
        )

    def _last_prices(self, symbol: str, start: int, end: int) -> Prices:
        return self._prices.candles(symbol, self._interval, start, end)

    def _mark_prices(self, symbol: str, start: int, end: int) -> Prices:
        return self._prices.marks(symbol, start, end, self._interval)


def _candle(at: int, columns: tuple[float, ...], *, since: int | None = None) -> Candle:
    return Candle(at, *map(exact, columns), since=since)


def exact(value: float) -> Decimal:
    """Return `value` as it was written: its shortest text, to the last digit."""
    return Decimal(repr(value))


def due_at(settled: int) -> int:
    """Return when a settlement that was made at `settled` counts: at a whole hour.

    That is when the trader asks; what would lie between two is known at the later one.
    """
    hour = settled // HOUR * HOUR
    return hour if settled - hour < _LATE else hour + HOUR
