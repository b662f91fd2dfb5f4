"""What a scan finds: divergences, and the opportunities that come of the fresh ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from divbot.domain.market import Instrument, Interval

_NORMAL_95 = 1.6449
"""Standard errors that a normal variate stays below 95 times in 100."""


class Side(StrEnum):
    """What a signal says to do."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """Return 1 to buy, -1 to sell: the way that the price is to go."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """Return what ends a position that this began."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Kind(StrEnum):
    """The four divergences; docs/signals.md says what each compares."""

    REGULAR_BULLISH = "regular_bullish"
    HIDDEN_BULLISH = "hidden_bullish"
    REGULAR_BEARISH = "regular_bearish"
    HIDDEN_BEARISH = "hidden_bearish"

    @property
    def side(self) -> Side:
        """Return what the divergence says to do."""
        return Side.BUY if self.value.endswith("bullish") else Side.SELL


@dataclass(frozen=True, slots=True)
class Divergence:
    """Price and RSI disagreed between two pivots; times are open times of candles, ms UTC."""

    symbol: str
    kind: Kind
    previous_pivot: int
    pivot: int
    confirmed: int
    """The candle whose close made the pivot known; nobody could act before that close."""


NO_TREND = 0.6
"""How far chance alone takes a price, in ATRs over the root of the candles: less is no trend."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What one interval says of a symbol."""

    interval: Interval
    at: int = 0
    """The close of its newest final candle, ms UTC; 0: nothing is known."""
    trend: float = 0.0
    """How far the price went lately, up or (below 0) down, over what chance makes: see NO_TREND."""
    kind: Kind | None = None
    """Of its last divergence within the horizon; None: there is none."""
    age: int = 0
    """Candles closed since that was confirmed."""

    @property
    def way(self) -> str:
        """Return the trend in a word."""
        return "flat" if abs(self.trend) < NO_TREND else "up" if self.trend > 0 else "down"

    def allows(self, side: Side) -> bool:
        """Tell whether it is known, and neither trend nor divergence speaks against `side`."""
        goes_against = self.way == ("down" if side is Side.BUY else "up")
        says_otherwise = self.kind is not None and self.kind.side is not side
        return bool(self.at) and not goes_against and not says_otherwise


@dataclass(frozen=True, slots=True)
class Signal:
    """A divergence with the figures around it, as a worker measured them."""

    divergence: Divergence
    rsi_previous: float
    rsi: float
    """At the two pivots."""
    price_previous: float
    price: float
    """At the two pivots: lows of a bullish divergence, highs of a bearish one."""
    confirmed_close: float
    confirmed_atr: float
    highest_since: float
    lowest_since: float
    """Over the final candles after the confirming one; of none, the confirming close."""
    last_close: float
    last_atr: float
    """Of the symbol's newest final candle."""
    extreme: float
    """The more extreme RSI of the two pivots: the lower one to buy, 100 less the higher to sell."""
    trend: float
    """How far the price went the signal's way before its confirmation, over what chance makes."""
    line_of_sight: float
    """How clear the lines between the pivots are: 1 for price and RSI, 0.5 for one, 0 for none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is to be expected of a signal, traded as planned; see scanner.evidence."""

    confidence: float
    """How likely the target is reached before the stop and within the horizon: 0 to 1."""
    error: float
    """The standard error of it."""
    expectancy: float
    """The mean result in R, after fees and slippage."""
    cases: int
    """How many samples of its market and interval were counted for it; 0: chance alone counts."""

    @property
    def low(self) -> float:
        """Return the hit rate that the true one is not below, with a probability of 95 %."""
        return max(self.confidence - _NORMAL_95 * self.error, 0.0)

    @property
    def high(self) -> float:
        """Return the hit rate that the true one is not above, with a probability of 95 %."""
        return min(self.confidence + _NORMAL_95 * self.error, 1.0)


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One reason for a score: how much of it was earned (0 to 1), and how much it counts."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A fresh divergence that can still be traded, with a plan for it."""

    rank: int
    divergence: Divergence
    side: Side
    score: float
    """0 to 10"""
    parts: tuple[ScorePart, ...]
    evidence: Evidence | None
    """What became of the past ones; None where none has ended yet."""
    rsi_previous: float
    rsi: float
    pivot_price_previous: Decimal
    pivot_price: Decimal
    price: Decimal
    """The close of the newest final candle: what an entry now is measured against."""
    atr_percent: float
    stop: Decimal
    target: Decimal
    reward_risk: float
    """From `price` to the target, over from `price` to the stop."""
    age: int
    """Candles closed since the confirming one; 0 is confirmed just now."""
    confirmed_at: int
    """The close of the confirming candle, ms UTC."""
    quote_volume: Decimal
    spread: Decimal | None
    instrument: Instrument | None
    """How its symbol is listed."""
    higher: tuple[Stance, ...] | None = None
    """What each longer interval says of its symbol, the shortest first; None: it was scanned at
    one interval alone."""

    @property
    def is_aligned(self) -> bool:
        """Tell whether no longer interval speaks against it."""
        return all(x.allows(self.side) for x in self.higher or ())


@dataclass(frozen=True, slots=True)
class Findings:
    """What one scan found for a trader."""

    version: int
    """Counts the scans of a program; the first is 1."""
    at: int
    """When the scan began, ms UTC of the market."""
    interval: Interval
    open_to_trade: tuple[Opportunity, ...] = ()
    """What can be traded of what was asked for, the best first."""
    fresh: tuple[Divergence, ...] = ()
    """All that was confirmed lately, whatever was asked for and can be traded."""
    held: Mapping[str, Instrument | None] = field(default_factory=dict)
    """How the symbols that are held are listed; None: no more. Of others nothing is known."""
