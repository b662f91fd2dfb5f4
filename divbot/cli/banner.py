"""What a paper run says first and last: how it is set up, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from divbot.cli.columns import words_on_lines
from divbot.cli.figures import harmless, money, percent, signed, span
from divbot.cli.lines import ASSET, PRICES, changes_of, dust_text, json_line
from divbot.domain.durations import duration_text
from divbot.domain.ledger import ZERO, Ledger
from divbot.domain.market import Interval, Market
from divbot.trading.engine.loop import Lateness
from divbot.trading.engine.snapshot import RunSnapshot
from divbot.trading.figures.costs import Paid, paid_for

LABEL = 26
SHORT_LABEL = 14
_WIDTH = 80
_JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Setup:
    """How a paper run is set up, as far as its banner tells."""

    version: str
    venue: str
    market: Market
    interval: Interval
    is_simulated: bool
    symbols: str
    """Which are scanned, in words: top 400, BTCUSDT,ETHUSDT ..."""
    risk: Decimal
    """Part of the equity that one trade may lose."""
    leverage: int
    max_positions: int
    check_interval: timedelta
    position_update_interval: timedelta
    journal: str


def banner_text(setup: Setup, ledger: Ledger) -> str:
    """Return how the run is set up and what it begins with, on lines of 80 columns.

    `ledger` is the account right after the run started or resumed. The name of the journal is the
    one thing that may be longer than a line.
    """
    prices = PRICES[setup.is_simulated]
    heading = f"divbot {harmless(setup.version)} paper trading, {prices}; no real orders"
    return listed(heading, _settings(setup, ledger), LABEL)


def summary_text(snapshot: RunSnapshot, began: Ledger, lateness: Lateness, journal: str) -> str:
    """Return what the session came to, on lines of 80 columns.

    `began` is the account as it was when the session began, right after it started or resumed.
    """
    market = f"{harmless(snapshot.venue)} {snapshot.market.title} {snapshot.interval.value}"
    heading = f"ran {span(snapshot.at - began.at)} on {market}, {PRICES[snapshot.is_simulated]}"
    return listed(heading, _results(snapshot, began, lateness, journal), SHORT_LABEL)


def summary_json(snapshot: RunSnapshot, began: Ledger, lateness: Lateness, journal: str) -> str:
    """Return the same as the last line of JSON of a session; decimals are text, times ms UTC."""
    ledger, costs = snapshot.ledger, _costs_of(snapshot.ledger)
    return json_line(
        {
            "event": "ended",
            "at": snapshot.at,
            "session": ledger.sessions,
            "equity": snapshot.equity,
            "change": snapshot.equity - began.equity,
            "drawdown": snapshot.drawdown,
            "closed": len(ledger.closed),
            "closed_in_session": len(ledger.closed) - len(began.closed),
            "realised": ledger.realised,
            "open_profit": snapshot.open_profit,
            "open": [x.symbol for x in ledger.positions.values()],
            "fees": costs.fees,
            "slippage": costs.slippage,
            "funding": costs.funding,
            "looks": lateness.steps,
            "looks_missed": lateness.missed,
            "late_ms": {
                "median": round(lateness.median, 1),
                "p99": round(lateness.p99, 1),
                "worst": round(lateness.worst, 1),
            },
            "journal": journal,
        }
    )


def _settings(setup: Setup, ledger: Ledger) -> Iterator[tuple[str, str]]:
    yield "market", f"{setup.venue} {setup.market.title}, {setup.interval.value} candles"
    yield "symbols", setup.symbols
    yield "balance", f"{money(ledger.start.balance if ledger.start else ZERO)} {ASSET}"
    yield "risk per trade", f"{percent(setup.risk)} of the equity"
    yield "maximum leverage", f"{setup.leverage}x"
    yield "maximum open positions", str(setup.max_positions)
    yield "check interval", f"a scan every {duration_text(setup.check_interval)}"
    every = duration_text(setup.position_update_interval)
    yield "position update interval", f"a price check every {every}"
    yield _JOURNAL, setup.journal
    if ledger.sessions > 1 or ledger.positions or ledger.closed:
        yield "resumed", _resumed(ledger)
    if ledger.resumed is not None and ledger.resumed.changed:
        yield "changed", ", ".join(changes_of(ledger.resumed))
    if ledger.paused:
        yield "entries paused", ledger.paused


def _resumed(ledger: Ledger) -> str:
    count, closed = len(ledger.positions), len(ledger.closed)
    open_ = _counted(count, "open position")
    return (
        f"session {ledger.sessions} with {open_}, {_counted(closed, 'closed trade')}, "
        f"cash {money(ledger.cash)} {ASSET}"
    )


def _results(
    snapshot: RunSnapshot, began: Ledger, lateness: Lateness, journal: str
) -> Iterator[tuple[str, str]]:
    ledger, equity = snapshot.ledger, snapshot.equity
    change = equity - began.equity
    yield "equity", f"{money(equity)} {ASSET}, {signed(change)} this session"
    yield "drawdown", f"{percent(snapshot.drawdown)} below its peak"
    yield "trades", _trades(ledger, len(ledger.closed) - len(began.closed))
    yield "realised", f"{signed(ledger.realised)} {ASSET}"
    yield "open", f"{signed(snapshot.open_profit)} {ASSET}{_positions(ledger)}"
    if ledger.dust:
        yield "left over", dust_text(ledger, snapshot.prices)
    yield "costs", _costs(ledger)
    yield "price checks", _price_checks(lateness)
    yield _JOURNAL, journal
    yield "to see more", "divbot trades, divbot stats"


def _trades(ledger: Ledger, this_session: int) -> str:
    count = len(ledger.closed)
    if not count:
        return "none closed yet"
    won = sum(trade.is_won for trade in ledger.closed)
    return f"{this_session} closed this session, {count} in all, {100 * won / count:.0f}% won"


def _positions(ledger: Ledger) -> str:
    if not ledger.positions:
        return ", no open position"
    names = ", ".join(x.symbol for x in ledger.positions.values())
    stay = "stays" if len(ledger.positions) == 1 else "stay"
    return f"; {_counted(len(ledger.positions), 'position')} {stay} in the journal: {names}"


def _price_checks(lateness: Lateness) -> str:
    checks = (
        f"{lateness.steps}, {lateness.missed} missed" if lateness.missed else str(lateness.steps)
    )
    if not lateness.waited:
        return checks
    return f"{checks}; delay p99 {lateness.p99:.0f} ms, worst {lateness.worst:.0f} ms"


def _costs(ledger: Ledger) -> str:
    costs = _costs_of(ledger)
    fees, slippage = money(costs.fees), money(costs.slippage)
    return f"fees {fees}, slippage {slippage}, funding {signed(costs.funding)}"


def _costs_of(ledger: Ledger) -> Paid:
    """Return what trading cost so far, open positions included."""
    return paid_for(ledger.trades)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(heading: str, items: Iterator[tuple[str, str]], label: int) -> str:
    """Return `heading`, and below it each name, in `label` columns, with its value."""
    lines = words_on_lines(heading, _WIDTH)
    for name, value in items:
        # A path that is broken at a space cannot be copied.
        room = None if name == _JOURNAL else _WIDTH - 2 - label
        first, *others = words_on_lines(harmless(value), room)
        lines.append(f"  {name:<{label}}{first}".rstrip())
        lines.extend(" " * (2 + label) + line for line in others)
    return "\n".join(lines) + "\n"
