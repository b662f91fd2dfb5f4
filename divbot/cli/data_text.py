"""What a store holds, as tables and as a document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.domain.clock import utc_text
from divbot.domain.market import Market
from divbot.history.inventory import Held
from divbot.history.spans import Span
from divbot.history.store import Store

_UNITS = ("kB", "MB", "GB", "TB")
_FILLED_BY = "`divbot data download` fetches some, `divbot data import` takes yours"


def size_text(size: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    if size < 1000:
        return f"{size:.0f} bytes"
    power = min(int(math.log10(size)) // 3, len(_UNITS))
    return f"{size / 1000**power:.1f} {_UNITS[power - 1]}"


def _together(held: Sequence[Held]) -> tuple[Held, int]:
    spans = [x.span for x in held if x.rows]
    span = Span(min(x.start for x in spans), max(x.end for x in spans)) if spans else Span(0, 0)
    whole = Held(
        held[0].shelf,
        span,
        rows=sum(x.rows for x in held),
        files=sum(x.files for x in held),
        size=sum(x.size for x in held),
        holes=tuple(hole for x in held for hole in x.holes),
        missing=sum(x.missing for x in held),
        damaged=(),
    )
    return whole, len(held)


def _column(title: str, text: Any, *, is_number: bool = False) -> Column[Any]:
    return Column(title, text, is_number=is_number)


def _columns(second: Column[Any]) -> tuple[Column[Any], ...]:
    return (
        _column("market", lambda x: x[0].shelf.market.title),
        _column("kind", lambda x: x[0].shelf.kind.value),
        _column("interval", lambda x: x[0].shelf.interval or ""),
        second,
        _column("from", lambda x: utc_text(x[0].span.start)),
        _column("to", lambda x: utc_text(x[0].span.end)),
        _column("rows", lambda x: f"{x[0].rows:,}", is_number=True),
        _column("holes", lambda x: f"{len(x[0].holes):,}", is_number=True),
        _column("missing", lambda x: f"{x[0].missing:,}", is_number=True),
        _column("size", lambda x: size_text(x[0].size), is_number=True),
    )


_LEFT_OUT_FIRST = ("size", "rows", "missing")
"""Holes decide whether a backtest ends with 4: they are told on the narrowest terminal."""
_SYMBOLS = _columns(_column("symbols", lambda x: f"{x[1]:,}", is_number=True))
_SYMBOL = _columns(_column("symbol", lambda x: x[0].shelf.symbol))


def held_text(store: Store, held: Sequence[Held], fit: Fit) -> str:
    """Return a table with a row for each market, kind and interval."""
    if not held:
        return nothing_text(store)
    rows = [
        _together(list(group))
        for _, group in groupby(held, lambda x: (x.shelf.market, x.shelf.kind, x.shelf.interval))
    ]
    return _page(store, table_text(_SYMBOLS, rows, order=_LEFT_OUT_FIRST, fit=fit))


def shelf_text(store: Store, held: Sequence[Held], fit: Fit) -> str:
    """Return a table with a row for each symbol, and every hole."""
    if not held:
        return nothing_text(store)
    table = table_text(_SYMBOL, [(x, 1) for x in held], order=_LEFT_OUT_FIRST, fit=fit)
    return _page(store, table + "".join(f"{line}\n" for line in _holes(held)))


def nothing_text(store: Store) -> str:
    """Return that a store holds none of what was asked for, and what to do."""
    if any(next(Store(store.root, market).shelves(), None) for market in Market):
        return (
            f"nothing of that in {store.root}; `divbot data list` without these flags tells what "
            "there is\n"
        )
    return f"no candles in {store.root}; {_FILLED_BY}\n"


def _page(store: Store, table: str) -> str:
    simulated = " - SIMULATED PRICES" if store.is_simulated else ""
    return f"store {store.root}; times are UTC{simulated}\n\n{table}"


def _holes(held: Sequence[Held]) -> Iterator[str]:
    for x in held:
        for hole in x.holes:
            yield f"hole: {x.shelf}: {hole}"


def held_document(store: Store, held: Sequence[Held]) -> dict[str, Any]:
    """Return the same with every shelf and hole; times in ms UTC, holes end before their end."""
    return {
        "schema": 1,
        "store": str(store.root),
        "simulated": store.is_simulated,
        "shelves": [
            {
                "market": x.shelf.market.value,
                "kind": x.shelf.kind.value,
                "interval": x.shelf.interval and x.shelf.interval.value,
                "symbol": x.shelf.symbol,
                "from": x.span.start,
                "to": x.span.end,
                "rows": x.rows,
                "holes": [list(hole) for hole in x.holes],
                "missing": x.missing,
                "files": x.files,
                "bytes": x.size,
                "damaged": list(x.damaged),
            }
            for x in held
        ],
    }
