"""Trades of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence

from divbot.cli.columns import Column, side_style, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import money, multiple, quantity_text, signed, span
from divbot.cli.lines import ASSET
from divbot.cli.live_tables import sign_style
from divbot.cli.recorded import heading
from divbot.domain.clock import utc_text
from divbot.domain.ledger import ZERO
from divbot.domain.names import words
from divbot.domain.trades import AnyTrade
from divbot.trading.journal.journal import JournalCopy


def _exit_price(trade: AnyTrade) -> str:
    return "" if trade.exit is None else f"{trade.exit.price:f}"


def _closed(trade: AnyTrade) -> str:
    return "" if trade.closed_at is None else utc_text(trade.closed_at)


def _held(trade: AnyTrade) -> str:
    return "" if trade.closed_at is None else span(trade.closed_at - trade.opened_at)


def _reason(trade: AnyTrade) -> str:
    return "open" if trade.reason is None else words(trade.reason.value)


def _profit(trade: AnyTrade) -> str:
    return "" if trade.profit is None else signed(trade.profit)


def _multiple(trade: AnyTrade) -> str:
    return multiple(trade.r_multiple)


TRADE_COLUMNS: tuple[Column[AnyTrade], ...] = (
    Column("#", lambda x: str(x.number)),
    Column("symbol", lambda x: x.symbol, is_number=False),
    Column("side", lambda x: x.side.value, lambda x: side_style(x.side), is_number=False),
    Column("kind", lambda x: words(x.origin.kind.value), is_number=False),
    Column("opened", lambda x: utc_text(x.opened_at), is_number=False),
    Column("quantity", lambda x: quantity_text(x.quantity)),
    Column("entry", lambda x: f"{x.entry.price:f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("exit", _exit_price),
    Column("closed", _closed, is_number=False),
    Column("held", _held),
    Column("reason", _reason, is_number=False),
    Column("fees", lambda x: money(x.fees)),
    Column("funding", lambda x: signed(x.funding)),
    Column("profit", _profit, lambda x: sign_style(x.profit)),
    Column("R", _multiple),
)
_LEFT_OUT_FIRST = (
    *("funding", "fees", "held", "quantity", "kind", "stop", "target", "opened", "closed"),
)


def trades_text(recorded: JournalCopy, trades: Sequence[AnyTrade], fit: Fit) -> str:
    """Return heading, table and sum."""
    if not trades:
        return f"{heading(recorded)}\n{_nothing(recorded)}\n"
    table = table_text(TRADE_COLUMNS, trades, order=_LEFT_OUT_FIRST, fit=fit)
    return f"{heading(recorded)}\n{table}{_sum(trades)}\n"


def _nothing(recorded: JournalCopy) -> str:
    count = recorded.ledger.next_trade - 1
    return f"None of {count} trades passes the filters." if count else "No trades yet."


def _sum(trades: Sequence[AnyTrade]) -> str:
    profits = [x.profit for x in trades if x.profit is not None]
    total = signed(sum(profits, ZERO))
    return (
        f"{len(profits)} closed with a net profit of {total} {ASSET}, "
        f"{len(trades) - len(profits)} open; times are UTC"
    )
