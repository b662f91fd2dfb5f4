"""The rows of a journal: read, held to their chain, and compared with the tables beside them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from tests.oracles.paper_checker.fate import Position
from tests.oracles.paper_checker.rules import UNIT


class Event(NamedTuple):
    seq: int
    at: int
    kind: str
    key: str
    body: dict[str, Any]


class Dust(NamedTuple):
    """What is left over from whole steps, how wide bid and ask were apart then, the last price."""

    quantity: Decimal
    spread: Decimal
    price: Decimal


@dataclass(slots=True)
class Account:
    cash: Decimal = Decimal(0)
    open: dict[int, Position] = field(default_factory=dict)
    closed: list[Position] = field(default_factory=list)
    dust: dict[str, Dust] = field(default_factory=dict)
    """By symbol, on spot."""
    paused: str = ""
    last: int = 0
    """Number of the last event."""


def read_events(connection: sqlite3.Connection, found: list[str]) -> Iterator[Event]:
    """Yield every event; tell where the numbers have a hole or the chain is broken."""
    previous = bytes(32)
    rows = connection.execute("SELECT seq, ts, kind, key, body, hash FROM event ORDER BY seq")
    for number, (seq, at, kind, key, body, digest) in enumerate(rows, start=1):
        if seq != number:
            found.append(f"event {seq}: expected number {number}")
        sealed = f"{seq}|{at}|{kind}|{key}|{body}".encode()
        if hashlib.sha256(previous + sealed).digest() != digest:
            found.append(f"event {seq}: its hash does not follow from what is before it")
        previous = digest
        event = Event(seq, at, kind, key, json.loads(body))
        if event.body["at"] != at:
            found.append(f"event {seq}: expected the time {event.body['at']}, found {at}")
        yield event


def check_projections(connection: sqlite3.Connection, account: Account, found: list[str]) -> None:
    """Tell where the tables of trades and of the account are not what the events come to."""
    trades = sorted((*account.closed, *account.open.values()), key=lambda each: each.trade)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM trade ORDER BY number").fetchall()
    if len(rows) != len(trades):
        found.append(f"trades: expected {len(trades)}, found {len(rows)}")
    for row, position in zip(rows, trades, strict=False):
        _compare(f"trade {position.trade}", row, _trade(position), found)
    (row,) = connection.execute("SELECT * FROM account").fetchall()
    _compare("account", row, _account(account), found)


def _compare(name: str, row: sqlite3.Row, expected: dict[str, object], found: list[str]) -> None:
    for column, value in expected.items():
        stored = row[column]
        if isinstance(value, Decimal) and isinstance(stored, str):
            stored = Decimal(stored)
        if stored != value:
            found.append(f"{name}: {column}: expected {value}, found {stored}")


def _trade(position: Position) -> dict[str, object]:
    known: dict[str, object] = {
        "number": position.trade,
        "symbol": position.symbol,
        "side": "BUY" if position.sign > 0 else "SELL",
        "kind": position.kind,
        "opened_at": position.at,
        "open_seq": position.seq,
        "quantity": position.quantity,
        "entry_price": position.entry,
        "first_stop": position.stop,
        "stop": position.stop,
        "target": position.target,
        "leverage": position.leverage,
        "margin": _units(position.margin),
        "fees": _units(position.fee + position.fees),
        "funding": _units(position.left - position.margin),
        "slippage": _units(position.slippage),
    }
    if not position.reason:
        return known | dict.fromkeys(("closed_at", "close_seq", "exit_price", "profit", "reason"))
    return known | {
        "closed_at": position.closed_at,
        "close_seq": position.closed_seq,
        "exit_price": position.exit,
        "profit": _units(position.profit),
        "reason": position.reason,
    }


def _account(account: Account) -> dict[str, object]:
    return {
        "seq": account.last,
        "cash": _units(account.cash),
        "realised": _units(sum((each.profit for each in account.closed), Decimal(0))),
        "open_positions": len(account.open),
        "closed_trades": len(account.closed),
        "paused": account.paused,
    }


def _units(amount: Decimal) -> int:
    return int(amount / UNIT)
