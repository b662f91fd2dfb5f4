"""`divbot backtest`: the paper trader on the market as it was."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.domain.bounds import Bounds
from divbot.domain.market import Interval
from divbot.domain.timerange import Range, TimeRange
from divbot.domain.values import Choice
from divbot.setting_table import GROUPS, AlertSettings, WorkSettings

if TYPE_CHECKING:
    from divbot.app.backtest import BacktestProgress

_LIVE_ONLY = ("best", "max_spread", "position_update_interval")
"""Settings of a venue that can be asked again and again, and of what is shown of it."""
_WANTED = [
    name
    for group, rows in GROUPS.items()
    if group not in (AlertSettings, WorkSettings)
    for name in rows
    if name not in _LIVE_ONLY
]


class UniverseOf(StrEnum):
    """Whose list of symbols is taken at a moment of the past."""

    THEN = "then"
    NOW = "now"


@flags.settings(*_WANTED, "workers", "sequential", "store")
def backtest(
    *,
    given: flags.Given,
    recorded: Annotated[
        Path | None,
        typer.Option(
            help="Trade on these candles, a parquet or CSV file, or a folder of zips of Binance's "
            "archive, instead of the store."
        ),
    ] = None,
    timerange: Annotated[
        TimeRange | None,
        flags.option(
            "--timerange",
            Range(),
            "20240101-20250101, 20240101-, ISO dates: from the first to before the second, in UTC.",
            show_default=False,
        ),
    ] = None,
    detail: Annotated[
        Interval | None,
        flags.option(
            "--detail",
            Choice(Interval),
            "Candles that tell what happens between two closes. [the shortest that there are]",
            show_default=False,
        ),
    ] = None,
    universe: Annotated[
        UniverseOf,
        flags.option(
            "--universe",
            Choice(UniverseOf),
            "Whose list of symbols: of each moment then, or of the end (now).",
        ),
    ] = UniverseOf.THEN,
    spread: Annotated[
        Decimal,
        flags.option(
            "--spread",
            Bounds(Decimal, 0, "0.1", is_part=True),
            "From bid to ask, as a part of the price: no candle tells it.",
        ),
    ] = Decimal("0.0004"),
    journal: Annotated[
        Path | None, typer.Option(help="Keep the journal of the run in this file.", dir_okay=False)
    ] = None,
    as_json: flags.Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")
    ] = False,
) -> None:
    """Trade the past on paper, by the engine of `divbot paper`, and print what it came to."""
    from divbot.app import backtest as app
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.recorded import heading_document
    from divbot.cli.stats_text import stats_text
    from divbot.trading.figures.documents import stats_document
    from divbot.trading.figures.stats import measure
    from divbot.trading.journal.journal import read

    settings = given.load()
    start, end = timerange or (None, None)
    options = app.BacktestOptions(
        start=start,
        end=end,
        detail=detail,
        is_todays=universe is UniverseOf.NOW,
        spread=spread,
        journal=journal,
    )
    if not quiet:
        tell_of_compiling()
    with _progress(quiet=quiet) as progress:
        past = app.open_recording(recorded, settings) if recorded else app.open_stored(settings)
        traded = app.backtest(past, settings, options, progress)
    if not quiet:
        for note in traded.notes:
            print(f"divbot: {note}", file=sys.stderr)
    run = read(traded.journal)
    found = measure(run.events, run.ledger)
    if as_json:
        notes = {"journal": str(traded.journal), "assumptions": list(traded.notes)}
        document = heading_document(run) | notes | stats_document(found)
        Destination(None).write(json_bytes(document))
    else:
        Destination(None).write(f"{stats_text(run, found)}journal {traded.journal}\n")


def _progress(*, quiet: bool) -> AbstractContextManager[BacktestProgress]:
    if quiet or not sys.stderr.isatty():
        return nullcontext(_ignore)
    from divbot.cli.progress import PastProgress

    return PastProgress()


def _ignore(what: str, done: int, count: int) -> None:
    """Show nothing."""
