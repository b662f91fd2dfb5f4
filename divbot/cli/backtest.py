"""`divbot backtest`: the paper trader on the market as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.app.backtest import SPREAD, USUAL_SPREAD, UniverseOf
from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.domain.market import Interval
from divbot.domain.timerange import Range, TimeRange
from divbot.domain.values import Choice
from divbot.setting_table import GROUPS, AlertSettings, WorkSettings

if TYPE_CHECKING:
    from divbot.app.backtest import BacktestProgress
    from divbot.app.backtest_result import Backtest
    from divbot.research.port import PastMarket

_LIVE_ONLY = ("best", "max_spread", "position_update_interval")
"""Settings of a venue that can be asked again and again, and of what is shown of it."""
_WANTED = [
    name
    for group, rows in GROUPS.items()
    if group not in (AlertSettings, WorkSettings)
    for name in rows
    if name not in _LIVE_ONLY
]


class BreakdownBy(StrEnum):
    """What `--breakdown` puts together."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


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
            SPREAD,
            "From bid to ask, as a part of the price: no candle tells it.",
        ),
    ] = USUAL_SPREAD,
    breakdown: Annotated[
        BreakdownBy | None,
        flags.option(
            "--breakdown",
            Choice(BreakdownBy),
            "Also show what each day, week or month brought.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Also write all trades to this file, as the CSV of `divbot trades`.",
            dir_okay=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Also write a page with charts to this file (HTML).", dir_okay=False),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Keep the journal of the run in this file.", dir_okay=False)
    ] = None,
    allow_holes: Annotated[
        bool, typer.Option("--allow-holes", help="Do not end with 4 where candles are missing.")
    ] = False,
    as_json: flags.Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")
    ] = False,
) -> int:
    """Trade the past on paper, by the engine of `divbot paper`, and print what it came to.

    With --universe now it is traded twice, on the list of each moment too, and takes twice as long:
    the difference is what hindsight is worth. Ends with 4 where candles are missing.
    """
    from divbot.app import backtest as app
    from divbot.app.backtest_result import result_of
    from divbot.cli.backtest_text import backtest_document, backtest_text, hole_lines
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.report.page import plotly_script
    from divbot.cli.trades_file import trades_csv
    from divbot.trading.figures.breakdown import By

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
    page = Destination(report, PAGE) if report else None
    script = plotly_script("--report") if report else ""
    table = Destination(export, (".csv",)) if export else None
    if not quiet:
        tell_of_compiling()
    with past_progress(quiet=quiet) as progress:
        past = app.open_recording(recorded, settings) if recorded else app.open_stored(settings)
        result = result_of(past, settings, options, progress, _tell(quiet=quiet))
    if not quiet:
        for note in (*result.notes, *hole_lines(result)):
            print(f"divbot: {note}", file=sys.stderr)
    if table:
        table.write(trades_csv(result.recorded, result.recorded.ledger.trades))
    if page:
        page.write(_page(result, script, past))
    destination = Destination(None)
    if as_json:
        destination.write(json_bytes(backtest_document(result)))
    else:
        by = None if breakdown is None else By(breakdown)
        destination.write(backtest_text(result, by, destination.fit))
    return PARTIAL if result.holes and not allow_holes else 0


def _page(result: Backtest, script: str, past: PastMarket) -> str:
    from divbot.app.run_candles import candles_of_past
    from divbot.cli.backtest_text import bias_of, hole_lines
    from divbot.cli.recorded import start_of
    from divbot.cli.report.stats import page_text

    run = result.recorded
    return page_text(
        run,
        result.figures,
        script,
        candles_of_past(start_of(run), run.ledger, past),
        bias=bias_of(result),
        notes=(*result.notes, *hole_lines(result)),
    )


def _tell(*, quiet: bool) -> Callable[[str], None]:
    return lambda text: None if quiet else print(f"divbot: {text}", file=sys.stderr)


def past_progress(*, quiet: bool) -> AbstractContextManager[BacktestProgress]:
    """Provide what shows how far a backtest is, on a terminal."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(_ignore)
    from divbot.cli.progress import PastProgress

    return PastProgress()


def _ignore(what: str, done: int, count: int) -> None:
    """Show nothing."""
