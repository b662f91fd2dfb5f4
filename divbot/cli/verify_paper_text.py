"""What `divbot verify paper` found: one table, one sum, plain sentences; and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from divbot.app.paper_verification import VerifiedRun
from divbot.cli.columns import Column, side_style, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import signed, span
from divbot.cli.live_tables import sign_style
from divbot.cli.recorded import heading, heading_document
from divbot.domain.clock import utc_text
from divbot.domain.ledger import ZERO
from divbot.domain.names import words
from divbot.domain.trades import AnyTrade
from divbot.research.comparison.differences import Compared, Part, costs_by_cause
from divbot.research.comparison.reasons import Cause
from divbot.trading.journal.journal import JournalCopy

TITLES = {
    Cause.REPORT: "report late",
    Cause.QUOTE: "quote against candle",
    Cause.SPREAD: "spread",
    Cause.GAP: "not running",
    Cause.REFUSED: "refused at its price",
    Cause.LIST: "not in the list",
    Cause.PLACES: "no place was free",
    Cause.ACCOUNT: "another trade before",
    Cause.PAUSED: "entries were paused",
    Cause.SIGNAL: "another signal",
    Cause.CANDLE: "another candle",
    Cause.FUNDING: "funding",
    Cause.JOURNAL: "does not add up",
    Cause.UNEXPLAINED: "UNEXPLAINED",
}
_SAME = "same"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: a trade with its first reason, or a further reason of it."""

    found: Compared
    part: Part | None
    is_first: bool


def _first(write: Any) -> Any:
    return lambda row: write(row.found) if row.is_first else ""


def _number(found: Compared) -> str:
    return "" if found.paper is None else str(found.paper.number)


def _opened(found: Compared) -> str:
    trade = found.paper or found.again
    return "" if trade is None else utc_text(trade.opened_at)


def _result(trade: AnyTrade | None, result: Decimal) -> str:
    return "-" if trade is None else signed(result) + ("*" if trade.exit is None else "")


def _cause(row: _Row) -> str:
    return _SAME if row.part is None else TITLES[row.part.cause]


def _cause_style(row: _Row) -> str:
    if row.part is None:
        return "green"
    return "bold red" if row.part.cause is Cause.UNEXPLAINED else ""


_COLUMNS: tuple[Column[_Row], ...] = (
    Column("#", _first(_number)),
    Column("symbol", _first(lambda x: x.wanted.symbol), is_number=False),
    Column(
        "side",
        _first(lambda x: x.wanted.side.value),
        lambda row: side_style(row.found.wanted.side),
        is_number=False,
    ),
    Column("opened", _first(_opened), is_number=False),
    Column("paper R", _first(lambda x: _result(x.paper, x.paper_result))),
    Column("again R", _first(lambda x: _result(x.again, x.again_result))),
    Column(
        "R",
        lambda row: "" if row.part is None else signed(row.part.cost),
        lambda row: sign_style(None if row.part is None else row.part.cost),
    ),
    Column("why", _cause, _cause_style, is_number=False),
    Column("", lambda row: "" if row.part is None else row.part.text, is_number=False),
)
_LEFT_OUT_FIRST = ("", "opened", "side", "#", "again R", "paper R")

_SUM_COLUMNS: tuple[Column[tuple[str, str, str]], ...] = (
    Column("why", lambda x: x[0], is_number=False),
    Column("trades", lambda x: x[1]),
    Column("R", lambda x: x[2]),
)


def paper_text(recorded: JournalCopy, verified: VerifiedRun, fit: Fit) -> str:
    """Return the trades with their reasons, the sum of each reason, and what it comes to."""
    compared = verified.compared
    first, last = (utc_text(x) for x in (verified.start, verified.end))
    head = f"{heading(recorded)}, again on final candles, {first} to {last} UTC\n\n"
    if not compared:
        return f"{head}Neither the run nor final candles made a trade.\n"
    table = table_text(_COLUMNS, _rows(compared), order=_LEFT_OUT_FIRST, fit=fit)
    sums = table_text(_SUM_COLUMNS, _sums(compared), order=(), fit=fit)
    return f"{head}{table}\n{sums}\n{_verdict(verified)}"


def _rows(compared: Sequence[Compared]) -> list[_Row]:
    return [
        _Row(found, part, is_first=not number)
        for found in compared
        for number, part in enumerate(found.parts or (None,))
    ]


def _sums(compared: Sequence[Compared]) -> list[tuple[str, str, str]]:
    again, paper = _totals(compared)
    made = [sum(x.again is not None for x in compared), sum(x.paper is not None for x in compared)]
    causes = [
        (f"  {TITLES[cause]}", str(count), signed(cost))
        for cause, (count, cost) in costs_by_cause(compared).items()
    ]
    return [
        ("final candles", str(made[0]), signed(again)),
        *causes,
        ("the run", str(made[1]), signed(paper)),
    ]


def _totals(compared: Sequence[Compared]) -> tuple[Decimal, Decimal]:
    """Return what final candles and the run came to, in R."""
    again, paper = (x.again_result for x in compared), (x.paper_result for x in compared)
    return sum(again, ZERO), sum(paper, ZERO)


def _verdict(verified: VerifiedRun) -> str:
    compared, same = verified.compared, verified.same
    difference = signed(sum((x.difference for x in compared), ZERO))
    lines = [f"{same} of {len(compared)} trades are the same; the run made {difference} R of it."]
    if verified.unexplained:
        lines.append(f"{verified.unexplained} differ for a reason that was not found.")
    elif same < len(compared):
        lines.append("Every difference has its reason; nothing is unexplained.")
    if verified.silences:
        away = sum(x.end - x.start for x in verified.silences)
        lines.append(f"The run looked at nothing for {span(away)} of its time.")
    if any(x is not None and x.exit is None for y in compared for x in (y.paper, y.again)):
        lines.append("* open at the end, at its last price.")
    lines.append(
        "A result is in R, what a plain stop loses; a cost below zero took from the run's."
    )
    return "\n".join(lines) + "\n"


def paper_document(recorded: JournalCopy, verified: VerifiedRun) -> dict[str, Any]:
    """Return all of it: every trade with its parts, and the sums."""
    compared = verified.compared
    again, paper = _totals(compared)
    return heading_document(recorded) | {
        "start": verified.start,
        "end": verified.end,
        "paper_r": paper,
        "again_r": again,
        "difference_r": paper - again,
        "same": verified.same,
        "unexplained": verified.unexplained,
        "causes": {
            cause.value: {"trades": count, "r": cost}
            for cause, (count, cost) in costs_by_cause(compared).items()
        },
        "silences": [
            {"start": x.start, "end": x.end, "ended": x.is_ended} for x in verified.silences
        ],
        "assumptions": list(verified.notes),
        "trades": [_document(x) for x in compared],
    }


def _document(found: Compared) -> dict[str, Any]:
    return {
        "symbol": found.wanted.symbol,
        "side": found.wanted.side.value,
        "confirmed_at": found.wanted.confirmed_at,
        "paper": _trade_document(found.paper, found.paper_result),
        "again": _trade_document(found.again, found.again_result),
        "difference_r": found.difference,
        "parts": [
            {"cause": x.cause.value, "title": TITLES[x.cause], "r": x.cost, "text": x.text}
            for x in found.parts
        ],
    }


def _trade_document(trade: AnyTrade | None, result: Decimal) -> dict[str, Any] | None:
    if trade is None:
        return None
    return {
        "trade": trade.number,
        "opened_at": trade.opened_at,
        "entry": trade.entry.price,
        "closed_at": trade.closed_at,
        "exit": None if trade.exit is None else trade.exit.price,
        "reason": None if trade.reason is None else words(trade.reason.value),
        "r": result,
    }
