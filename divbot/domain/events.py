"""What can happen to a paper account, in the order in which it happened: the journal's words.

Every event is a fact of its own: nothing in it must be looked up elsewhere to apply it to a
ledger. Times are ms UTC of the market.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, TypeAlias

from divbot.domain.fills import Costs, Fill, Reason
from divbot.domain.market import Market
from divbot.domain.positions import Origin, Seen
from divbot.domain.risk import Limit, loss_at_stop


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
    address: str | None = None
    """Where the venue was found; None in the oldest journals."""
    number: int = 0
    """Counts the runs of a folder as they began, whatever the clocks said; 0: nobody counted."""


@dataclass(frozen=True, slots=True)
class Resumed(_Happened):
    """A run went on after its program had ended; how it is set up may have changed."""

    kind: ClassVar[str] = "resumed"
    key_form: ClassVar[str] = "resumed:{0.session}"
    at: int
    session: int
    """Which start of the program this is; the first is 1."""
    settings: dict[str, str]
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
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
    risk: Decimal | None = None
    """1 R: what a plain stop loses, costs and all; this and the rest are None in older journals."""
    limited_by: Limit | None = None
    """What kept the position from being larger."""
    paid: Decimal | None = None
    """All that was taken from cash, that for dust included; None: margin and fee."""
    dust: Decimal | None = None
    """On spot: the part of a step that is left over of the symbol, and held besides."""

    @property
    def planned_loss(self) -> Decimal:
        """Return 1 R; of an older journal, about that, from what the entry itself cost."""
        if self.risk is not None:
            return self.risk
        fill = self.fill
        # On spot, what was left over from a whole step was a part of the fee.
        is_known = self.quantity == fill.quantity
        costs = Costs(
            fee=fill.fee / fill.notional if is_known else Decimal(0),
            slippage=abs(fill.price - fill.requested) / fill.requested,
        )
        return loss_at_stop(
            fill.side, self.quantity, fill.price, self.stop, costs, None, paid=fill.fee
        )

    @property
    def taken(self) -> Decimal:
        """Return what was taken from cash."""
        return self.margin + self.fill.fee if self.paid is None else self.paid


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
    settled_at: int | None = None
    """The venue's own time for it; None in journals that did not keep it."""


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
    """The account was valued, every few minutes; and how far candles have been looked at."""

    kind: ClassVar[str] = "marked"
    key_form: ClassVar[str] = "mark:{0.at}"
    at: int
    equity: Decimal
    cash: Decimal
    checked_until: int
    """All 1m candles of all positions that open before this time have been looked at."""
    prices: dict[str, Decimal] = field(default_factory=dict)
    """What was held could be sold at, by symbol, as far as that was known."""
    benchmark: Decimal | None = None
    """The middle of bid and ask of the market's benchmark; None: not quoted, or not written yet."""


@dataclass(frozen=True, slots=True)
class Paused(_Happened):
    """Entries were paused, or (with no reason) go on."""

    kind: ClassVar[str] = "paused"
    key_form: ClassVar[str] = "pause:{0.at}"
    at: int
    reason: str


Event: TypeAlias = Started | Resumed | Entered | Funded | Trailed | Exited | Marked | Paused
