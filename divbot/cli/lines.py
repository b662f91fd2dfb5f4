"""What happens to the account, one line per event: for people, and as JSON for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from divbot.cli.figures import (
    harmless,
    money,
    percent,
    price_text,
    quantity_text,
    signed,
    span,
)
from divbot.domain.clock import utc_text
from divbot.domain.events import (
    Entered,
    Event,
    Exited,
    Funded,
    Marked,
    Paused,
    SessionBegan,
    Started,
    Trailed,
)
from divbot.domain.ledger import Ledger
from divbot.domain.names import words
from divbot.domain.risk import Limit
from divbot.domain.trades import ClosedTrade

PRICES = {True: "SIMULATED PRICES", False: "LIVE PRICES"}
"""By whether they are simulated: what a reader must not overlook."""
ASSET = "USDT"
VERB = 5
_FEW = 3
_LIMITS = {
    Limit.RISK: "risk",
    Limit.CASH: "cash",
    Limit.LEVERAGE: "leverage",
    Limit.QUANTITY: "the venue's largest order",
    Limit.STEP: "the venue's step",
}
_ORIGIN = ("venue", "market", "interval", "is_simulated")


def event_line(event: Event, ledger: Ledger) -> str:
    """Return `event` as a line of a log; empty for Marked, of which there are too many.

    `ledger` is the account after the event, or at any time later.
    """
    words = "".join(event_words(event, ledger))
    is_pause = isinstance(event, Paused) and bool(event.reason)
    level = LogLevel.WARNING if is_pause else LogLevel.INFO
    return log_line(event.at, words, level) if words else ""


class LogLevel(StrEnum):
    """How grave it is what a line of a log says."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def log_line(at: int, words: str, level: LogLevel = LogLevel.INFO) -> str:
    """Return a line of a log: when it was (`at` is ms UTC), how grave it is, and what it was."""
    return f"{utc_text(at, seconds=True)}Z {level:<7} {words}"


def event_words(event: Event, ledger: Ledger) -> tuple[str, ...]:
    """Return what the line of `event` says, part by part; the last can be left out first.

    Each part brings its own comma or space. The first begins with a word of VERB cells at least.
    """
    match event:
        case Started():
            return _started(event)
        case SessionBegan():
            return _resumed(event, ledger.start)
        case Entered():
            return _entered(event)
        case Funded() | Trailed() | Exited():
            return _went_on(event, ledger)
        case Paused():
            return _paused(event)
        case Marked():
            return ()


def event_json(event: Event, ledger: Ledger) -> str:
    """Return `event` as one line of JSON: all its fields, decimals as text, times in ms UTC.

    What names a trade only by its number gets the `symbol` too, an exit its `profit` as well;
    what goes on says where its prices come from.
    """
    document = {"event": event.kind, "at": event.at}
    document |= {field.name: getattr(event, field.name) for field in fields(event)}
    if isinstance(event, SessionBegan) and ledger.start:
        document |= {name: getattr(ledger.start, name) for name in _ORIGIN}
    if isinstance(event, Funded | Trailed | Exited):
        document["symbol"] = _symbol_of(event.trade, ledger)
    if isinstance(event, Exited):
        document["profit"] = exit_profit(event, ledger)
    return json_line(document)


def dust_text(ledger: Ledger, prices: Mapping[str, Decimal]) -> str:
    """Return what is left over on spot, and what it is worth at `prices` or else its last ones."""
    names = [f"{quantity_text(x.quantity)} of {harmless(s)}" for s, x in ledger.dust.items()]
    what = ", ".join(names) if len(names) <= _FEW else f"parts of {len(names)} symbols"
    return f"worth {money(ledger.dust_worth(prices))} {ASSET}: {what}"


def json_line(document: dict[str, Any]) -> str:
    """Return `document` as one line of ASCII, which all terminals carry; decimals are text."""
    return json.dumps(_plain(document), separators=(",", ":"), allow_nan=False)


def exit_profit(event: Exited, ledger: Ledger) -> Decimal | None:
    """Return what the trade came to that `event` ended; None where `ledger` does not know it."""
    trade = _trade_of(event, ledger)
    return None if trade is None else trade.profit


def _started(event: Started) -> tuple[str, ...]:
    return (
        *_source(event, ""),
        f", balance {money(event.balance)} {ASSET}",
        f", divbot {harmless(event.version)}",
    )


def _resumed(event: SessionBegan, start: Started | None) -> tuple[str, ...]:
    session = f"session {event.session}"
    changes = tuple(f", {change}" for change in changes_of(event))
    first = _source(start, f"{session} of ") if start else (_first("START", session),)
    return (*first, *changes)


def changes_of(event: SessionBegan) -> tuple[str, ...]:
    """Return each setting that a session changed, with what it was and what it is."""
    return tuple(
        f"{name} {_setting(old)} -> {_setting(new)}" for name, (old, new) in event.changed.items()
    )


def _setting(text: str) -> str:
    return "unset" if text in ("", "None") else harmless(text)


def _source(start: Started, before: str) -> tuple[str, ...]:
    market = f"{harmless(start.venue)} {start.market.title} {harmless(start.interval)}"
    return _first("START", before + market), f", {start.notice}"


def _entered(event: Entered) -> tuple[str, ...]:
    fill, origin = event.fill, event.origin
    return (
        _first(fill.side.value, harmless(event.symbol)),
        f" {quantity_text(event.quantity)} @ {fill.price:f}",
        f", stop {price_text(event.stop, fill.price)}",
        f", target {price_text(event.target, fill.price)}",
        f", {event.leverage}x",
        f", {words(origin.kind.value)} {origin.score:.1f}",
        f", spread {percent(fill.spread / fill.price, 3)}",
        f", slip {money(fill.slippage)} {ASSET}",
        f", fee {money(fill.fee)}",
        f", 1 R {money(event.risk)}, size limited by {_LIMITS[event.limited_by]}"
        if event.limited_by
        else "",
    )


def _went_on(event: Funded | Trailed | Exited, ledger: Ledger) -> tuple[str, ...]:
    symbol = _symbol_of(event.trade, ledger)
    name = harmless(symbol) if symbol else f"trade {event.trade}"
    match event:
        case Funded():
            return (
                _first("FUND", name),
                f" {signed(event.amount)} {ASSET}",
                f", rate {100 * event.rate:.4f}%",
                f", mark price {event.mark_price:f}",
            )
        case Trailed():
            return _first("TRAIL", name), f" stop moved to {event.stop:f}"
        case Exited():
            return _first("EXIT", name), *_ended(event, _trade_of(event, ledger))


def _ended(event: Exited, trade: ClosedTrade | None) -> tuple[str, ...]:
    reason = words(event.reason.value)
    if trade is None:
        return f" {reason} @ {event.fill.price:f}", f", {money(event.returned)} {ASSET} returned"
    ratio = trade.r_multiple
    return (
        f" {reason} @ {price_text(event.fill.price, trade.entry.price)}",
        f", {signed(trade.profit)} {ASSET}",
        "" if ratio is None else f" ({signed(ratio)} R)",
        f", held {span(trade.closed_at - trade.opened_at)}",
        f", fees {money(trade.fees)}",
    )


def _paused(event: Paused) -> tuple[str, ...]:
    if event.reason:
        return _first("PAUSE", "no new positions"), f": {harmless(event.reason)}"
    return (_first("RESUMED", "entries enabled"),)


def _first(verb: str, subject: str) -> str:
    return f"{verb:<{VERB}} {subject}"


def _trade_of(event: Exited, ledger: Ledger) -> ClosedTrade | None:
    return next((x for x in reversed(ledger.closed) if x.number == event.trade), None)


def _symbol_of(number: int, ledger: Ledger) -> str | None:
    if number in ledger.positions:
        return ledger.positions[number].symbol
    return next((x.symbol for x in reversed(ledger.closed) if x.number == number), None)


def _plain(value: Any) -> Any:
    """Return `value` as JSON knows it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(x) for name, x in value.items()}
    if isinstance(value, tuple):
        return [_plain(x) for x in value]
    return value
