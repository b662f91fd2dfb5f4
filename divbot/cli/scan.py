"""`divbot scan`: one scan of the market, as a table, JSON or CSV."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.domain.names import words
from divbot.setting_table import GROUPS, AlertSettings, PaperSettings, WebSettings

if TYPE_CHECKING:
    from divbot.domain.market import Interval
    from divbot.scanner.cycle import ScanListener
    from divbot.scanner.report import Report, Summary
    from divbot.settings import Settings

_MOST_FAILURES_NAMED = 3
_NO_SCAN = (PaperSettings, AlertSettings, WebSettings)
"""Groups of settings that a scan has no use for."""


@flags.settings(
    *(x for x in GROUPS if x not in _NO_SCAN),
    "fee",
    "slippage",
    without=("interval",),  # one is several intervals, too
)
def scan(
    *,
    given: flags.Given,
    as_json: flags.Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    with_all: Annotated[
        bool,
        typer.Option(
            "--all", help="Add every divergence found, old ones too, to the JSON document."
        ),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Explain each score below the table.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file; the ending .json, .csv or .txt sets the format.",
            dir_okay=False,
        ),
    ] = None,
    chart_report: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Also write a page with charts to this file (HTML).", dir_okay=False
        ),
    ] = None,
    quiet: flags.Quiet = False,
    demo: flags.Demo = False,
) -> int:
    """Scan the market once and print the opportunities, the best first."""
    from divbot.app.scan_rules import by_interval, slow_scan_notice
    from divbot.app.scanning import open_scanner
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import PAGE, Destination
    from divbot.cli.output import Output, OutputFormat
    from divbot.cli.rates import prepare_rates
    from divbot.cli.report.page import plotly_script

    settings = given.load(demo=demo, quiet=quiet, **given.one_interval)
    each = by_interval(settings)
    format_ = OutputFormat.chosen(as_json=as_json, as_csv=as_csv, with_all=with_all, path=output)
    out = Output(format_, output, with_divergences=with_all, is_explained=explain)
    page = Destination(chart_report, PAGE) if chart_report else None
    plotly = plotly_script("--report") if chart_report else ""
    if demo and not quiet:
        _notice("demo: a local exchange with a synthetic market, not real prices")
    if not quiet:
        tell_of_compiling()
    prepare_rates(settings, quiet=quiet)
    if (slow := slow_scan_notice(settings)) and not demo and not quiet:
        _notice(slow)
    with (
        _progress(quiet=quiet) as progress,
        open_scanner(
            settings, each, demo=demo, with_divergences=with_all, with_candles=page is not None
        ) as scanner,
    ):
        # The library that lays out tables loads while the venue is waited for.
        threading.Thread(target=out.prepare, name="output", daemon=True).start()
        reports = scanner.reports(progress)
    out.write(reports, settings.best)
    if page:
        from divbot.app.examination import examined
        from divbot.cli.report.market import scan_page

        found = {x.interval: examined(reports[x.interval], x) for x in each}
        page.write(scan_page(reports, found, settings.best, plotly).encode())
        if not quiet:
            _notice(f"{chart_report} written")
    if not quiet:
        _notices(reports, settings)
    return PARTIAL if any(_is_partial(x, settings) for x in reports.values()) else 0


def _progress(*, quiet: bool) -> AbstractContextManager[ScanListener]:
    """Return a progress bar where somebody looks, else what shows nothing.

    Either way, who has to wait for the kernels is told so.
    """
    if quiet or not sys.stderr.isatty():
        from divbot.scanner.cycle import ScanListener

        return nullcontext(ScanListener())
    from divbot.cli.compiling import is_compiled
    from divbot.cli.progress import ScanProgress

    return ScanProgress(is_compiling=not is_compiled())


def _is_partial(report: Report, settings: Settings) -> bool:
    """Tell whether symbols are missing that should be there; a young one in the top is normal."""
    from divbot.scanner.report import FAILED

    summary = report.summary
    are_all_there = not summary.skipped and summary.symbols >= len(set(settings.symbols))
    return summary.count(FAILED) > 0 or bool(settings.symbols and not are_all_there)


def _notices(reports: Mapping[Interval, Report], settings: Settings) -> None:
    for notice in dict.fromkeys(chain.from_iterable(x.notices for x in reports.values())):
        _notice(notice)
    symbols = next(iter(reports.values())).summary.symbols
    if not settings.symbols and symbols < settings.top:
        _notice(
            f"only {symbols} symbols to scan, not {settings.top}; `divbot universe` tells "
            "why the others are left out"
        )
    for interval, report in reports.items():
        _skipped(report.summary, settings, f"{interval.value}: " if len(reports) > 1 else "")


def _skipped(summary: Summary, settings: Settings, where: str) -> None:
    from divbot.scanner.report import FAILED, UNKNOWN

    skipped_ones = [x for x in summary.skipped if x.reason != UNKNOWN]  # a notice tells of those
    named = [x for x in skipped_ones if settings.symbols or x.reason == FAILED]
    for skipped in named[:_MOST_FAILURES_NAMED]:
        reason = words(skipped.reason)
        _notice(f"{where}{skipped.symbol} skipped ({reason}): {skipped.detail}")
    if len(named) > _MOST_FAILURES_NAMED:
        _notice(f"{where}and {len(named) - _MOST_FAILURES_NAMED} more; --json names them all")


def _notice(message: str) -> None:
    print(f"divbot: {message}", file=sys.stderr)
