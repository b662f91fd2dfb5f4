"""What the events come to, as tables: one row per trade, one row for the account.

Written in the transaction of the event that changes them, so that anybody's SQL finds trades as
the trader knows them. Money is in whole units of 1e-8, prices and quantities are decimal text.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from divbot.database import Damaged
from divbot.domain.errors import JournalError
from divbot.domain.events import Entered, Event, Exited, Funded, Trailed
from divbot.domain.ledger import Ledger
from divbot.domain.money import UNIT
from divbot.domain.trades import AnyTrade

Row: TypeAlias = dict[str, int | str | None]

_SEQ_OF = "SELECT seq FROM event WHERE key = ?"
# All that can change while a trade lasts, and nothing else.
_WRITE_TRADE = """
INSERT INTO trade VALUES (
    :number, :symbol, :side, :kind, :opened_at, :closed_at, :open_seq, :close_seq, :quantity,
    :entry_price, :exit_price, :first_stop, :stop, :target, :leverage, :margin, :fees, :funding,
    :slippage, :profit, :reason
) ON CONFLICT (number) DO UPDATE SET
    closed_at = excluded.closed_at, close_seq = excluded.close_seq,
    exit_price = excluded.exit_price, stop = excluded.stop, fees = excluded.fees,
    funding = excluded.funding, slippage = excluded.slippage, profit = excluded.profit,
    reason = excluded.reason
"""
_WRITE_ACCOUNT = """
INSERT OR REPLACE INTO account VALUES (
    1, :seq, :at, :sessions, :cash, :equity, :peak, :realised, :open_positions, :closed_trades,
    :paused
)
"""


@dataclass(slots=True)
class Spans:
    """Which events opened and closed each trade, gathered while all events are read."""

    opened: dict[int, int] = field(default_factory=dict)
    closed: dict[int, int] = field(default_factory=dict)

    def note(self, seq: int, event: Event) -> None:
        """Remember `seq` if it is the first or the last event of a trade."""
        if isinstance(event, Entered):
            self.opened[event.trade] = seq
        elif isinstance(event, Exited):
            self.closed[event.trade] = seq


def seq_of(connection: sqlite3.Connection, key: str) -> int | None:
    """Return which event bears `key`."""
    row = connection.execute(_SEQ_OF, (key,)).fetchone()
    return row[0] if row else None


def write_trade(
    connection: sqlite3.Connection, seq: int, event: Event, before: Ledger, after: Ledger
) -> None:
    """Write the trade that `event`, which is event `seq`, is about, if it is about one."""
    if not isinstance(event, Entered | Funded | Trailed | Exited):
        return
    entered = event if isinstance(event, Entered) else before.opened_by[event.trade]
    opened = seq_of(connection, entered.key)
    row = (
        _row(after.closed[-1], opened, seq)
        if isinstance(event, Exited)
        else _row(after.open_trade(event.trade), opened, None)
    )
    connection.execute(_WRITE_TRADE, row)


def write_account(connection: sqlite3.Connection, seq: int, ledger: Ledger) -> None:
    """Write the account as it stands after event `seq`."""
    connection.execute(_WRITE_ACCOUNT, _account(seq, ledger))


def check(connection: sqlite3.Connection, seq: int, ledger: Ledger, spans: Spans) -> None:
    """Raise Damaged where the tables are not what all events up to `seq` come to."""
    expected = [_row(x, spans.opened[x.number], spans.closed.get(x.number)) for x in ledger.trades]
    found = {row["number"]: row for row in _rows(connection, "SELECT * FROM trade")}
    for row in expected:
        if found.pop(row["number"], None) != row:
            raise Damaged(f"trade {row['number']} in its table is not what the events come to")
    if found:
        raise Damaged(f"trade {min(found)} in its table is of no event")
    account = _account(seq, ledger)
    if _rows(connection, "SELECT * FROM account") != [{"id": 1, **account}]:
        raise Damaged("the account in its table is not what the events come to")


def _row(trade: AnyTrade, opened: int | None, closed: int | None) -> Row:
    return {
        "number": trade.number,
        "symbol": trade.symbol,
        "side": trade.side.value,
        "kind": trade.origin.kind.value,
        "opened_at": trade.opened_at,
        "closed_at": trade.closed_at,
        "open_seq": opened,
        "close_seq": closed,
        "quantity": _text(trade.quantity),
        "entry_price": _text(trade.entry.price),
        "exit_price": None if trade.exit is None else _text(trade.exit.price),
        "first_stop": _text(trade.first_stop),
        "stop": _text(trade.stop),
        "target": _text(trade.target),
        "leverage": trade.leverage,
        "margin": units(trade.margin),
        "fees": units(trade.fees),
        "funding": units(trade.funding),
        "slippage": units(trade.slippage),
        "profit": None if trade.profit is None else units(trade.profit),
        "reason": None if trade.reason is None else trade.reason.value,
    }


def _account(seq: int, ledger: Ledger) -> Row:
    return {
        "seq": seq,
        "at": ledger.at,
        "sessions": ledger.sessions,
        "cash": units(ledger.cash),
        "equity": units(ledger.equity),
        "peak": units(ledger.peak),
        "realised": units(ledger.realised),
        "open_positions": len(ledger.positions),
        "closed_trades": len(ledger.closed),
        "paused": ledger.paused,
    }


def units(amount: Decimal) -> int:
    """Return `amount` in units of 1e-8; raise JournalError where it is not a whole number."""
    whole = int(amount / UNIT)
    if whole * UNIT != amount:
        raise JournalError(f"expected whole units of {UNIT:f}, found {amount:f}")
    return whole


def _text(value: Decimal) -> str:
    return f"{value:f}"


def _rows(connection: sqlite3.Connection, select: str) -> list[dict[str, Any]]:
    cursor = connection.execute(select)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
