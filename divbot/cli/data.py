"""`divbot data`: the store of candles; fill it, look at it, keep it whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from divbot.cli import flags
from divbot.domain.errors import StoreError
from divbot.domain.market import Interval, Market
from divbot.domain.values import Choice, Several

if TYPE_CHECKING:
    from divbot.settings import Settings

data = typer.Typer(
    name="data",
    help="Keep the history of a market: download, look, verify, import and export.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

_INTERVALS = Several("intervals such as 5m,1h", Choice(Interval).read, tuple(Interval))
Intervals: TypeAlias = Annotated[
    tuple[Interval, ...] | None,
    flags.option(
        "--interval", _INTERVALS, "Lengths of candles: 5m,1h ...", "-i", show_default=False
    ),
]


@data.command("list")
@flags.settings("market", "symbols", "store")
def list_(*, given: flags.Given, intervals: Intervals = None, as_json: flags.Json = False) -> int:
    """List what the store holds: market, interval, symbols, range, holes and bytes.

    With --symbols one by one, each hole in its own line; else all symbols of an interval together.
    """
    from divbot.app.data import open_store
    from divbot.cli.data_text import held_document, held_text, shelf_text
    from divbot.cli.destination import Destination, json_bytes
    from divbot.history.inventory import inventory

    settings = given.load()
    stores = [open_store(settings, market) for market in _markets(given, settings)]
    found = [x for each in stores for x in inventory(each, intervals or (), settings.symbols)]
    out = Destination(None)
    if as_json:
        out.write(json_bytes(held_document(stores[0].root, found)))
    else:
        text = shelf_text if settings.symbols else held_text
        out.write(text(stores[0].root, found, out.fit))
    damaged = [problem for x in found for problem in x.damaged]
    for problem in damaged:
        print(f"divbot: {problem}", file=sys.stderr)
    return StoreError.exit_code if damaged else 0


def _markets(given: flags.Given, settings: Settings) -> tuple[Market, ...]:
    """Return the market that a flag names, or else all."""
    return (settings.market,) if given.settings["market"] else tuple(Market)


@data.command("import")
@flags.settings("market", "store")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="Candles: a parquet or CSV file, or a folder of zips of Binance's archive; or "
            "funding rates: a table with symbol, time (ms UTC) and rate."
        ),
    ],
    *,
    given: flags.Given,
    interval: Annotated[
        Interval | None,
        flags.option(
            "--interval", Choice(Interval), "Length of a candle. [as the times tell]", "-i"
        ),
    ] = None,
) -> None:
    """Put recorded candles, whatever --recorded takes, or funding rates into the store.

    Candles that are there at the same time are replaced; what only those told, such as quote volume
    and trades, stays where prices and volume are the same.
    """
    from divbot.app.data import import_recording, open_store
    from divbot.cli.data_text import counted

    settings = given.load()
    store = open_store(settings)
    found = import_recording(store, file, interval)
    print(
        f"divbot: {file}: {found.rows} {found.what} of {counted(found.symbols)} are "
        f"in the store of {store.market.title} ({store.root})",
        file=sys.stderr,
    )
