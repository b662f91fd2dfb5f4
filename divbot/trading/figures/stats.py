"""How a paper run did, from its events alone. Pure; money is Decimal, ratios are floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.durations import DAY
from divbot.domain.events import Event, Paused
from divbot.domain.ledger import Ledger
from divbot.domain.trades import OpenTrade
from divbot.trading.figures.benchmark import MarketChange, market_change
from divbot.trading.figures.breakdown import By, TradeGroup, breakdown
from divbot.trading.figures.costs import Paid, paid_for
from divbot.trading.figures.curve import Valuation, equity_curve
from divbot.trading.figures.drawdown import Drawdown, maximum_drawdown
from divbot.trading.figures.returns import (
    DailyReturns,
    Metric,
    annual_return,
    calmar,
    daily_returns,
    sharpe,
    sortino,
)
from divbot.trading.figures.tally import Tally, tally


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of one run; times in ms UTC."""

    curve: tuple[Valuation, ...]
    closed: Tally
    open_trades: tuple[OpenTrade, ...]
    by: Mapping[By, tuple[TradeGroup, ...]]
    """The closed trades again, put together in each way."""
    market: MarketChange | None
    """What the market did meanwhile; None where the journal does not know it."""
    until: int
    """When the last event happened."""
    sessions: int
    pause: Paused | None
    """Since when, and why, entries are paused at the end; None: they are not."""
    exposure: float | None
    """The part of the time with at least one open position; None: no time has passed."""
    daily: DailyReturns
    drawdown: Drawdown | None
    """The maximum one; None: the equity never fell."""
    annual_return: Metric
    sharpe: Metric
    sortino: Metric
    calmar: Metric

    @property
    def since(self) -> int:
        """Return when the run began."""
        return self.curve[0].at

    @property
    def balance(self) -> Decimal:
        """Return what the run began with."""
        return self.curve[0].equity

    @property
    def last(self) -> Valuation:
        """Return the account as it was last valued."""
        return self.curve[-1]

    @property
    def total_return(self) -> float:
        """Return the part of the balance that the equity has gained, open positions included."""
        return float(self.last.equity / self.balance) - 1

    def part(self, profit: Decimal) -> float:
        """Return `profit` as a part of the balance that the run began with."""
        return float(profit / self.balance)

    @property
    def paid(self) -> Paid:
        """Return what all trades cost, closed and open."""
        return self.closed.paid + paid_for(self.open_trades)

    @property
    def trades_a_day(self) -> float | None:
        """Return how many trades were closed on a day; None: no time has passed."""
        passed = (self.until - self.since) / DAY
        return self.closed.trades / passed if passed else None

    @property
    def days_won(self) -> int:
        """Return how many UTC days had closed trades that brought something."""
        return sum(x.tally.profit > 0 for x in self.by[By.DAY])

    @property
    def days_lost(self) -> int:
        """Return how many UTC days had closed trades that lost something."""
        return sum(x.tally.profit < 0 for x in self.by[By.DAY])

    @property
    def lowest(self) -> Valuation:
        """Return the account when it was worth least."""
        return min(self.curve, key=lambda x: x.equity)

    @property
    def highest(self) -> Valuation:
        """Return the account when it was worth most."""
        return max(self.curve, key=lambda x: x.equity)

    @property
    def best_day(self) -> TradeGroup | None:
        """Return the UTC day whose closed trades brought most; None without a trade."""
        return max(self.by[By.DAY], key=lambda x: x.tally.profit, default=None)

    @property
    def worst_day(self) -> TradeGroup | None:
        """Return the UTC day whose closed trades brought least; None without a trade."""
        return min(self.by[By.DAY], key=lambda x: x.tally.profit, default=None)


def measure(events: Sequence[Event], ledger: Ledger) -> Stats:
    """Return the figures of the run that `events` tell and `ledger` is the end of."""
    curve = equity_curve(events, ledger)
    daily = daily_returns(curve)
    drawdown = maximum_drawdown(curve)
    annual = annual_return(curve)
    return Stats(
        curve=curve,
        closed=tally(ledger.closed),
        open_trades=ledger.open_trades,
        by={by: breakdown(ledger.closed, by) for by in By},
        market=market_change(events),
        until=ledger.at,
        sessions=ledger.sessions,
        pause=_pause(events),
        exposure=exposure(ledger, curve[0].at),
        daily=daily,
        drawdown=drawdown,
        annual_return=annual,
        sharpe=sharpe(daily),
        sortino=sortino(daily),
        calmar=calmar(annual, drawdown),
    )


def _pause(events: Sequence[Event]) -> Paused | None:
    """Return the first of the pauses for one reason that stand at the end."""
    found: Paused | None = None
    for event in events:
        if isinstance(event, Paused) and (found is None or event.reason != found.reason):
            found = event
    return found if found and found.reason else None


def exposure(ledger: Ledger, since: int) -> float | None:
    """Return the part of the time from `since` to the last event that had an open position."""
    held = [(x.opened_at, x.closed_at) for x in ledger.closed]
    held += [(x.opened_at, ledger.at) for x in ledger.positions.values()]
    held_ms, counted_until = 0, since
    for opened, closed in sorted(held):
        held_ms += max(closed - max(opened, counted_until), 0)
        counted_until = max(counted_until, closed)
    return held_ms / (ledger.at - since) if ledger.at > since else None
