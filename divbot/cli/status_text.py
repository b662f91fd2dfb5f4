"""The state of a run, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import change, harmless, money, price_text, signed, span
from divbot.cli.lines import ASSET, dust_text
from divbot.cli.recorded import heading, heading_document, start_of
from divbot.cli.trades_text import TRADE_COLUMNS
from divbot.domain.clock import utc_text
from divbot.domain.events import Nature
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.curve import last_valuation
from divbot.trading.figures.documents import trade_document
from divbot.trading.journal.journal import JournalCopy

_NAME_WIDTH = 12


def _liquidation(trade: AnyTrade) -> str:
    price = trade.liquidation
    return "" if price is None else price_text(price, trade.entry.price)


_SHARED = {x.title: x for x in TRADE_COLUMNS}
_COLUMNS: tuple[Column[AnyTrade], ...] = (
    *(_SHARED[x] for x in ("#", "symbol", "side", "quantity", "entry", "stop", "target")),
    Column("liquidation", _liquidation),
    Column("leverage", lambda x: f"{x.leverage}x"),
    Column("margin", lambda x: money(x.margin)),
    _SHARED["opened"],
)
_LEFT_OUT_FIRST = ("liquidation", "leverage", "margin", "quantity", "opened")


def status_text(recorded: JournalCopy, now: int, fit: Fit, *, is_running: bool | None) -> str:
    """Return the account in lines and the open positions in a table; `now` is ms UTC."""
    lines = [f"{name:{_NAME_WIDTH}}{text}" for name, text in _lines(recorded, now, is_running)]
    text = "\n".join((heading(recorded), *lines)) + "\n"
    positions = recorded.ledger.open_trades
    if not positions:
        return text
    return f"{text}\n" + table_text(_COLUMNS, positions, order=_LEFT_OUT_FIRST, fit=fit)


def _lines(recorded: JournalCopy, now: int, is_running: bool | None) -> Iterator[tuple[str, str]]:  # noqa: FBT001 - three answers
    ledger, last = recorded.ledger, last_valuation(recorded.events, recorded.ledger)
    gained = change(float(last.equity / start_of(recorded).balance) - 1)
    yield (
        "equity",
        f"{money(last.equity)} {ASSET} ({gained}), as valued at "
        f"{utc_text(last.at, seconds=True)} UTC",
    )
    yield "cash", f"{money(ledger.cash)} {ASSET}"
    if ledger.dust:
        yield "left over", dust_text(ledger, {})
    profit = signed(ledger.realised)
    yield "trades", f"{len(ledger.closed)} closed with {profit} {ASSET}; {_open(recorded)} open"
    yield "entries", f"paused: {harmless(ledger.paused)}" if ledger.paused else "enabled"
    if start_of(recorded).nature is Nature.HISTORY:
        return  # nothing of it goes on
    yield "last event", _last_event(recorded, now)
    if is_running is not None:
        yield "program", "running" if is_running else "not running"


def _open(recorded: JournalCopy) -> int:
    return len(recorded.ledger.positions)


def _last_event(recorded: JournalCopy, now: int) -> str:
    event = recorded.events[-1]
    age = now - recorded.ledger.at
    # The time of a simulated market is not that of this machine.
    is_told = age >= 0 and not start_of(recorded).is_simulated
    ago = f", {span(age)} ago" if is_told else ""
    return f"{event.kind} at {utc_text(recorded.ledger.at, seconds=True)} UTC{ago}"


def status_document(recorded: JournalCopy, now: int, *, is_running: bool | None) -> dict[str, Any]:
    """Return the same with every field; times in ms UTC."""
    ledger, last = recorded.ledger, last_valuation(recorded.events, recorded.ledger)
    return heading_document(recorded) | {
        "journal": str(recorded.path),
        "running": is_running,
        "address": ledger.address,
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
        "left_over": {symbol: x.quantity for symbol, x in ledger.dust.items()},
        "closed_trades": len(ledger.closed),
        "net_profit": ledger.realised,
        "positions": [trade_document(x) for x in ledger.open_trades],
    }
