"""`divbot scan`: one scan of the market, as a table, JSON or CSV."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags

if TYPE_CHECKING:
    from divbot.scanner.cycle import Stages
    from divbot.scanner.report import Report
    from divbot.settings import Settings

PARTIAL = 4
_MOST_FAILURES_NAMED = 3


@flags.further(*flags.OF_A_SCAN)
def scan(
    *,
    further: flags.Given,
    top: flags.Top = None,
    symbols: flags.Symbols = None,
    include: flags.Include = None,
    exclude: flags.Exclude = None,
    min_age: flags.MinAge = None,
    max_spread: flags.MaxSpread = None,
    market: flags.MarketName = None,
    interval: flags.IntervalName = None,
    limit: flags.Limit = None,
    workers: flags.Workers = None,
    connections: flags.Connections = None,
    sequential: flags.Sequential = None,
    kind: flags.KindNames = None,
    side: flags.SideName = None,
    max_age: flags.MaxAge = None,
    stop_atr: flags.StopAtr = None,
    reward_risk: flags.RewardRisk = None,
    horizon: flags.Horizon = None,
    best: flags.Best = None,
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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")
    ] = False,
    demo: flags.Demo = False,
    request_timeout: flags.RequestTimeout = None,
    use_proxies: flags.UseProxies = None,
    weight_share: flags.WeightShare = None,
    base_url: flags.BaseUrl = None,
    config: flags.Config = None,
) -> int:
    """Scan the market once and print the opportunities, the best first."""
    from divbot.app import open_scanner, slow_scan_notice, workers_of_scan
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import PAGE, Destination
    from divbot.cli.output import Format, Output
    from divbot.cli.report.page import plotly_script
    from divbot.processes import end_forkserver
    from divbot.scanner.workforce import IN_PROCESS
    from divbot.settings import load_settings

    settings = load_settings(
        {
            "top": top,
            "symbols": symbols,
            "include": include,
            "exclude": exclude,
            "min_age": min_age,
            "max_spread": max_spread,
            "market": market,
            "interval": interval,
            "limit": limit,
            "workers": workers,
            "connections": connections,
            "sequential": sequential,
            "kind": kind,
            "side": side,
            "max_age": max_age,
            "stop_atr": stop_atr,
            "reward_risk": reward_risk,
            "horizon": horizon,
            "best": best,
            "request_timeout": request_timeout,
            "use_proxies": use_proxies,
            "weight_share": weight_share,
            "base_url": base_url,
            **further,
        },
        config,
    )
    flags.check_venue(settings, demo=demo, base_url=base_url, quiet=quiet)
    format_ = Format.chosen(as_json=as_json, as_csv=as_csv, with_all=with_all, path=output)
    out = Output(format_, output, with_divergences=with_all, is_explained=explain)
    page = Destination(chart_report, PAGE) if chart_report else None
    plotly = plotly_script("--report") if chart_report else ""
    if workers_of_scan(settings) == IN_PROCESS and not demo:
        # It was started on suspicion, and takes a core from the scan.
        end_forkserver()
    if demo and not quiet:
        _notice("demo: a local exchange with a synthetic market, not real prices")
    if not quiet:
        tell_of_compiling()
    if (slow := slow_scan_notice(settings)) and not demo and not quiet:
        _notice(slow)
    with (
        _progress(quiet=quiet) as progress,
        open_scanner(
            settings, demo=demo, with_divergences=with_all, with_candles=page is not None
        ) as scanner,
    ):
        # The library that lays out tables loads while the venue is waited for.
        threading.Thread(target=out.prepare, name="output", daemon=True).start()
        report = scanner.cycle(progress)
    out.write(report)
    if page:
        from divbot.app.examination import examined
        from divbot.cli.report.market import scan_page

        page.write(scan_page(report, examined(report, settings), plotly).encode())
        if not quiet:
            _notice(f"{chart_report} written")
    if not quiet:
        _notices(report, settings)
    return PARTIAL if _is_partial(report, settings) else 0


def _progress(*, quiet: bool) -> AbstractContextManager[Stages]:
    """Return a progress bar where somebody looks, else what shows nothing.

    Either way, who has to wait for the kernels is told so.
    """
    if quiet or not sys.stderr.isatty():
        from divbot.scanner.cycle import Stages

        return nullcontext(Stages())
    from divbot.cli.compiling import is_compiled
    from divbot.cli.progress import ScanProgress

    return ScanProgress(is_compiling=not is_compiled())


def _is_partial(report: Report, settings: Settings) -> bool:
    """Tell whether symbols are missing that should be there; a young one in the top is normal."""
    from divbot.scanner.report import FAILED

    summary = report.summary
    are_all_there = not summary.skipped and summary.symbols >= len(set(settings.symbols))
    return summary.count(FAILED) > 0 or bool(settings.symbols and not are_all_there)


def _notices(report: Report, settings: Settings) -> None:
    from divbot.scanner.report import FAILED, UNKNOWN

    summary = report.summary
    for notice in report.notices:
        _notice(notice)
    if not settings.symbols and summary.symbols < settings.top:
        _notice(
            f"only {summary.symbols} symbols to scan, not {settings.top}; `divbot universe` tells "
            "why the others are left out"
        )
    skipped_ones = [x for x in summary.skipped if x.reason != UNKNOWN]  # a notice tells of those
    named = [x for x in skipped_ones if settings.symbols or x.reason == FAILED]
    for skipped in named[:_MOST_FAILURES_NAMED]:
        reason = skipped.reason.replace("_", " ")
        _notice(f"{skipped.symbol} skipped ({reason}): {skipped.detail}")
    if len(named) > _MOST_FAILURES_NAMED:
        _notice(f"and {len(named) - _MOST_FAILURES_NAMED} more; --json names them all")


def _notice(message: str) -> None:
    print(f"divbot: {message}", file=sys.stderr)
