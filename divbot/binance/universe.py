"""Which symbols are worth looking at, and which rule leaves each of the others out. Pure.

Rules are asked in the order of `Rule`, and the first that applies is the reason given. The user's
`include` beats all but the first five; a symbol that is held stays whatever the rules say.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import chain

from divbot.binance.assets import listed_assets
from divbot.binance.wire import Quote
from divbot.domain.clock import utc_text
from divbot.domain.errors import InputError
from divbot.domain.market import Instrument, Market, Ticker

QUOTE = "USDT"
HYSTERESIS = Decimal("1.2")
"""A symbol of the last list stays until it ranks beyond this many times the list's length."""

_DAY = 86_400_000
_STALE = 3_600_000
_PERPETUAL = "PERPETUAL"
_FOR_EVER = 4_102_444_800_000
"""2100-01-01: perpetual contracts are delivered in the year 2100 or later, which is never."""
_LEVERAGED = ("UP", "DOWN", "BULL", "BEAR")
_SHORTEST_STEM = 3  # JUP is a coin, and no leveraged J
_STANDS_STILL = "its daily closes stay within 1 % of each other: a peg"


class Rule(StrEnum):
    """Why a symbol is left out."""

    QUOTE = "quote"
    STATUS = "status"
    CONTRACT = "contract"
    EXCLUDED = "excluded"
    NO_PRICE = "no_price"
    DELISTING = "delisting"
    STALE = "stale"
    STABLE = "stable"
    FIAT = "fiat"
    PEGGED = "pegged"
    GOLD = "gold"
    STOCK = "stock"
    LEVERAGED = "leveraged"
    AGE = "age"
    SPREAD = "spread"
    FLAT = "flat"
    RANK = "rank"


@dataclass(frozen=True, slots=True)
class UniverseRules:
    """What a user wants of the list."""

    top: int
    symbols: tuple[str, ...] = ()
    """Take these, and no others; no rule is asked."""
    include: tuple[str, ...] = ()
    """Symbols, or patterns such as `1000*`, that only the first rules can leave out."""
    exclude: tuple[str, ...] = ()
    """Symbols, or patterns, that are left out."""
    min_age: float = 10.0
    """Days since the listing, where the venue names that date (futures do)."""
    max_spread: float = 0.005
    """(ask - bid) / ask."""

    def includes(self, symbol: str) -> bool:
        """Tell whether the user wants `symbol` in."""
        return _matches(symbol, self.include)

    def excludes(self, symbol: str) -> bool:
        """Tell whether the user wants `symbol` out."""
        return _matches(symbol, self.exclude)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at all that is listed."""

    market: Market
    at: int
    """The venue's time, ms UTC."""
    instruments: Mapping[str, Instrument]
    tickers: Mapping[str, Ticker]
    quotes: Mapping[str, Quote]
    stocks: frozenset[str] = frozenset()
    """Base assets that futures list as stocks."""
    flat: frozenset[str] = frozenset()
    """Symbols whose price is known to stand still."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One symbol of the universe, with what the listing says of it."""

    symbol: str
    instrument: Instrument | None
    """None where it is held, but listed no more."""
    quote_volume: Decimal
    """Traded in the last 24 hours, in USDT."""
    spread: Decimal | None
    """(ask - bid) / ask; None where there is no quote."""
    is_wanted: bool = False
    """Here by name (chosen, included or held), not only by its volume."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A symbol that is listed, but not in the universe."""

    symbol: str
    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Universe:
    """The symbols to look at, the most traded first, and all the others."""

    at: int
    """The venue's time, ms UTC."""
    listed: tuple[Listed, ...]
    left_out: tuple[LeftOut, ...] = ()
    """By symbol."""
    problem: str = ""
    """Why this is an older list than it should be; empty: it is none."""

    def without_flat(self, symbols: Collection[str]) -> Universe:
        """Return the same without `symbols`, whose price was found to stand still."""
        return self._without(symbols, Rule.FLAT, _STANDS_STILL)

    def shortened(self, count: int) -> Universe:
        """Return the same without its `count` least traded symbols that are not wanted by name."""
        last = [x.symbol for x in reversed(self.listed) if not x.is_wanted][:count]
        return self._without(last, Rule.RANK, "in its place a suspected peg was judged, this once")

    def _without(self, symbols: Collection[str], rule: Rule, detail: str) -> Universe:
        found = (LeftOut(symbol, rule, detail) for symbol in symbols)
        return replace(
            self,
            listed=tuple(x for x in self.listed if x.symbol not in symbols),
            left_out=_by_symbol(chain(self.left_out, found)),
        )

    def kept(self, problem: str, held: Collection[str]) -> Universe:
        """Return the same, still in force because of `problem`, with all that is `held`."""
        known = {x.symbol for x in self.listed}
        missing = [
            Listed(x, None, Decimal(0), None, is_wanted=True) for x in held if x not in known
        ]
        return replace(self, listed=(*self.listed, *missing), problem=problem)


def select(
    snapshot: Snapshot,
    rules: UniverseRules,
    *,
    held: Collection[str] = (),
    previous: Collection[str] = (),
) -> Universe:
    """Return the universe; raise InputError where `rules.symbols` names one that is not listed.

    `held` are symbols that are never dropped, `previous` those of the last list: they are dropped
    only where they rank well below its end.
    """
    if rules.symbols:
        return Universe(snapshot.at, _chosen(snapshot, rules.symbols))
    objections = dict(_objections(snapshot, rules))
    eligible = [
        _listed(snapshot, symbol, is_wanted=rules.includes(symbol))
        for symbol in snapshot.instruments
        if symbol not in objections and symbol not in held
    ]
    eligible.sort(key=_by_volume)
    kept = [_listed(snapshot, symbol, is_wanted=True) for symbol in held]
    below = []
    for rank, listed in enumerate(eligible, 1):
        lasts = HYSTERESIS * rules.top if listed.symbol in previous else rules.top
        if rank <= lasts or listed.is_wanted:
            kept.append(listed)
        else:
            detail = f"rank {rank} by volume; the list ends at {rules.top}"
            below.append(LeftOut(listed.symbol, Rule.RANK, detail))
    kept.sort(key=_by_volume)
    left_out = [x for symbol, x in objections.items() if symbol not in held]
    return Universe(snapshot.at, tuple(kept), _by_symbol([*left_out, *below]))


def _by_symbol(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(left_out, key=lambda x: x.symbol))


def _by_volume(listed: Listed) -> tuple[Decimal, str]:
    return -listed.quote_volume, listed.symbol


def _chosen(snapshot: Snapshot, symbols: Sequence[str]) -> tuple[Listed, ...]:
    for symbol in symbols:
        if symbol not in snapshot.instruments:
            raise InputError(_unknown(symbol, snapshot.instruments))
    return tuple(_listed(snapshot, symbol, is_wanted=True) for symbol in dict.fromkeys(symbols))


def _unknown(symbol: str, instruments: Mapping[str, Instrument]) -> str:
    near = difflib.get_close_matches(symbol, instruments, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown symbol {symbol!r}: the venue does not list it{hint}"


def _listed(snapshot: Snapshot, symbol: str, *, is_wanted: bool) -> Listed:
    ticker = snapshot.tickers.get(symbol)
    return Listed(
        symbol=symbol,
        instrument=snapshot.instruments.get(symbol),
        quote_volume=ticker.quote_volume if ticker else Decimal(0),
        spread=_spread(snapshot, symbol),
        is_wanted=is_wanted,
    )


def _spread(snapshot: Snapshot, symbol: str) -> Decimal | None:
    quote = snapshot.quotes.get(symbol)
    if quote is None or quote.bid <= 0 or quote.ask <= 0:
        return None
    return (quote.ask - quote.bid) / quote.ask


def _objections(snapshot: Snapshot, rules: UniverseRules) -> Iterator[tuple[str, LeftOut]]:
    """Give each symbol that a rule leaves out, with the first rule that does."""
    bases = {instrument.base for instrument in snapshot.instruments.values()}
    for symbol, instrument in snapshot.instruments.items():
        objections = _because_closed(snapshot, instrument, rules)
        if not rules.includes(symbol):
            objections = chain(
                objections,
                _because_fading(snapshot, instrument),
                _because_no_coin(instrument, bases, snapshot.stocks),
                _because_unfit(snapshot, instrument, rules),
            )
        for rule, detail in objections:
            yield symbol, LeftOut(symbol, rule, detail)
            break


_Objections = Iterator[tuple[Rule, str]]


def _because_closed(
    snapshot: Snapshot, instrument: Instrument, rules: UniverseRules
) -> _Objections:
    if instrument.quote != QUOTE:
        yield Rule.QUOTE, f"quoted in {instrument.quote}, not in {QUOTE}"
    if instrument.status != "TRADING":
        yield Rule.STATUS, f"its status is {instrument.status}"
    if not instrument.is_open:
        yield Rule.STATUS, "spot trading is not allowed"
    if snapshot.market is Market.USDM:
        yield from _because_of_contract(instrument)
    if rules.excludes(instrument.symbol):
        yield Rule.EXCLUDED, "excluded by the settings"
    ticker = snapshot.tickers.get(instrument.symbol)
    if ticker is None:
        yield Rule.NO_PRICE, "nothing is known of its last 24 hours"
    elif ticker.last_price <= 0:
        yield Rule.NO_PRICE, "its last price is zero"


def _because_of_contract(instrument: Instrument) -> _Objections:
    if instrument.contract != _PERPETUAL:
        yield Rule.CONTRACT, f"a {instrument.contract or 'nameless'} contract, not {_PERPETUAL}"
    if instrument.margin != QUOTE:
        yield Rule.CONTRACT, f"its margin is {instrument.margin}, not {QUOTE}"
    # A stock or a metal looks like a coin by its name only.
    if instrument.underlying != "COIN":
        yield Rule.CONTRACT, f"its underlying is {instrument.underlying}, not COIN"


def _because_fading(snapshot: Snapshot, instrument: Instrument) -> _Objections:
    if instrument.delivered_at is not None and instrument.delivered_at < _FOR_EVER:
        yield Rule.DELISTING, f"to be delisted at {utc_text(instrument.delivered_at)} UTC"
    ticker = snapshot.tickers.get(instrument.symbol)
    if ticker is not None and ticker.closed_at < snapshot.at - _STALE:
        yield Rule.STALE, f"no news of it since {utc_text(ticker.closed_at)} UTC"


def _because_no_coin(
    instrument: Instrument, bases: Collection[str], stocks: Collection[str]
) -> _Objections:
    base = instrument.base
    if kind := listed_assets().get(base):
        yield Rule(kind), f"{base} is on the list of {kind} assets"
    if base.endswith("B") and base[:-1] in stocks:
        yield Rule.STOCK, f"{base} is the stock {base[:-1]} as a token"
    for suffix in _LEVERAGED:
        stem = base.removesuffix(suffix)
        if stem != base and len(stem) >= _SHORTEST_STEM and stem in bases:
            yield Rule.LEVERAGED, f"{base} is a leveraged token of {stem}"


def _because_unfit(snapshot: Snapshot, instrument: Instrument, rules: UniverseRules) -> _Objections:
    if instrument.listed_at is not None:
        days = (snapshot.at - instrument.listed_at) / _DAY
        if days < rules.min_age:
            yield Rule.AGE, f"listed {days:.1f} days ago, expected {rules.min_age:g} at least"
    spread = _spread(snapshot, instrument.symbol)
    if spread is None:
        yield Rule.SPREAD, "nobody bids, or nobody asks"
    elif spread > Decimal(str(rules.max_spread)):
        yield Rule.SPREAD, f"a spread of {spread:.2%}, expected {rules.max_spread:.2%} at most"
    if instrument.symbol in snapshot.flat:
        yield Rule.FLAT, _STANDS_STILL


def _matches(symbol: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(symbol, pattern) for pattern in patterns)
