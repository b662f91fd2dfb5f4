"""What a paper run looks like at one moment: immutable, for whoever watches it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.events import Event
from divbot.domain.fills import Quote
from divbot.domain.ledger import Ledger
from divbot.domain.market import Interval, Market
from divbot.domain.positions import Position
from divbot.domain.signals import Opportunity

LATE = 120_000
"""From this age on, in ms, a report of the scanner is warned about."""


@dataclass(frozen=True, slots=True)
class ScannerView:
    """How the background scanner gets on; times are ms UTC of the market, 0 where never."""

    state: str
    """One of scanner.thread.Lifecycle."""
    scans: int = 0
    """How many reports were published."""
    as_of: int = 0
    published_at: int = 0
    symbols: int = 0
    """Scanned for the last report."""
    seconds: float = 0.0
    """Wall seconds that the last scan took."""
    open_to_trade: int = 0
    """Opportunities that the last report knows of."""
    opportunities: tuple[Opportunity, ...] = ()
    """Those that it shows, the best first."""
    error: str = ""
    """Why the last scan failed; empty: it did not."""
    notices: tuple[str, ...] = ()
    """What to know of how the last report came about."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One moment of a paper run."""

    at: int
    """ms UTC of the market."""
    venue: str
    market: Market
    interval: Interval
    is_simulated: bool
    ledger: Ledger
    quotes: Mapping[str, Quote]
    """Of the symbols that are held, as they were last seen."""
    scanner: ScannerView
    weight_used: int = 0
    """Request weight spent by this program in the last minute."""
    weight_limit: int = 0
    """Request weight a minute that this program allows itself."""
    waits_for: str = ""
    """What requests wait for now; empty: for nothing."""
    recent: tuple[Event, ...] = ()
    """The run's last events that are more than a valuation, the newest last."""
    problem: str = ""
    """What keeps the trader from trading now: no quotes, no journal ...; empty: nothing."""

    def price_of(self, position: Position) -> Decimal | None:
        """Return what `position` could be closed at now; None where nobody knows."""
        return self.prices.get(position.symbol)

    @property
    def prices(self) -> dict[str, Decimal]:
        """Return what is held could be sold at now, by symbol, where it is known."""
        return self.ledger.prices_in(self.quotes)

    @property
    def equity(self) -> Decimal:
        """Return cash, positions and dust at what they could be sold at now."""
        return self.ledger.equity_at(self.prices)

    @property
    def drawdown(self) -> Decimal:
        """Return by which part of its highest value the equity has fallen."""
        return self.ledger.drawdown_at(self.equity)

    @property
    def today(self) -> Decimal:
        """Return what the equity gained since the UTC day began; below zero: lost."""
        return self.equity - self.ledger.day_start(self.at, self.equity)

    @property
    def open_profit(self) -> Decimal:
        """Return what the open positions have come to so far: equity is balance + realised + this.

        On spot dust is besides: bought, but not of a trade. A position without a price counts with
        the last one that is known.
        """
        positions = self.ledger.positions.values()
        return sum((self._net(x, self.price_of(x) or x.last_price) for x in positions), Decimal(0))

    def profit_of(self, position: Position) -> Decimal | None:
        """Return what `position` has come to so far, but for the fee of closing it.

        Like the profit of a trade this counts the fee of the entry, and funding. None where nobody
        knows its price.
        """
        price = self.price_of(position)
        return None if price is None else self._net(position, price)

    def _net(self, position: Position, price: Decimal) -> Decimal:
        entered = self.ledger.opened_by[position.trade]
        return position.value_at(price) - entered.margin - entered.fill.fee
