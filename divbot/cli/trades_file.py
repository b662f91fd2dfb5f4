"""Trades of a run with every field, for other programs: as one document, and as flat CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from divbot.cli.destination import inert
from divbot.cli.recorded import heading_document
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.documents import (
    BASIS_PRICES,
    FILL_FIELDS,
    ORIGIN_FIELDS,
    TRADE_FIELDS,
    trade_document,
)
from divbot.trading.journal.journal import JournalCopy

_FILL = (*FILL_FIELDS, *(f"basis_prices_{x}" for names in BASIS_PRICES.values() for x in names))
_RUN = ("run", "venue", "market", "interval", "simulated")

CSV_COLUMNS = (
    *TRADE_FIELDS,
    *(f"{part}_{name}" for part in ("entry", "exit") for name in _FILL),
    *(f"origin_{name}" for name in ORIGIN_FIELDS),
    *_RUN,
)


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
        row = dict(flattened(trade_document(trade))) | run
        writer.writerow([_cell(row.get(name)) for name in CSV_COLUMNS])
    return text.getvalue()


def flattened(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give the fields of `document`, those within others under both names: `entry_price`."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return str(value).lower()
    return inert(value) if isinstance(value, str) else value
