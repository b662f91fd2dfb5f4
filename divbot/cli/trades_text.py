"""Trades of a run as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from divbot.cli.columns import Column, columns_text
from divbot.cli.destination import Fit
from divbot.cli.figures import CURRENCY, duration_text, money_text, number_text, words
from divbot.cli.recorded import Recorded, heading
from divbot.domain.clock import utc_text
from divbot.domain.ledger import ZERO
from divbot.domain.signals import Side
from divbot.domain.trades import Trade
from divbot.trading.open_trades import OpenTrade

AnyTrade: TypeAlias = Trade | OpenTrade


def _exit_price(trade: AnyTrade) -> str:
    return "" if trade.exit is None else f"{trade.exit.price:f}"


def _closed(trade: AnyTrade) -> str:
    return "" if trade.closed_at is None else utc_text(trade.closed_at)


def _held(trade: AnyTrade) -> str:
    return "" if trade.closed_at is None else duration_text(trade.closed_at - trade.opened_at)


def _reason(trade: AnyTrade) -> str:
    return "open" if trade.reason is None else words(trade.reason.value)


def _profit(trade: AnyTrade) -> str:
    return "" if trade.profit is None else money_text(trade.profit, signed=True)


def _multiple(trade: AnyTrade) -> str:
    return "" if trade.r_multiple is None else number_text(float(trade.r_multiple), signed=True)


def _side_colour(trade: AnyTrade) -> str:
    return "green" if trade.side is Side.BUY else "red"


def _profit_colour(trade: AnyTrade) -> str:
    if not trade.profit:
        return ""
    return "green" if trade.profit > 0 else "red"


TRADE_COLUMNS: tuple[Column[AnyTrade], ...] = (
    Column("#", lambda x: str(x.number)),
    Column("symbol", lambda x: x.symbol, is_number=False),
    Column("side", lambda x: x.side.value, is_number=False, colour=_side_colour),
    Column("kind", lambda x: words(x.origin.kind.value), is_number=False),
    Column("opened", lambda x: utc_text(x.opened_at), is_number=False),
    Column("quantity", lambda x: f"{x.quantity:f}"),
    Column("entry", lambda x: f"{x.entry.price:f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("exit", _exit_price),
    Column("closed", _closed, is_number=False),
    Column("held", _held),
    Column("reason", _reason, is_number=False),
    Column("fees", lambda x: money_text(x.fees)),
    Column("funding", lambda x: money_text(x.funding, signed=True)),
    Column("profit", _profit, colour=_profit_colour),
    Column("R", _multiple),
)
_LEFT_OUT_FIRST = (
    *("funding", "fees", "held", "quantity", "kind", "stop", "target", "opened", "closed"),
)


def trades_text(recorded: Recorded, trades: Sequence[AnyTrade], fit: Fit) -> str:
    """Return heading, table and sum."""
    if not trades:
        return f"{heading(recorded)}\n{_nothing(recorded)}\n"
    table = columns_text(
        trades,
        TRADE_COLUMNS,
        left_out_first=_LEFT_OUT_FIRST,
        width=fit.width,
        is_coloured=fit.is_coloured,
    )
    return f"{heading(recorded)}\n{table}{_sum(trades)}\n"


def _nothing(recorded: Recorded) -> str:
    count = recorded.ledger.next_trade - 1
    return f"None of {count} trades passes the filters." if count else "No trades yet."


def _sum(trades: Sequence[AnyTrade]) -> str:
    profits = [x.profit for x in trades if x.profit is not None]
    total = money_text(sum(profits, ZERO), signed=True)
    return (
        f"{len(profits)} closed with a net profit of {total} {CURRENCY}, "
        f"{len(trades) - len(profits)} open; times are UTC"
    )
