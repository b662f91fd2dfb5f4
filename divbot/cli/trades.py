"""`divbot trades`: closed and open trades of a run, as a table, JSON or CSV."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from divbot.cli.flags import JournalFile, RunName, choices, option
from divbot.domain.bounds import Bounds
from divbot.domain.clock import parse_time
from divbot.domain.errors import InputError
from divbot.domain.fills import Reason
from divbot.domain.signals import Kind, Side
from divbot.domain.symbols import plain_symbol

Choice = TypeVar("Choice", bound=StrEnum)


def trades(
    *,
    symbol: Annotated[
        str | None, typer.Option(help="Only trades in these symbols: BTCUSDT,1000*")
    ] = None,
    side: Annotated[
        str | None,
        typer.Option(
            help="Only BUY (long) or only SELL (short) trades.", autocompletion=choices(list(Side))
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Only trades on these kinds: regular_bullish,hidden_bullish ...",
            autocompletion=choices(list(Kind)),
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            help="Only trades closed for these reasons: stop,target ...",
            autocompletion=choices(list(Reason)),
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only last filled at this time (UTC) or later: 2024-07-30T09:00"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only last filled before this time (UTC).")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only open trades.")] = False,
    only_closed: Annotated[bool, typer.Option("--closed", help="Only closed trades.")] = False,
    last: Annotated[
        int | None, option("--last", Bounds(int, 1, 10**9), "Only the newest N of these.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with every field.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every field as CSV.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file; the ending .json, .csv or .txt sets the format.",
            dir_okay=False,
        ),
    ] = None,
    run: RunName = None,
    journal: JournalFile = None,
) -> None:
    """List the trades of a paper run, also while it is running."""
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.output import OutputFormat
    from divbot.cli.recorded import find_run
    from divbot.cli.trades_file import trades_csv, trades_document
    from divbot.cli.trades_text import trades_text
    from divbot.trading.figures.selection import Selection

    if only_open and only_closed:
        raise InputError("--open and --closed exclude each other: give one of them")
    selection = Selection(
        symbols=tuple(map(plain_symbol, _names(symbol))),
        sides=_chosen("--side", side, Side, str.upper),
        kinds=_chosen("--kind", kind, Kind, _as_written),
        reasons=_chosen("--reason", reason, Reason, _as_written),
        since=_time("--since", since),
        until=_time("--until", until),
        is_open=only_open if only_open or only_closed else None,
        last=last,
    )
    format_ = OutputFormat.chosen(as_json=as_json, as_csv=as_csv, with_all=False, path=output)
    destination = Destination(output)
    recorded = find_run(run, journal)
    found = selection.of(recorded.ledger.trades)
    if format_ is OutputFormat.JSON:
        destination.write(json_bytes(trades_document(recorded, found)))
    elif format_ is OutputFormat.CSV:
        destination.write(trades_csv(recorded, found).encode())
    else:
        destination.write(trades_text(recorded, found, destination.fit))


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _as_written(name: str) -> str:
    return name.lower().replace("-", "_")


def _chosen(
    flag: str, text: str | None, words: type[Choice], change: Callable[[str], str]
) -> tuple[Choice, ...]:
    known = [x.value for x in words]
    for name in _names(text):
        if change(name) not in known:
            raise InputError(f"{flag}: expected {', '.join(known)}, found {name!r}")
    return tuple(words(change(name)) for name in _names(text))


def _time(flag: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(f"{flag}: {error}") from None
