"""`divbot stats`: how a paper run did, as text, as a document, or as a page with charts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from divbot.domain.errors import InputError

_BY = ("symbol", "kind", "side", "reason", "day")


def _complete_by(incomplete: str) -> list[str]:
    return [name for name in _BY if name.startswith(incomplete)]


def stats(
    *,
    by: Annotated[
        str | None,
        typer.Option(
            help="Show only the results by symbol, kind, side, reason or day.",
            autocompletion=_complete_by,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Also write a page with charts to this file (HTML).", dir_okay=False),
    ] = None,
    run: Annotated[str | None, typer.Option(help="Name of the run. [the newest]")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="File of the journal to read.", dir_okay=False)
    ] = None,
) -> None:
    """Show the statistics of a paper run, also while it is running."""
    from divbot.cli.destination import PAGE, Destination, json_bytes
    from divbot.cli.recorded import find_run, heading_document
    from divbot.cli.report.page import plotly_script
    from divbot.cli.stats_text import breakdown_text, stats_text
    from divbot.trading.breakdown import By
    from divbot.trading.documents import stats_document
    from divbot.trading.stats import measure

    if by is not None and by not in _BY:
        raise InputError(f"--by: expected {', '.join(_BY)}, found {by!r}")
    if by is not None and as_json:
        raise InputError("--json has every breakdown already: leave out --by")
    page = Destination(report, PAGE) if report else None
    script = plotly_script("--report") if report else ""
    recorded = find_run(run, journal)
    found = measure(recorded.events, recorded.ledger)
    destination = Destination(None)
    if as_json:
        document = heading_document(recorded) | stats_document(found, recorded.ledger.closed)
        destination.write(json_bytes(document))
    elif by is not None:
        destination.write(breakdown_text(recorded, By(by), destination.fit))
    else:
        destination.write(stats_text(recorded, found))
    if page:
        from divbot.cli.report.stats import page_text

        page.write(page_text(recorded, found, script).encode())
        print(f"divbot: {report} written", file=sys.stderr)
