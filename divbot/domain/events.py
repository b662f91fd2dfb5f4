"""What can happen to a paper account, in the order in which it happened: the journal's words.

Every event is a fact of its own: nothing in it must be looked up elsewhere to apply it to a
ledger. Times are ms UTC of the market.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, TypeAlias

from divbot.domain.fills import Fill, Reason
from divbot.domain.market import Market
from divbot.domain.positions import Origin, Seen
from divbot.domain.risk import Limit

HISTORY = "history"
"""The address of the past: of a run that was traded on candles long final."""
DEMO = "demo"
"""The address of all demos: each has a port of its own, and the same market."""


class Nature(StrEnum):
    """What kind of prices a run is traded on."""

    LIVE = "live"
    DEMO = "demo"
    SIMULATED = "simulated"
    """On a local exchange that is no demo's."""
    HISTORY = "history"


class _Happened:
    """What all events have: a kind, and a key under which they happen only once."""

    __slots__ = ()

    kind: ClassVar[str]
    key_form: ClassVar[str]
    """The key, with places for the event's own fields."""

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return self.key_form.format(self)


@dataclass(frozen=True, slots=True)
class Started(_Happened):
    """A run began, with an empty book; always the first event, and only the first."""

    kind: ClassVar[str] = "started"
    key_form: ClassVar[str] = "started"
    at: int
    venue: str
    market: Market
    interval: str
    is_simulated: bool
    balance: Decimal
    version: str
    address: str | None
    """Where the venue was found; None: it was not kept, and the next session tells it."""
    number: int
    """Counts the runs of a folder as they began, whatever the clocks said; 0: nobody counted."""

    @property
    def nature(self) -> Nature:
        """Return what kind of prices the run is traded on."""
        if self.address == HISTORY:
            return Nature.HISTORY
        if self.address == DEMO:
            return Nature.DEMO
        return Nature.SIMULATED if self.is_simulated else Nature.LIVE

    @property
    def notice(self) -> str:
        """Return what a reader must not overlook."""
        told = {
            "HISTORY": self.nature is Nature.HISTORY,
            "DEMO": self.nature is Nature.DEMO,
            "LIVE PRICES": self.nature is Nature.LIVE,
            "SIMULATED PRICES": self.is_simulated,
        }
        return ", ".join(words for words, is_so in told.items() if is_so)


@dataclass(frozen=True, slots=True)
class SessionBegan(_Happened):
    """A session began: the first one, or a later one that may be set up in another way."""

    kind: ClassVar[str] = "resumed"
    key_form: ClassVar[str] = "resumed:{0.session}"
    at: int
    session: int
    """Which start of the program this is; the first is 1."""
    settings: dict[str, str]
    changed: dict[str, tuple[str, str]]
    """Of those that are another now: what they were, and what they are."""


@dataclass(frozen=True, slots=True)
class Entered(_Happened):
    """A position was opened."""

    kind: ClassVar[str] = "entered"
    key_form: ClassVar[str] = "open:{0.symbol}:{0.origin.interval}:{0.origin.confirmed_at}"
    at: int
    trade: int
    """Counts from 1."""
    symbol: str
    fill: Fill
    quantity: Decimal
    """What is held: on spot a part of what was bought pays the fee."""
    leverage: int
    margin: Decimal
    """Taken from cash besides the fee."""
    stop: Decimal
    target: Decimal
    trail: Decimal | None
    liquidation: Decimal | None
    seen: Seen | None
    tick: Decimal | None
    origin: Origin
    risk: Decimal
    """1 R: what a plain stop loses, costs and all."""
    limited_by: Limit | None
    """What kept the position from being larger; None: it was not kept."""
    paid: Decimal
    """All that was taken from cash: margin, fee, and on spot what was paid for dust."""
    dust: Decimal
    """On spot: the part of a step that is left over of the symbol, and held besides."""


@dataclass(frozen=True, slots=True)
class Funded(_Happened):
    """Funding was paid (below zero) or received.

    A settlement is known by its minute: the venue's own time for it is some milliseconds later.
    """

    kind: ClassVar[str] = "funded"
    key_form: ClassVar[str] = "fund:{0.trade}:{0.at}"
    at: int
    """The minute at whose beginning it was due."""
    trade: int
    rate: Decimal
    mark_price: Decimal
    amount: Decimal
    liquidation: Decimal | None
    """Where the position is liquidated from now on."""
    settled_at: int
    """The venue's own time for it."""


@dataclass(frozen=True, slots=True)
class Trailed(_Happened):
    """The stop of a position was moved behind the price."""

    kind: ClassVar[str] = "trailed"
    key_form: ClassVar[str] = "trail:{0.trade}:{0.at}"
    at: int
    trade: int
    stop: Decimal


@dataclass(frozen=True, slots=True)
class Exited(_Happened):
    """A position was closed."""

    kind: ClassVar[str] = "exited"
    key_form: ClassVar[str] = "close:{0.trade}"
    at: int
    trade: int
    reason: Reason
    fill: Fill
    returned: Decimal
    """What came back to cash: margin, funding and profit less the fee; nothing of a liquidation."""


@dataclass(frozen=True, slots=True)
class Marked(_Happened):
    """The account was valued, every few minutes; and how far candles have been checked."""

    kind: ClassVar[str] = "marked"
    key_form: ClassVar[str] = "mark:{0.at}"
    at: int
    equity: Decimal
    cash: Decimal
    checked_until: int
    """All 1m candles of all positions that open before this time have been checked."""
    prices: dict[str, Decimal]
    """What was held could be sold at, by symbol, as far as that was known."""
    benchmark: Decimal | None
    """The middle of bid and ask of the market's benchmark; None: nobody quoted it."""


@dataclass(frozen=True, slots=True)
class Paused(_Happened):
    """Entries were paused, or (with no reason) go on."""

    kind: ClassVar[str] = "paused"
    key_form: ClassVar[str] = "pause:{0.at}"
    at: int
    reason: str


Event: TypeAlias = Started | SessionBegan | Entered | Funded | Trailed | Exited | Marked | Paused
