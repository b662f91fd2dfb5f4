"""What can happen to a paper account, in the order in which it happened: the journal's words.

Every event is a fact of its own: nothing in it must be looked up elsewhere to apply it to a
ledger. Times are ms UTC of the market.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, TypeAlias

from divbot.domain.fills import Fill, Reason
from divbot.domain.market import Market
from divbot.domain.positions import Origin, Seen


@dataclass(frozen=True, slots=True)
class Started:
    """A run began, with an empty book; always the first event, and only the first."""

    kind: ClassVar[str] = "started"
    at: int
    venue: str
    market: Market
    interval: str
    is_simulated: bool
    balance: Decimal
    version: str

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return "started"


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run went on after its program had ended; how it is set up may have changed."""

    kind: ClassVar[str] = "resumed"
    at: int
    session: int
    """Which start of the program this is; the first is 1."""
    settings: dict[str, str]

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"resumed:{self.session}"


@dataclass(frozen=True, slots=True)
class Entered:
    """A position was opened."""

    kind: ClassVar[str] = "entered"
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

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"open:{self.symbol}:{self.origin.interval}:{self.origin.confirmed_at}"


@dataclass(frozen=True, slots=True)
class Funded:
    """Funding was paid (below zero) or received."""

    kind: ClassVar[str] = "funded"
    at: int
    """When it was due."""
    trade: int
    rate: Decimal
    mark_price: Decimal
    amount: Decimal
    liquidation: Decimal | None
    """Where the position is liquidated from now on."""

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"fund:{self.trade}:{self.at}"


@dataclass(frozen=True, slots=True)
class Trailed:
    """The stop of a position was moved behind the price."""

    kind: ClassVar[str] = "trailed"
    at: int
    trade: int
    stop: Decimal

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"trail:{self.trade}:{self.at}"


@dataclass(frozen=True, slots=True)
class Exited:
    """A position was closed."""

    kind: ClassVar[str] = "exited"
    at: int
    trade: int
    reason: Reason
    fill: Fill
    returned: Decimal
    """What came back to cash: margin, funding and profit less the fee; nothing of a liquidation."""

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"close:{self.trade}"


@dataclass(frozen=True, slots=True)
class Marked:
    """The account was valued, every few minutes; and how far candles have been looked at."""

    kind: ClassVar[str] = "marked"
    at: int
    equity: Decimal
    cash: Decimal
    checked_until: int
    """All 1m candles of all positions that open before this time have been looked at."""

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"mark:{self.at}"


@dataclass(frozen=True, slots=True)
class Paused:
    """Entries were paused, or (with no reason) go on."""

    kind: ClassVar[str] = "paused"
    at: int
    reason: str

    @property
    def key(self) -> str:
        """Return what may happen only once under this name."""
        return f"pause:{self.at}"


Event: TypeAlias = Started | Resumed | Entered | Funded | Trailed | Exited | Marked | Paused
