"""The account: what all events together come to. Pure; a refused event changes nothing.

One module, though a long one: what an account is, what it is worth, and what each event makes of
it. A rule that stands apart from the fields that it changes is one that forgets some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.errors import LedgerError
from divbot.domain.events import (
    Entered,
    Event,
    Exited,
    Funded,
    Marked,
    Paused,
    SessionBegan,
    Started,
    Trailed,
)
from divbot.domain.fills import Quote
from divbot.domain.history import History
from divbot.domain.money import round_down
from divbot.domain.positions import Position
from divbot.domain.signals import Side
from divbot.domain.trades import AnyTrade, ClosedTrade, OpenTrade

T = TypeVar("T")
K = TypeVar("K", int, str)

ZERO = Decimal(0)
ADDRESS = "base_url"
"""The setting under which a session keeps the address of its venue."""


@dataclass(frozen=True, slots=True)
class Dust:
    """What is left over of a symbol on spot: less than a step, and held until its next entry."""

    quantity: Decimal
    price: Decimal
    """The last one that is known of the symbol."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Cash, open positions and closed trades after some events."""

    start: Started | None = None
    sessions: int = 0
    resumed: SessionBegan | None = None
    """How the last session began."""
    cash: Decimal = ZERO
    positions: Mapping[int, Position] = field(default_factory=lambda: MappingProxyType({}))
    opened_by: Mapping[int, Entered] = field(default_factory=lambda: MappingProxyType({}))
    """How each open position was opened."""
    funding: Mapping[int, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    """What each open position received (below zero: paid) so far."""
    dust: Mapping[str, Dust] = field(default_factory=lambda: MappingProxyType({}))
    closed: History[ClosedTrade] = field(default_factory=History)
    closed_in: Mapping[str, tuple[ClosedTrade, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The same by symbol."""
    realised: Decimal = ZERO
    """The profit of all closed trades, costs and all."""
    equity: Decimal = ZERO
    """As it was last valued."""
    valued_at: int = 0
    """When that was."""
    change: Decimal = ZERO
    """What entries, exits and funding have made of it since, at the prices of that time."""
    peak: Decimal = ZERO
    """The highest equity so far."""
    day: int = 0
    """The newest UTC day that an event is of, in days since 1970."""
    day_equity: Decimal = ZERO
    """The equity that this day began with: see day_start."""
    paused: str = ""
    """Why there are no entries; empty: there are."""
    paused_at: int = 0
    """When that began."""
    at: int = 0

    @property
    def address(self) -> str | None:
        """Return where the venue is found; None where nobody wrote it down."""
        if self.start is not None and self.start.address is not None:
            return self.start.address
        return self.resumed.settings.get(ADDRESS) if self.resumed is not None else None

    @property
    def next_trade(self) -> int:
        """Return the number of the next trade."""
        return len(self.closed) + len(self.positions) + 1

    @property
    def symbols(self) -> frozenset[str]:
        """Return the symbols that are held."""
        return frozenset(x.symbol for x in self.positions.values())

    @property
    def open_trades(self) -> tuple[OpenTrade, ...]:
        """Return the trades that are not over, in the order in which they were opened."""
        return tuple(self.open_trade(number) for number in sorted(self.positions))

    @property
    def trades(self) -> tuple[AnyTrade, ...]:
        """Return all trades in the order in which they were opened."""
        return tuple(sorted((*self.closed, *self.open_trades), key=lambda x: x.number))

    def open_trade(self, number: int) -> OpenTrade:
        """Return an open position as a trade."""
        funding = self.funding.get(number, ZERO)
        return OpenTrade.of(self.opened_by[number], self.positions[number], funding)

    def equity_at(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Return cash, positions and dust, each valued at the price of its symbol in `prices`.

        A position or dust without a price counts with the last one that is known.
        """
        positions = (
            x.value_at(prices.get(x.symbol, x.last_price)) for x in self.positions.values()
        )
        return self.cash + sum(positions, ZERO) + self.dust_worth(prices)

    def dust_worth(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Return what all dust is worth, valued like that."""
        worths = (
            round_down(x.quantity * prices.get(symbol, x.price)) for symbol, x in self.dust.items()
        )
        return sum(worths, ZERO)

    def prices_in(self, quotes: Mapping[str, Quote]) -> dict[str, Decimal]:
        """Return what each position could be closed at, and dust be sold at, where it is known."""
        sides = dict.fromkeys(self.dust, Side.SELL) | {
            x.symbol: x.exit_side for x in self.positions.values()
        }
        return {
            symbol: quote.touched_by(side)
            for symbol, side in sides.items()
            if (quote := quotes.get(symbol)) and quote.is_valid
        }

    def day_start(self, at: int, equity: Decimal) -> Decimal:
        """Return what the account was worth when the UTC day of `at` began.

        It is worth `equity` at `at`. Where it was not valued for whole days, what prices did
        meanwhile belongs to those days, and the day begins with all of it.
        """
        known = self.equity + self.change
        began = known if at // DAY > self.day else self.day_equity
        was_away = at // DAY - self.valued_at // DAY > 1
        return began + equity - known if was_away else began

    def drawdown_at(self, equity: Decimal) -> Decimal:
        """Return by which part of its peak the account has fallen, if it is worth `equity`."""
        peak = max(self.peak, equity)
        return (peak - equity) / peak if peak > 0 else ZERO

    def holding(self, symbol: str) -> Position | None:
        """Return the open position in `symbol`."""
        return next((x for x in self.positions.values() if x.symbol == symbol), None)

    def apply(self, event: Event) -> Ledger:
        """Return the account after `event`; raise LedgerError where that cannot have happened."""
        if (self.start is None) is not isinstance(event, Started):
            raise LedgerError(f"expected the start of a run as its first event, found {event.kind}")
        if event.at < self.at and not isinstance(event, Exited | Funded | Trailed):
            raise LedgerError(f"{event.kind} at {event.at}: expected {self.at} or later")
        begun = self._on_day(event.at // DAY)
        return replace(begun._counted(event), at=max(self.at, event.at))  # noqa: SLF001 - its own kind

    def _on_day(self, day: int) -> Ledger:
        """Return the same account on `day`, which may have begun meanwhile."""
        if day <= self.day:
            return self
        return replace(self, day=day, day_equity=self.equity + self.change)

    def _counted(self, event: Event) -> Ledger:
        """Apply `event`, and count what it comes to on its own day, however late it is known."""
        applied = self._applied(event)
        if not isinstance(event, Entered | Funded | Exited):
            return applied
        change = applied.equity_at({}) - self.equity_at({})
        is_earlier = event.at // DAY < self.day
        return replace(
            applied,
            change=self.change + change,
            day_equity=self.day_equity + (change if is_earlier else ZERO),
        )

    def _applied(self, event: Event) -> Ledger:
        match event:
            case Started():
                return self._started(event)
            case SessionBegan():
                return replace(self, sessions=event.session, resumed=event)
            case Entered():
                return self._entered(event)
            case Funded():
                return self._funded(event)
            case Trailed():
                return self._trailed(event)
            case Exited():
                return self._exited(event)
            case Marked():
                return self._marked(event)
            case Paused():
                return replace(self, paused=event.reason, paused_at=event.at)

    def _started(self, event: Started) -> Ledger:
        if event.balance <= 0:
            raise LedgerError(f"expected a balance above 0, found {event.balance}")
        balance = event.balance
        return replace(
            self,
            start=event,
            cash=balance,
            equity=balance,
            valued_at=event.at,
            peak=balance,
            day_equity=balance,
        )

    def _entered(self, event: Entered) -> Ledger:
        if event.trade != self.next_trade:
            raise LedgerError(f"expected trade {self.next_trade}, found {event.trade}")
        if self.holding(event.symbol):
            raise LedgerError(f"{event.symbol}: a position is open already")
        cash = self.cash - event.paid
        if cash < 0:
            raise LedgerError(f"{event.symbol}: not enough cash, {-cash} missing")
        position = Position(
            trade=event.trade,
            symbol=event.symbol,
            side=event.fill.side,
            quantity=event.quantity,
            entry_price=event.fill.price,
            leverage=event.leverage,
            margin=event.margin,
            stop=event.stop,
            first_stop=event.stop,
            target=event.target,
            trail=event.trail,
            liquidation=event.liquidation,
            opened_at=event.at,
            checked_until=event.at // MINUTE * MINUTE,
            funded_until=event.at,
            seen=event.seen,
            tick=event.tick,
            origin=event.origin,
            last_price=event.fill.price,
            last_price_at=event.at,
        )
        entered = replace(
            self,
            cash=cash,
            opened_by=_put(self.opened_by, event.trade, event),
            dust=_left_over(self.dust, event.symbol, event.dust, event.fill.price),
        )
        return entered._with(position)  # noqa: SLF001 - its own kind

    def _funded(self, event: Funded) -> Ledger:
        position = self._open(event)
        if event.at <= position.funded_until:
            raise LedgerError(f"trade {event.trade}: funding of {event.at} was paid already")
        paid = position.funded(event.at, event.amount, event.liquidation)
        if paid.margin < 0:
            raise LedgerError(f"trade {event.trade}: funding of {event.amount} exceeds its margin")
        so_far = self.funding.get(event.trade, ZERO) + event.amount
        funded = replace(self, funding=_put(self.funding, event.trade, so_far))
        return funded._with(paid)  # noqa: SLF001 - its own kind

    def _trailed(self, event: Trailed) -> Ledger:
        position = self._open(event)
        if position.sign * (event.stop - position.stop) <= 0:
            raise LedgerError(f"trade {event.trade}: a stop follows the price one way only")
        return self._with(position.trailed(event.at, event.stop))

    def _exited(self, event: Exited) -> Ledger:
        position = self._open(event)
        if event.returned < 0:
            raise LedgerError(f"trade {event.trade}: expected to lose its margin at most")
        trade = self.open_trade(event.trade).closed_by(event)
        left = self.dust[position.symbol].quantity if position.symbol in self.dust else ZERO
        return replace(
            self,
            cash=self.cash + event.returned,
            positions=_without(self.positions, event.trade),
            opened_by=_without(self.opened_by, event.trade),
            funding=_without(self.funding, event.trade),
            dust=_left_over(self.dust, position.symbol, left, event.fill.price),
            closed=self.closed.plus(trade),
            closed_in=_put(
                self.closed_in, trade.symbol, (*self.closed_in.get(trade.symbol, ()), trade)
            ),
            realised=self.realised + trade.profit,
        )

    def _marked(self, event: Marked) -> Ledger:
        positions = {trade: _marked(x, event) for trade, x in self.positions.items()}
        dust = {
            symbol: replace(x, price=event.prices.get(symbol, x.price))
            for symbol, x in self.dust.items()
        }
        return replace(
            self,
            positions=MappingProxyType(positions),
            dust=MappingProxyType(dust),
            equity=event.equity,
            valued_at=event.at,
            change=ZERO,
            peak=max(self.peak, event.equity),
            day_equity=self.day_start(event.at, event.equity),
        )

    def _open(self, event: Funded | Trailed | Exited) -> Position:
        if event.trade not in self.positions:
            raise LedgerError(f"{event.kind}: trade {event.trade} is not open")
        return self.positions[event.trade]

    def _with(self, position: Position) -> Ledger:
        return replace(self, positions=_put(self.positions, position.trade, position))


def _marked(position: Position, event: Marked) -> Position:
    checked_until = max(position.checked_until, event.checked_until)
    price = event.prices.get(position.symbol)
    if price is None:
        return replace(position, checked_until=checked_until)
    return replace(position, checked_until=checked_until, last_price=price, last_price_at=event.at)


def fold(events: Iterable[Event]) -> Ledger:
    """Return the account after `events`; raise LedgerError where one cannot have happened."""
    ledger = Ledger()
    for event in events:
        ledger = ledger.apply(event)
    return ledger


def _left_over(
    dust: Mapping[str, Dust], symbol: str, quantity: Decimal, price: Decimal
) -> Mapping[str, Dust]:
    """Return all dust after a trade in `symbol` at `price` that leaves over `quantity`."""
    return _put(dust, symbol, Dust(quantity, price)) if quantity else _without(dust, symbol)


def _put(mapping: Mapping[K, T], key: K, value: T) -> Mapping[K, T]:
    return MappingProxyType({**mapping, key: value})


def _without(mapping: Mapping[K, T], key: K) -> Mapping[K, T]:
    return MappingProxyType({k: v for k, v in mapping.items() if k != key})
