"""`divbot stats`: how a paper run did, as text, as a document, or as a page with charts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    from divbot.trading.figures.charted import Charted
    from divbot.trading.journal.journal import JournalCopy

_BY = ("symbol", "kind", "side", "reason", "hour", "day", "week", "month")


@flags.settings("base_url", "store")
def stats(
    *,
    given: flags.Given,
    by: Annotated[
        str | None,
        typer.Option(
            help="Show only the results by symbol, kind, side, reason, hour, day, week or month.",
            autocompletion=flags.choices(_BY),
        ),
    ] = None,
    as_json: flags.Json = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Also write a page with charts to this file (HTML).", dir_okay=False),
    ] = None,
    run: flags.RunName = None,
    journal: flags.JournalFile = None,
    with_candles: Annotated[
        bool,
        typer.Option(
            "--candles/--no-candles",
            help="Ask the venue, of a backtest the store, for the candles behind the trades of the "
            "--report.",
        ),
    ] = True,
) -> None:
    """Show the statistics of a run, also while it is running."""
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.recorded import find_run, heading_document
    from divbot.cli.report.page import plotly_script
    from divbot.cli.stats_text import breakdown_text, stats_text
    from divbot.trading.figures.breakdown import By
    from divbot.trading.figures.documents import stats_document
    from divbot.trading.figures.stats import measure

    if by is not None and by not in _BY:
        raise InputError(f"--by: expected {', '.join(_BY)}, found {by!r}")
    if by is not None and as_json:
        raise InputError("--json has every breakdown already: leave out --by")
    page = Destination(report, PAGE) if report else None
    script = plotly_script("--report") if report else ""
    recorded = find_run(run, journal)
    found = measure(recorded.events, recorded.ledger)
    if page:
        from divbot.cli.report.stats import page_text

        charted = _candles(recorded, given) if with_candles else {}
        page.write(page_text(recorded, found, script, charted).encode())
        print(f"divbot: {report} written", file=sys.stderr)
    # The page first: whoever reads what is printed may leave at any time.
    destination = Destination(None)
    if as_json:
        document = heading_document(recorded) | stats_document(found)
        destination.write(json_bytes(document))
    elif by is not None:
        destination.write(breakdown_text(recorded, found, By(by), destination.fit))
    else:
        destination.write(stats_text(recorded, found, destination.fit))


def _candles(recorded: JournalCopy, given: flags.Given) -> dict[str, Charted]:
    from divbot.app.run_candles import candles_of_past, candles_of_run
    from divbot.app.stores import open_store
    from divbot.cli.recorded import start_of
    from divbot.domain.events import Nature

    start, address = start_of(recorded), recorded.ledger.address
    if start.nature is Nature.HISTORY:
        settings = given.load(market=start.market.value)
        return candles_of_past(start, recorded.ledger, open_store(settings))
    # A demo's exchange ended with it.
    known = address if address and "://" in address else None
    venue = given.settings["base_url"] or known
    settings = given.load(market=start.market.value, base_url=venue)
    charted = candles_of_run(start, recorded.ledger, settings)
    for note in sorted({x.note for x in charted.values() if x.candles is None}):
        print(f"divbot: {note}", file=sys.stderr)
    return charted
