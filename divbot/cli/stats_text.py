"""The statistics of a run in blocks of 80 columns; tables may be as wide as the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import (
    change,
    harmless,
    known,
    money,
    multiple,
    percent,
    ratio,
    signed,
    span,
)
from divbot.cli.lines import ASSET
from divbot.cli.recorded import heading
from divbot.domain.clock import utc_text
from divbot.domain.durations import DAY
from divbot.domain.ledger import ZERO
from divbot.domain.market import BENCHMARK
from divbot.domain.names import words
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.benchmark import MarketChange
from divbot.trading.figures.breakdown import By, TradeGroup
from divbot.trading.figures.costs import Paid
from divbot.trading.figures.curve import Valuation
from divbot.trading.figures.drawdown import Drawdown
from divbot.trading.figures.returns import Metric
from divbot.trading.figures.stats import Stats
from divbot.trading.figures.tally import Tally
from divbot.trading.journal.journal import JournalCopy

_NAME_WIDTH = 20
_SHOWN = (By.SIDE, By.KIND, By.REASON, By.SYMBOL)
"""Days are there for the asking."""
_MOST_GROUPS = 10
"""Of a longer table the best and the worst are shown."""
_WIDTH = 80


_KINDS = ("slippage", "funding", "fees")
LEFT_OUT_FIRST = (*_KINDS, "held", "factor", "profit %")


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together, each with its name."""

    title: str
    lines: tuple[tuple[str, str], ...]


def sections_of(stats: Stats) -> tuple[Section, ...]:
    """Return all figures of a run, in words."""
    return (
        Section("Account", tuple(_account(stats))),
        Section("Closed trades", tuple(_trades(stats))),
        Section("Risk", tuple(_risk(stats))),
        Section(
            f"Costs (already deducted{', of open positions too' if stats.open_trades else ''})",
            tuple(_paid(stats.paid)),
        ),
    )


def stats_text(recorded: JournalCopy, stats: Stats, fit: Fit | None = None) -> str:
    """Return all blocks; `fit` is the terminal, whose tables may be wider than blocks."""
    wide = Fit(max((fit and fit.width) or 0, _WIDTH))
    parts = [f"{heading(recorded)}\n{period(stats)}", *map(_section_text, sections_of(stats))]
    if stats.closed.trades:
        parts += [_short_table(stats, by, wide) for by in _SHOWN]
        parts.append("More: divbot stats --by symbol or month, --json, --report FILE.html")
    return "\n\n".join(parts) + "\n"


def breakdown_text(recorded: JournalCopy, stats: Stats, by: By, fit: Fit) -> str:
    """Return heading and table of what the closed trades came to."""
    if not stats.closed.trades:
        return f"{heading(recorded)}\nNo closed trades yet.\n"
    columns = breakdown_columns(by, stats.balance)
    table = table_text(columns, stats.by[by], order=LEFT_OUT_FIRST, fit=fit)
    return f"{heading(recorded)}\n{table}"


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
    yield "equity", _valued(stats.last)
    yield "return", f"{change(stats.total_return)}, open positions included"
    unknown = f"the journal holds too few prices of {BENCHMARK}"
    yield "market", known(stats.market, _market, unknown)
    yield "annual return", _metric(stats.annual_return, change)
    closed = stats.closed
    yield "gross profit", f"{signed(closed.profit_before_costs)} of closed trades, before costs"
    costs, part = money(closed.paid.total), change(stats.part(closed.profit))
    yield "net profit", f"{signed(closed.profit)} after costs of {costs}, {part} of the balance"
    if stats.best_day and stats.worst_day:
        yield "best day", _group(stats, stats.best_day)
        yield "worst day", _group(stats, stats.worst_day)
        yield "days", f"{stats.days_won} won, {stats.days_lost} lost, by closed trades"
    yield "lowest equity", _valued(stats.lowest)
    yield "highest equity", _valued(stats.highest)
    yield "open positions", str(len(stats.open_trades))
    if stats.pause:
        yield "entries", f"paused since {utc_text(stats.pause.at)}:"
        yield "", harmless(stats.pause.reason)


def _trades(stats: Stats) -> Iterator[tuple[str, str]]:
    tally = stats.closed
    if not tally.trades:
        yield "trades", "none"
        return
    even = tally.trades - tally.won - tally.lost
    draws = f", {even} even" if even else ""
    low, high = tally.win_rate_interval or (0.0, 1.0)
    in_risks = "" if tally.average_r is None else f", {multiple(tally.average_r)} R"
    a_day = "" if stats.trades_a_day is None else f"; {stats.trades_a_day:.2f} a day"
    yield "trades", f"{tally.trades}: {tally.won} won, {tally.lost} lost{draws}{a_day}"
    yield "win rate", f"{percent(tally.win_rate or 0.0, 1)}; 95% interval {between(low, high)}"
    yield "profit factor", known(tally.profit_factor, ratio, "no trade was lost")
    yield "expectancy", f"{signed(tally.expectancy or ZERO)}{in_risks} a trade"
    yield "average win", known(tally.average_win, signed, "no trade was won")
    yield "average loss", known(tally.average_loss, signed, "no trade was lost")
    yield "best", known(tally.best, _named, "none")
    yield "worst", known(tally.worst, _named, "none")
    symbols = stats.by[By.SYMBOL]
    yield "best symbol", _group(stats, symbols[0])
    yield "worst symbol", _group(stats, symbols[-1])
    yield "longest runs", f"{tally.longest_winning_run} won, {tally.longest_losing_run} lost"
    yield "average holding", _holding(tally)


def _risk(stats: Stats) -> Iterator[tuple[str, str]]:
    yield from _drawdown(stats.drawdown)
    yield "exposure", known(stats.exposure, _exposure, "no time has passed")
    yield "Sharpe", _metric(stats.sharpe, ratio)
    yield "Sortino", _metric(stats.sortino, ratio)
    yield "Calmar", _metric(stats.calmar, ratio)


def _drawdown(drawdown: Drawdown | None) -> Iterator[tuple[str, str]]:
    if drawdown is None:
        yield "maximum drawdown", "none, the equity never fell"
        return
    yield "maximum drawdown", f"{percent(drawdown.depth)} ({money(drawdown.amount)})"
    yield "  peak", _valued(drawdown.peak)
    yield "  trough", _valued(drawdown.trough)
    back = drawdown.recovered_at
    yield "  recovered", "not yet" if back is None else utc_text(back)


def _paid(paid: Paid) -> Iterator[tuple[str, str]]:
    yield "fees", money(paid.fees)
    yield "slippage", money(paid.slippage)
    yield "spread", f"{money(paid.spread)} (half of it, each time it was crossed)"
    received = "received" if paid.funding > 0 else "paid"
    yield "funding", f"{money(abs(paid.funding))} {received if paid.funding else ''}".rstrip()


def _metric(metric: Metric, write: Callable[[float], str]) -> str:
    return known(metric.value, write, metric.reason)


def between(low: float, high: float) -> str:
    """Return the bounds of an interval of shares."""
    return f"{percent(low, 1)} to {percent(high, 1)}"


def _exposure(part: float) -> str:
    return f"{percent(part, 1)} of the time with a position open"


def _market(market: MarketChange) -> str:
    since, until = utc_text(market.since), utc_text(market.until)
    return f"{change(market.part)} ({BENCHMARK}, {since} to {until})"


def _group(stats: Stats, group: TradeGroup) -> str:
    count, profit = group.tally.trades, group.tally.profit
    trades = f"{count} trade{'' if count == 1 else 's'} closed"
    return f"{signed(profit)}, {change(stats.part(profit))} ({harmless(group.name)}, {trades})"


def _valued(valuation: Valuation) -> str:
    return f"{money(valuation.equity)} at {utc_text(valuation.at)}"


def _holding(tally: Tally) -> str:
    parts = [span(tally.average_holding_ms or 0)]
    if tally.average_holding_won_ms is not None:
        parts.append(f"winners {span(tally.average_holding_won_ms)}")
    if tally.average_holding_lost_ms is not None:
        parts.append(f"losers {span(tally.average_holding_lost_ms)}")
    return ", ".join(parts)


def _named(trade: ClosedTrade) -> str:
    return f"{signed(trade.profit)} ({harmless(trade.symbol)}, trade {trade.number})"


def breakdown_columns(by: By, balance: Decimal) -> tuple[Column[TradeGroup], ...]:
    """Return what is told of each group; `balance` is what the run began with."""
    return (
        Column(by.value, lambda x: words(x.name), is_number=False),
        Column("trades", lambda x: str(x.tally.trades)),
        Column("won %", lambda x: f"{(x.tally.win_rate or 0.0) * 100:.0f}"),
        Column("gross", lambda x: signed(x.tally.profit_before_costs)),
        Column("profit", lambda x: signed(x.tally.profit)),
        Column("profit %", lambda x: change(float(x.tally.profit / balance)).removesuffix("%")),
        Column("factor", lambda x: ratio(x.tally.profit_factor)),
        Column("avg R", lambda x: multiple(x.tally.average_r)),
        Column("held", lambda x: span(x.tally.average_holding_ms or 0)),
        Column("fees", lambda x: money(x.tally.paid.fees)),
        Column("slippage", lambda x: money(x.tally.paid.slippage)),
        Column("funding", lambda x: signed(x.tally.paid.funding)),
    )


def _short_table(stats: Stats, by: By, fit: Fit) -> str:
    """Return the table without the kinds of costs, and without the groups in its middle."""
    left_out = _KINDS if fit.width != _WIDTH else (*_KINDS, "held")
    columns = [x for x in breakdown_columns(by, stats.balance) if x.title not in left_out]
    groups, half = stats.by[by], _MOST_GROUPS // 2
    shown = groups if len(groups) <= _MOST_GROUPS else (*groups[:half], *groups[-half:])
    lines = table_text(columns, shown, order=LEFT_OUT_FIRST, fit=fit).splitlines()
    if len(groups) > len(shown):
        lines.insert(1 + half, f"... {len(groups) - len(shown)} more: divbot stats --by {by.value}")
    return "\n".join(lines)
