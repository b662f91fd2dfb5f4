"""A paper run once more on final candles: its sessions one after the other, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from divbot.domain.events import Entered, Event, Exited, Funded, SessionBegan
from divbot.domain.fills import Basis, Fill, Quote
from divbot.domain.market import Interval
from divbot.domain.minutes import FundingRate
from divbot.history.funding import FundingTrack
from divbot.research.backtest import PastTrader, Period, run
from divbot.research.moments import Moments
from divbot.research.port import PastPrices, PastReports, Prices, Settlements
from divbot.research.venue import PastTrading, Spreads
from divbot.trading.engine.engine import TradingRules
from divbot.trading.journal.journal import Journal

_NEAR = 0.02
"""By which part of a price a quote that the run saw may lie beside its candle's open."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One session: how the run was set up from its start to the next one's."""

    session: int
    begun_at: int
    """When the program started, ms UTC."""
    period: Period
    reports: PastReports
    rules: TradingRules
    check_interval: int
    """ms"""
    is_listed: Callable[[str, int], bool]
    """Tells whether a symbol is on the list at a close."""


def rerun(
    legs: Sequence[Leg], venue: PastTrading, journal: Journal, progress: Callable[[int], None]
) -> None:
    """Trade the `legs` into `journal`, which goes on from one to the next."""
    for leg in legs:
        journal.write(SessionBegan(leg.period.start, leg.session, {}, {}))
        venue.quiet_until = {}
        desk = PastTrader(
            venue,
            leg.reports,
            journal,
            leg.rules,
            leg.check_interval,
            leg.period,
            tell=lambda *_, **__: None,
            on_event=lambda *_: None,
        )
        run(desk, Moments(desk), progress)


class PricesOfRun:
    """The prices of a history; funding that it does not tell as the run's own journal tells it."""

    def __init__(self, prices: PastPrices, events: Iterable[Event]) -> None:
        self._prices = prices
        symbols: dict[int, str] = {}
        paid: dict[str, dict[int, FundingRate]] = {}
        for event in events:
            if isinstance(event, Entered):
                symbols[event.trade] = event.symbol
            if isinstance(event, Funded):
                rate = FundingRate(event.settled_at, event.rate, event.mark_price)
                paid.setdefault(symbols[event.trade], {})[event.settled_at] = rate
        self._paid = {x: FundingTrack.told(tuple(y.values())) for x, y in paid.items()}

    def candles(self, symbol: str, interval: Interval, start: int, end: int) -> Prices:
        """Return the candles that open in the range."""
        return self._prices.candles(symbol, interval, start, end)

    def marks(self, symbol: str, start: int, end: int, interval: Interval) -> Prices:
        """Return the candles of the mark price that open in the range."""
        return self._prices.marks(symbol, start, end, interval)

    def funding(self, symbol: str, start: int, end: int) -> Settlements:
        """Return the settlements in the range."""
        found = self._prices.funding(symbol, start, end)
        return found if len(found.settled_at) else self._paid.get(symbol, found)


def fills_of(events: Iterable[Event]) -> list[tuple[str, Fill]]:
    """Return all fills, each with its symbol."""
    symbols: dict[int, str] = {}
    found = []
    for event in events:
        if isinstance(event, Entered):
            symbols[event.trade] = event.symbol
        if isinstance(event, Entered | Exited):
            found.append((symbols[event.trade], event.fill))
    return found


def quote_of(fill: Fill) -> Quote:
    """Return the quote that a fill was made at."""
    bid, ask = fill.basis_prices
    return Quote(bid, ask, fill.basis_at)


class QuotesOfRun:
    """Bid and ask as the run saw them where it tells; elsewhere by the spread that it met."""

    def __init__(self, fills: Iterable[tuple[str, Fill]], usual: Decimal) -> None:
        self._known: dict[tuple[str, int], Quote] = {}
        spreads: dict[str, list[Decimal]] = {}
        for symbol, fill in fills:
            if fill.basis is Basis.QUOTE:
                quote = quote_of(fill)
                self._known[symbol, quote.at] = quote
                spreads.setdefault(symbol, []).append((quote.ask - quote.bid) / quote.middle)
        self._spreads = Spreads(
            median([y for x in spreads.values() for y in x]) if spreads else usual,
            {symbol: median(x) for symbol, x in spreads.items()},
        )
        self._seen = frozenset(symbol for symbol, _ in self._known)

    def quote(self, symbol: str, price: Decimal, at: int) -> Quote:
        """Return bid and ask at `at`, where the last price is `price`."""
        return self._known.get((symbol, at)) or self._spreads.quote(symbol, price, at)

    def reach(self, symbol: str) -> float:
        """Return how far from the price each of them is at most, as a part of it."""
        return max(self._spreads.reach(symbol), _NEAR if symbol in self._seen else 0.0)
