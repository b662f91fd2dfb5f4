"""Trades of a run with every field, for other programs: as one document, and as flat CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from divbot.cli.destination import inert
from divbot.cli.recorded import heading_document
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.documents import FLAT_FIELDS, flat_document, trade_document
from divbot.trading.journal.journal import JournalCopy

_RUN = ("run", "venue", "market", "interval", "simulated", "nature")

CSV_COLUMNS = (*FLAT_FIELDS, *_RUN)


def trades_document(recorded: JournalCopy, trades: Sequence[AnyTrade]) -> dict[str, Any]:
    """Return one document with every field of `trades`."""
    return heading_document(recorded) | {"trades": [trade_document(x) for x in trades]}


def trades_csv(recorded: JournalCopy, trades: Sequence[AnyTrade]) -> str:
    """Return every field of `trades` as CSV, with a header; times in ms UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    run = heading_document(recorded)
    for trade in trades:
        row = flat_document(trade) | run
        writer.writerow([_cell(row.get(name)) for name in CSV_COLUMNS])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return str(value).lower()
    return inert(value) if isinstance(value, str) else value
