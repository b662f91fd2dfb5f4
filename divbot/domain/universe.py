"""The symbols that a scan covers, and the rule that keeps out each of the others.

Words: docs/glossary.md, by universe, listing, left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from divbot.domain.market import DroppedRow, Instrument


class Rule(StrEnum):
    """Why a symbol is left out; binance.listing.rules asks in this order."""

    QUOTE = "quote"
    STATUS = "status"
    CONTRACT = "contract"
    EXCLUDED = "excluded"
    UNREADABLE = "unreadable"
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


_NOT_TRADED = frozenset(
    {
        Rule.QUOTE,
        Rule.STATUS,
        Rule.CONTRACT,
        Rule.UNREADABLE,
        Rule.NO_PRICE,
        Rule.DELISTING,
        Rule.STALE,
    }
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A symbol that is listed, but not in the universe."""

    symbol: str
    rule: Rule
    detail: str
    """Why that rule applies."""

    @property
    def is_traded(self) -> bool:
        """Tell whether it could be traded in USDT all the same."""
        return self.rule not in _NOT_TRADED


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
    is_only_held: bool = False
    """Here for its open position alone: it is none to open another one in."""


@dataclass(frozen=True, slots=True)
class ListStanding:
    """What a universe says of one symbol."""

    listed: Listed | None = None
    """None: it is not scanned."""
    place: int = 0
    """By volume, from 1; 0 where it is not scanned."""
    count: int = 0
    """Of the symbols that are scanned."""
    left_out: tuple[LeftOut, ...] = ()
    """Why it is not scanned."""


@dataclass(frozen=True, slots=True)
class Universe:
    """The symbols to scan, the most traded first, and all the others."""

    at: int
    """The venue's time, ms UTC."""
    listed: tuple[Listed, ...]
    left_out: tuple[LeftOut, ...] = ()
    """By symbol."""
    problem: str = ""
    """Why this is an older list than it should be; empty: it is none."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Chosen symbols that are not listed, each with what to say of it."""
    notices: tuple[str, ...] = ()
    """What a reader should know of how the rules were applied."""
    dropped: tuple[DroppedRow, ...] = ()
    """Rows of the venue's lists that make no sense."""
    gone: frozenset[str] = frozenset()
    """Symbols that are held, but have neither been listed nor had a ticker for some time."""

    @property
    def wanted(self) -> frozenset[str]:
        """Return the symbols that are here by name."""
        return frozenset(x.symbol for x in self.listed if x.is_wanted)

    def standing_of(self, symbol: str) -> ListStanding:
        """Return what is known of one symbol; nothing where it is not listed at all."""
        for place, listed in enumerate(self.listed, 1):
            if listed.symbol == symbol:
                return ListStanding(listed, place, len(self.listed))
        return ListStanding(left_out=tuple(x for x in self.left_out if x.symbol == symbol))

    def without(self, symbols: Collection[str], rule: Rule, detail: str) -> Universe:
        """Return the same without `symbols`, which are left out by `rule`."""
        found = (LeftOut(symbol, rule, detail) for symbol in symbols)
        return replace(
            self,
            listed=tuple(x for x in self.listed if x.symbol not in symbols),
            left_out=by_symbol((*self.left_out, *found)),
        )

    def kept(self, problem: str, held: Collection[str]) -> Universe:
        """Return the same, still in force because of `problem`, with all that is `held`."""
        known = {x.symbol for x in self.listed}
        missing = [
            Listed(x, None, Decimal(0), None, is_wanted=True, is_only_held=True)
            for x in held
            if x not in known
        ]
        return replace(self, listed=(*self.listed, *missing), problem=problem)


def by_symbol(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return `left_out` in the order of their symbols."""
    return tuple(sorted(left_out, key=lambda x: x.symbol))
