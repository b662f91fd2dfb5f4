"""The state of a run, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from divbot.cli.columns import Column, columns_text
from divbot.cli.destination import Fit
from divbot.cli.figures import CURRENCY, duration_text, money_text, percent_text
from divbot.cli.recorded import Recorded, heading, heading_document, start_of
from divbot.domain.clock import utc_text
from divbot.domain.signals import Side
from divbot.trading.curve import Valuation, equity_curve
from divbot.trading.documents import trade_document
from divbot.trading.open_trades import OpenTrade, open_trades

_NAME_WIDTH = 12


def _side_colour(trade: OpenTrade) -> str:
    return "green" if trade.side is Side.BUY else "red"


def _liquidation(trade: OpenTrade) -> str:
    price = trade.position.liquidation
    return "" if price is None else f"{price:.6g}"


_COLUMNS: tuple[Column[OpenTrade], ...] = (
    Column("#", lambda x: str(x.number)),
    Column("symbol", lambda x: x.symbol, is_number=False),
    Column("side", lambda x: x.side.value, is_number=False, colour=_side_colour),
    Column("quantity", lambda x: f"{x.quantity:f}"),
    Column("entry", lambda x: f"{x.entry.price:f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("liquidation", _liquidation),
    Column("leverage", lambda x: f"{x.leverage}x"),
    Column("margin", lambda x: money_text(x.margin)),
    Column("opened", lambda x: utc_text(x.opened_at), is_number=False),
)
_LEFT_OUT_FIRST = ("liquidation", "leverage", "margin", "quantity", "opened")


def status_text(recorded: Recorded, now: int, fit: Fit, *, is_running: bool | None) -> str:
    """Return the account in lines and the open positions in a table; `now` is ms UTC."""
    lines = [f"{name:{_NAME_WIDTH}}{text}" for name, text in _lines(recorded, now, is_running)]
    text = "\n".join((heading(recorded), *lines)) + "\n"
    positions = open_trades(recorded.ledger)
    if not positions:
        return text
    return f"{text}\n" + columns_text(
        positions,
        _COLUMNS,
        left_out_first=_LEFT_OUT_FIRST,
        width=fit.width,
        is_coloured=fit.is_coloured,
    )


def _lines(recorded: Recorded, now: int, is_running: bool | None) -> Iterator[tuple[str, str]]:  # noqa: FBT001 - three answers
    ledger, last = recorded.ledger, _last_valuation(recorded)
    gained = percent_text(
        float(last.equity / start_of(recorded).balance) - 1, signed=True, decimals=2
    )
    yield (
        "equity",
        f"{money_text(last.equity)} {CURRENCY} ({gained}), as valued at "
        f"{utc_text(last.at, seconds=True)} UTC",
    )
    yield "cash", f"{money_text(ledger.cash)} {CURRENCY}"
    profit = money_text(ledger.realised, signed=True)
    yield "trades", f"{len(ledger.closed)} closed with {profit} {CURRENCY}; {_open(recorded)} open"
    yield "entries", f"paused: {ledger.paused}" if ledger.paused else "go on"
    yield "last event", _last_event(recorded, now)
    if is_running is not None:
        yield "program", "running" if is_running else "not running"


def _open(recorded: Recorded) -> int:
    return len(recorded.ledger.positions)


def _last_valuation(recorded: Recorded) -> Valuation:
    return equity_curve(recorded.events, recorded.ledger)[-1]


def _last_event(recorded: Recorded, now: int) -> str:
    event = recorded.events[-1]
    age = now - recorded.ledger.at
    ago = f", {duration_text(age)} ago" if age >= 0 else ""
    return f"{event.kind} at {utc_text(recorded.ledger.at, seconds=True)} UTC{ago}"


def status_document(recorded: Recorded, now: int, *, is_running: bool | None) -> dict[str, Any]:
    """Return the same with every field; times in ms UTC."""
    ledger, last = recorded.ledger, _last_valuation(recorded)
    return heading_document(recorded) | {
        "journal": str(recorded.path),
        "running": is_running,
        "started_at": start_of(recorded).at,
        "sessions": ledger.sessions,
        "last_event": recorded.events[-1].kind,
        "last_event_at": ledger.at,
        "age_ms": max(now - ledger.at, 0),
        "paused": ledger.paused or None,
        "balance": start_of(recorded).balance,
        "equity": last.equity,
        "equity_at": last.at,
        "cash": ledger.cash,
        "closed_trades": len(ledger.closed),
        "net_profit": ledger.realised,
        "positions": [trade_document(x) for x in open_trades(ledger)],
    }
