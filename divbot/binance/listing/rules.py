"""The rules that keep symbols out of the universe. Pure.

They are asked in the order of `Rule`, and the first that applies is the reason given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from divbot.binance.protocol.endpoints import Endpoint
from divbot.binance.protocol.wire import BidAsk
from divbot.domain.assets import listed_assets
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY, HOUR
from divbot.domain.market import TRADING, DroppedRow, Instrument, Market, Ticker
from divbot.domain.universe import LeftOut, Rule

if TYPE_CHECKING:
    from divbot.arrays import Integers

QUOTE = "USDT"

Time = TypeVar("Time", int, "Integers")

_STALE = HOUR
_PERPETUAL = "PERPETUAL"
_FOR_EVER = 4_102_444_800_000
"""2100-01-01: perpetual contracts are delivered in the year 2100 or later, which is never."""
_LEVERAGED = ("UP", "DOWN", "BULL", "BEAR")
_SHORTEST_STEM = 3  # JUP is a coin, and no leveraged J
EXCLUDED = "excluded by the settings"
STANDS_STILL = "its daily closes stay within 1 % of each other: a peg"


@dataclass(frozen=True, slots=True)
class UniverseRules:
    """What a user wants of the list."""

    top: int
    symbols: tuple[str, ...] = ()
    """Take these, and no others; no rule is asked but `exclude`."""
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

    def asks_for(self, symbol: str) -> bool:
        """Tell whether the user lets `symbol` be scanned, if the other rules do."""
        return not self.excludes(symbol) and (not self.symbols or symbol in self.symbols)


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """All that is listed, at one time."""

    market: Market
    at: int
    """The venue's time, ms UTC."""
    instruments: Mapping[str, Instrument]
    tickers: Mapping[str, Ticker]
    quotes: Mapping[str, BidAsk]
    stocks: frozenset[str] = frozenset()
    """Base assets that futures list as stocks."""
    flat: frozenset[str] = frozenset()
    """Symbols whose price is known to stand still."""
    dropped: tuple[DroppedRow, ...] = ()
    """Rows of the lists that make no sense."""
    has_quotes: bool = True
    """The venue told who bids and who asks; of the past nobody knows."""

    @property
    def unread(self) -> dict[str, DroppedRow]:
        """Return the symbols of which a list says nothing else, with the first row dropped."""
        known: dict[str, Collection[str]] = {
            Endpoint.EXCHANGE_INFO: self.instruments,
            Endpoint.TICKER_24HR: self.tickers,
            Endpoint.BOOK_TICKER: self.quotes,
        }
        rows = (x for x in reversed(self.dropped) if x.symbol not in known[x.source])
        return {row.symbol: row for row in rows if row.symbol}


def spread_of(snapshot: MarketSnapshot, symbol: str) -> Decimal | None:
    """Return (ask - bid) / ask; None where nobody bids or nobody asks."""
    quote = snapshot.quotes.get(symbol)
    if quote is None or quote.bid <= 0 or quote.ask <= 0:
        return None
    return (quote.ask - quote.bid) / quote.ask


def found_against(snapshot: MarketSnapshot, rules: UniverseRules) -> Iterator[tuple[str, LeftOut]]:
    """Give each symbol that a rule leaves out, with the first rule that does."""
    bases = {instrument.base for instrument in snapshot.instruments.values()}
    unread = snapshot.unread
    yield from ((x.symbol, x) for x in unlisted(snapshot))
    for symbol, instrument in snapshot.instruments.items():
        found = _because_closed(snapshot, instrument, rules, unread)
        if not rules.includes(symbol):
            found = chain(
                found,
                _because_fading(snapshot, instrument),
                _because_no_coin(instrument, bases, snapshot.stocks),
                _because_unfit(snapshot, instrument, rules),
            )
        for rule, detail in found:
            yield symbol, LeftOut(symbol, rule, detail)
            break


def unlisted(snapshot: MarketSnapshot) -> Iterator[LeftOut]:
    """Give the symbols whose row in the listing makes no sense."""
    for symbol, row in snapshot.unread.items():
        if row.source == Endpoint.EXCHANGE_INFO:
            yield LeftOut(symbol, Rule.UNREADABLE, _why(row))


def _why(row: DroppedRow) -> str:
    return f"its row in {row.source} makes no sense: {row.reason}"


_Objections = Iterator[tuple[Rule, str]]


def _because_closed(
    snapshot: MarketSnapshot,
    instrument: Instrument,
    rules: UniverseRules,
    unread: Mapping[str, DroppedRow],
) -> _Objections:
    if instrument.quote != QUOTE:
        yield Rule.QUOTE, f"quoted in {instrument.quote}, not in {QUOTE}"
    if instrument.status != TRADING:
        yield Rule.STATUS, f"its status is {instrument.status}"
    if not instrument.is_open:
        yield Rule.STATUS, "spot trading is not allowed"
    if snapshot.market is Market.USDM:
        yield from _because_of_contract(instrument)
    if rules.excludes(instrument.symbol):
        yield Rule.EXCLUDED, EXCLUDED
    if instrument.symbol in unread:
        yield Rule.UNREADABLE, _why(unread[instrument.symbol])
    ticker = snapshot.tickers.get(instrument.symbol)
    if ticker is None:
        yield Rule.NO_PRICE, "the venue states no price of its last 24 hours"
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


def _because_fading(snapshot: MarketSnapshot, instrument: Instrument) -> _Objections:
    if instrument.delivered_at is not None and instrument.delivered_at < _FOR_EVER:
        yield Rule.DELISTING, f"to be delisted at {utc_text(instrument.delivered_at)} UTC"
    ticker = snapshot.tickers.get(instrument.symbol)
    if ticker is not None and snapshot.at > heard_of_until(ticker.closed_at):
        yield Rule.STALE, f"no update since {utc_text(ticker.closed_at)} UTC"


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


def _because_unfit(
    snapshot: MarketSnapshot, instrument: Instrument, rules: UniverseRules
) -> _Objections:
    listed_at = instrument.listed_at
    if listed_at is not None and snapshot.at < old_enough_at(listed_at, rules):
        days = (snapshot.at - listed_at) / DAY
        yield Rule.AGE, f"listed {days:.1f} days ago, expected {rules.min_age:g} at least"
    spread = spread_of(snapshot, instrument.symbol)
    if spread is None and snapshot.has_quotes:
        yield Rule.SPREAD, "nobody bids, or nobody asks"
    elif spread is not None and spread > _exact(rules.max_spread):
        yield Rule.SPREAD, f"a spread of {spread:.2%}, expected {rules.max_spread:.2%} at most"
    if instrument.symbol in snapshot.flat:
        yield Rule.FLAT, STANDS_STILL


def old_enough_at(listed_at: int, rules: UniverseRules) -> float:
    """Return from when on a symbol is no longer too young, ms UTC."""
    return listed_at + rules.min_age * DAY


def heard_of_until(closed_at: Time) -> Time:
    """Return until when a symbol whose last trade was then is not stale; a time or an array."""
    return closed_at + _STALE


@cache
def _exact(part: float) -> Decimal:
    """Return what was written, and not the binary number nearest to it."""
    return Decimal(str(part))


def is_match(symbol: str, pattern: str) -> bool:
    """Tell whether `symbol` is meant by `pattern`, which may be a symbol itself."""
    return fnmatchcase(symbol, pattern)


def _matches(symbol: str, patterns: Sequence[str]) -> bool:
    return any(is_match(symbol, pattern) for pattern in patterns)
