"""The statistics of a run in blocks of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import (
    change,
    harmless,
    money,
    multiple,
    percent,
    ratio,
    signed,
    span,
    words,
)
from divbot.cli.lines import ASSET
from divbot.cli.recorded import heading, start_of
from divbot.domain.clock import utc_text
from divbot.domain.ledger import DAY
from divbot.domain.market import BENCHMARK
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.benchmark import MarketChange
from divbot.trading.figures.breakdown import By, TradeGroup, breakdown
from divbot.trading.figures.costs import Paid
from divbot.trading.figures.drawdown import Drawdown
from divbot.trading.figures.returns import Metric
from divbot.trading.figures.stats import Stats
from divbot.trading.figures.tally import Tally
from divbot.trading.journal.journal import Recorded

_NAME_WIDTH = 20
_SHOWN = (By.SIDE, By.KIND, By.REASON, By.SYMBOL)
"""Days are there for the asking."""
_MOST_GROUPS = 10
"""Of a longer table the best and the worst are shown."""
_WIDTH = 80


_KINDS = ("slippage", "funding", "fees")
_LEFT_OUT_FIRST = (*_KINDS, "factor", "profit %")


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together, each with its name."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sections_of(stats: Stats) -> tuple[Section, ...]:
    """Return all figures of a run, in words."""
    return (
        Section("Account", tuple(_account(stats))),
        Section("Closed trades", tuple(_trades(stats.closed))),
        Section("Risk", tuple(_risk(stats))),
        Section("Costs (already deducted)", tuple(_paid(stats.paid))),
    )


def stats_text(recorded: Recorded, stats: Stats) -> str:
    """Return all blocks."""
    parts = [f"{heading(recorded)}\n{period(stats)}", *map(_section_text, sections_of(stats))]
    if stats.closed.trades:
        parts += [_short_table(recorded, by) for by in _SHOWN]
        parts.append("More: divbot stats --by symbol or day, --json, --report FILE.html")
    return "\n\n".join(parts) + "\n"


def breakdown_text(recorded: Recorded, by: By, fit: Fit) -> str:
    """Return heading and table of what the closed trades came to."""
    if not recorded.ledger.closed:
        return f"{heading(recorded)}\nNo closed trades yet.\n"
    return f"{heading(recorded)}\n{_table(recorded, by, fit)}"


def _section_text(block: Section) -> str:
    lines = (f"  {name:{_NAME_WIDTH}}{text}" for name, text in block.lines)
    return "\n".join((block.title, *lines))


def period(stats: Stats) -> str:
    """Return the time that the figures are about."""
    starts = f", {stats.sessions} starts" if stats.sessions > 1 else ""
    days = (stats.until - stats.since) / DAY
    return (
        f"{utc_text(stats.since)} to {utc_text(stats.until)} UTC, {days:.1f} days"
        f"{starts}; money in {ASSET}"
    )


def _account(stats: Stats) -> Iterator[tuple[str, str]]:
    yield "balance", f"{money(stats.balance)} at the start"
    yield "equity", f"{money(stats.last.equity)} at {utc_text(stats.last.at)}"
    yield "return", f"{change(stats.total_return)}, open positions included"
    yield "market", _market(stats.market)
    yield "annual return", _figure(stats.annual_return, is_part=True)
    closed = stats.closed
    yield "gross profit", f"{signed(closed.before_costs)} of closed trades, before costs"
    costs, part = money(closed.paid.total), change(stats.part(closed.profit))
    yield "net profit", f"{signed(closed.profit)} after costs of {costs}, {part} of the balance"
    if stats.best_day and stats.worst_day:
        yield "best day", _day(stats, stats.best_day)
        yield "worst day", _day(stats, stats.worst_day)
    yield "open positions", str(len(stats.open_trades))


def _trades(tally: Tally) -> Iterator[tuple[str, str]]:
    if not tally.trades:
        yield "trades", "none"
        return
    even = tally.trades - tally.won - tally.lost
    draws = f", {even} even" if even else ""
    yield "trades", f"{tally.trades}: {tally.won} won, {tally.lost} lost{draws}"
    yield "win rate", _win_rate(tally)
    yield "profit factor", _profit_factor(tally)
    yield "expectancy", _expectancy(tally)
    yield "average win", _or_none(tally.average_win, "no trade was won")
    yield "average loss", _or_none(tally.average_loss, "no trade was lost")
    yield "best", _named(tally.best)
    yield "worst", _named(tally.worst)
    yield "longest losing run", f"{tally.longest_losing_run} trades"
    yield "average holding", _holding(tally)


def _risk(stats: Stats) -> Iterator[tuple[str, str]]:
    yield from _drawdown(stats.drawdown)
    yield "exposure", _exposure(stats.exposure)
    yield "Sharpe", _figure(stats.sharpe)
    yield "Sortino", _figure(stats.sortino)
    yield "Calmar", _figure(stats.calmar)


def _exposure(part: float | None) -> str:
    if part is None:
        return _unknown("no time has passed")
    return f"{percent(part, 1)} of the time with a position open"


def _drawdown(drawdown: Drawdown | None) -> Iterator[tuple[str, str]]:
    if drawdown is None:
        yield "maximum drawdown", "none, the equity never fell"
        return
    yield (
        "maximum drawdown",
        f"{percent(drawdown.depth)} ({money(drawdown.amount)})",
    )
    yield "  peak", f"{money(drawdown.peak.equity)} at {utc_text(drawdown.peak.at)}"
    yield "  trough", f"{money(drawdown.trough.equity)} at {utc_text(drawdown.trough.at)}"
    back = drawdown.recovered_at
    yield "  recovered", "not yet" if back is None else utc_text(back)


def _paid(paid: Paid) -> Iterator[tuple[str, str]]:
    yield "fees", money(paid.fees)
    yield "slippage", money(paid.slippage)
    yield "spread", f"{money(paid.spread)} (half of it, each time it was crossed)"
    received = "received" if paid.funding > 0 else "paid"
    yield "funding", f"{money(abs(paid.funding))} {received if paid.funding else ''}".rstrip()


def _figure(figure: Metric, *, is_part: bool = False) -> str:
    if figure.value is None:
        return _unknown(figure.reason)
    if is_part:
        return change(figure.value)
    return ratio(figure.value)


def _win_rate(tally: Tally) -> str:
    low, high = tally.win_rate_interval or (0.0, 1.0)
    interval = f"{percent(low, 1)} to {percent(high, 1)}"
    return f"{percent(tally.win_rate or 0.0, 1)}; 95% interval {interval}"


def _profit_factor(tally: Tally) -> str:
    if tally.profit_factor is None:
        return _unknown("no trade was lost")
    return ratio(tally.profit_factor)


def _expectancy(tally: Tally) -> str:
    in_risks = "" if tally.average_r is None else f", {multiple(tally.average_r)} R"
    return f"{_or_none(tally.expectancy, '')}{in_risks} a trade"


def _or_none(amount: Decimal | None, reason: str) -> str:
    return _unknown(reason) if amount is None else signed(amount)


def _unknown(reason: str) -> str:
    return f"n/a ({reason})"


def _market(market: MarketChange | None) -> str:
    if market is None:
        return _unknown(f"the journal holds too few prices of {BENCHMARK}")
    since, until = utc_text(market.since), utc_text(market.until)
    return f"{change(market.part)} ({BENCHMARK}, {since} to {until})"


def _day(stats: Stats, day: TradeGroup) -> str:
    count = day.tally.trades
    trades = f"{count} trade{'' if count == 1 else 's'} closed"
    profit = day.tally.profit
    return f"{signed(profit)}, {change(stats.part(profit))} ({day.name}, {trades})"


def _holding(tally: Tally) -> str:
    parts = [span(tally.average_holding or 0)]
    if tally.holding_won is not None:
        parts.append(f"winners {span(tally.holding_won)}")
    if tally.holding_lost is not None:
        parts.append(f"losers {span(tally.holding_lost)}")
    return ", ".join(parts)


def _named(trade: ClosedTrade | None) -> str:
    if trade is None:
        return "none"
    return f"{signed(trade.profit)} ({harmless(trade.symbol)}, trade {trade.number})"


def _part_won(group: TradeGroup) -> str:
    return "" if group.tally.win_rate is None else f"{group.tally.win_rate * 100:.0f}"


def _factor(group: TradeGroup) -> str:
    factor = group.tally.profit_factor
    return "" if factor is None else ratio(factor)


def breakdown_columns(by: By, balance: Decimal) -> tuple[Column[TradeGroup], ...]:
    """Return what is told of each group; `balance` is what the run began with."""
    return (
        Column(by.value, lambda x: words(x.name), is_number=False),
        Column("trades", lambda x: str(x.tally.trades)),
        Column("won %", _part_won),
        Column("gross", lambda x: signed(x.tally.before_costs)),
        Column("profit", lambda x: signed(x.tally.profit)),
        Column("profit %", lambda x: change(float(x.tally.profit / balance)).removesuffix("%")),
        Column("factor", _factor),
        Column("avg R", lambda x: multiple(x.tally.average_r)),
        Column("fees", lambda x: money(x.tally.paid.fees)),
        Column("slippage", lambda x: money(x.tally.paid.slippage)),
        Column("funding", lambda x: signed(x.tally.paid.funding)),
    )


def _table(recorded: Recorded, by: By, fit: Fit) -> str:
    columns = breakdown_columns(by, start_of(recorded).balance)
    groups = breakdown(recorded.ledger.closed, by)
    return table_text(columns, groups, order=_LEFT_OUT_FIRST, fit=fit)


def _short_table(recorded: Recorded, by: By) -> str:
    """Return the table without the kinds of costs, and without the groups in its middle."""
    columns = [
        x for x in breakdown_columns(by, start_of(recorded).balance) if x.title not in _KINDS
    ]
    groups = breakdown(recorded.ledger.closed, by)
    half = _MOST_GROUPS // 2
    shown = groups if len(groups) <= _MOST_GROUPS else (*groups[:half], *groups[-half:])
    lines = table_text(columns, shown, order=_LEFT_OUT_FIRST, fit=Fit(_WIDTH)).splitlines()
    if len(groups) > len(shown):
        lines.insert(1 + half, f"... {len(groups) - len(shown)} more: divbot stats --by {by.value}")
    return "\n".join(lines)
