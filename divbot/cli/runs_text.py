"""All runs as a table, and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import money
from divbot.cli.lines import ASSET
from divbot.cli.recorded import heading_document, start_of
from divbot.database import is_locked
from divbot.domain.clock import utc_text
from divbot.domain.events import Nature
from divbot.trading.figures.curve import last_valuation
from divbot.trading.figures.documents import SCHEMA
from divbot.trading.journal.journal import JournalCopy


def _prices(recorded: JournalCopy) -> str:
    start = start_of(recorded)
    is_untold = start.is_simulated and start.nature is Nature.HISTORY
    return f"{start.nature}, {Nature.SIMULATED}" if is_untold else start.nature.value


_COLUMNS: tuple[Column[JournalCopy], ...] = (
    Column("run", lambda x: x.path.stem, is_number=False),
    Column("venue", lambda x: start_of(x).venue, is_number=False),
    Column("market", lambda x: start_of(x).market.title, is_number=False),
    Column("interval", lambda x: start_of(x).interval, is_number=False),
    Column("prices", _prices, is_number=False),
    Column("since", lambda x: utc_text(start_of(x).at), is_number=False),
    Column("until", lambda x: utc_text(x.ledger.at), is_number=False),
    Column("trades", lambda x: str(len(x.ledger.closed))),
    Column("open", lambda x: str(len(x.ledger.positions))),
    Column(f"equity {ASSET}", lambda x: money(last_valuation(x.events, x.ledger).equity)),
    Column("program", lambda x: "running" if is_locked(x.path) else "", is_number=False),
    Column("address", lambda x: x.ledger.address or "", is_number=False),
)
_LEFT_OUT_FIRST = ("address", "program", "open", "market", "interval", "venue", "since")
"""The name of a run tells its market and interval, too."""
_HOW = """\
one of them     divbot status --run RUN, and trades and stats alike
go on paper     divbot paper --journal FILE, with its market, interval, address
save it         divbot runs save RUN FILE, also while it runs
delete it       divbot runs delete RUN
"""


def runs_text(found: Sequence[JournalCopy], folder: Path, fit: Fit) -> str:
    """Return a table of all runs, the newest last, and what can be done with them."""
    if not found:
        return f"no runs in {folder}; `divbot paper` and `divbot backtest` make some\n"
    table = table_text(_COLUMNS, found, order=_LEFT_OUT_FIRST, fit=fit)
    return f"runs in {folder}, the newest last; times are UTC\n\n{table}\n{_HOW}"


def runs_document(found: Sequence[JournalCopy], damaged: Mapping[str, str]) -> dict[str, Any]:
    """Return the same with every field; times in ms UTC."""
    return {
        "schema": SCHEMA,
        "runs": [_document(x) for x in found],
        "damaged": [{"run": name, "problem": problem} for name, problem in damaged.items()],
    }


def _document(recorded: JournalCopy) -> dict[str, Any]:
    ledger, last = recorded.ledger, last_valuation(recorded.events, recorded.ledger)
    heading = heading_document(recorded)
    heading.pop("schema")
    return heading | {
        "journal": str(recorded.path),
        "address": ledger.address,
        "since": start_of(recorded).at,
        "until": ledger.at,
        "sessions": ledger.sessions,
        "closed_trades": len(ledger.closed),
        "open_positions": len(ledger.positions),
        "balance": start_of(recorded).balance,
        "equity": last.equity,
        "equity_at": last.at,
        "running": is_locked(recorded.path),
    }
