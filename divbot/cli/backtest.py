"""`divbot backtest`: the paper trader on the market as it was."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.app.options import USUAL_SPREAD, BacktestOptions, UniverseOf
from divbot.cli import flags, past
from divbot.cli.command import PARTIAL
from divbot.domain.market import Interval
from divbot.domain.values import Choice

if TYPE_CHECKING:
    from divbot.app.backtest_result import Backtest
    from divbot.research.port import PastMarket


_SUPPLY = ("base_url", "archive_url", "archive_listing_url")
"""Where candles are fetched from."""


class BreakdownBy(StrEnum):
    """What `--breakdown` puts together."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@flags.settings(*past.SETTINGS_OF_THEN, *_SUPPLY)
def backtest(
    *,
    given: flags.Given,
    recorded: Annotated[Path | None, past.recorded("Trade")] = None,
    timerange: flags.Timerange = None,
    detail: Annotated[
        Interval | None,
        flags.option(
            "--detail",
            Choice(Interval),
            "Candles between two closes; the store's are fetched when first needed, but for the "
            "interval itself. [1m; of a recording the shortest]",
            show_default=False,
        ),
    ] = None,
    universe: past.WhoseList = UniverseOf.THEN,
    spread: past.Spread = USUAL_SPREAD,
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
        bool,
        typer.Option(
            "--allow-holes", help="Do not end with 4 where candles or funding are missing."
        ),
    ] = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> int:
    """Trade the past on paper, by the engine of `divbot paper`, and print what it came to.

    With --universe now it is traded twice, on the list of each moment too, and takes twice as long:
    the difference is what hindsight is worth. Ends with 4 where candles are missing.
    """
    from divbot.app.backtest_result import result_of
    from divbot.app.histories import open_recording, open_stored
    from divbot.cli.backtest_text import backtest_document, backtest_text, hole_lines
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.report.page import plotly_script
    from divbot.cli.trades_file import trades_csv
    from divbot.trading.figures.breakdown import By

    settings = given.load()
    start, end = timerange or (None, None)
    options = BacktestOptions(
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
    tell = partial(past.tell, quiet=quiet)
    with past.progress(quiet=quiet) as progress:
        history = open_recording(recorded, settings) if recorded else open_stored(settings)
        result = result_of(history, settings, options, progress, tell)
    for note in (*result.notes, *hole_lines(result)):
        tell(note)
    if table:
        table.write(trades_csv(result.recorded, result.recorded.ledger.trades))
    if page:
        page.write(_page(result, script, history))
    destination = Destination(None)
    if as_json:
        destination.write(json_bytes(backtest_document(result)))
    else:
        by = None if breakdown is None else By(breakdown)
        destination.write(backtest_text(result, by, destination.fit))
    return PARTIAL if (result.holes or result.unpaid) and not allow_holes else 0


def _page(result: Backtest, script: str, history: PastMarket) -> str:
    from divbot.app.run_candles import candles_of_past
    from divbot.cli.backtest_text import bias_of, hole_lines
    from divbot.cli.recorded import start_of
    from divbot.cli.report.stats import page_text

    run = result.recorded
    return page_text(
        run,
        result.figures,
        script,
        candles_of_past(start_of(run), run.ledger, history),
        bias=bias_of(result),
        notes=(*result.notes, *hole_lines(result)),
    )
