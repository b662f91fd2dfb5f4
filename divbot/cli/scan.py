"""`divbot scan`: one scan of the market, as a table, JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side

if TYPE_CHECKING:
    from divbot.scanner.report import Report
    from divbot.settings import Settings

PARTIAL = 4
_MOST_FAILURES_NAMED = 3


def _choices(values: list[str]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


def scan(
    *,
    top: Annotated[
        int | None, typer.Option(help="Scan this many symbols, the most traded first. [400]")
    ] = None,
    symbols: Annotated[str | None, typer.Option(help="Scan these instead: BTCUSDT,ETHUSDT")] = None,
    include: Annotated[
        str | None, typer.Option(help="Scan these besides, whatever they are: PAXGUSDT,1000*")
    ] = None,
    exclude: Annotated[str | None, typer.Option(help="Never scan these: DOGEUSDT,*PEPE*")] = None,
    min_age: Annotated[
        float | None, typer.Option(help="Days that a symbol must have been listed. [10]")
    ] = None,
    max_spread: Annotated[
        float | None, typer.Option(help="Widest spread, as a part of the ask. [0.005]")
    ] = None,
    market: Annotated[
        str | None,
        typer.Option(
            help="usdm (USD-M futures) or spot. [usdm]",
            autocompletion=_choices([x.value for x in Market]),
        ),
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            "-i",
            help="Length of a candle: 1m, 5m, 15m, 1h, 4h, 1d ... [5m]",
            autocompletion=_choices([x.value for x in Interval]),
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Candles to ask for. [the most at the least weight: futures 499, spot 1000]"
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-j", help="Worker processes. [one for each core]")
    ] = None,
    connections: Annotated[
        int | None, typer.Option(help="Connections, shared among the workers. [64]")
    ] = None,
    sequential: Annotated[
        bool | None,
        typer.Option(
            "--sequential/--no-sequential", help="Do everything in this process, for debugging."
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Only these kinds: regular_bullish,hidden_bullish,regular_bearish,hidden_bearish",
            autocompletion=_choices([x.value for x in Kind]),
        ),
    ] = None,
    side: Annotated[
        str | None,
        typer.Option(
            help="Only BUY or only SELL.", autocompletion=_choices([x.value for x in Side])
        ),
    ] = None,
    max_age: Annotated[
        int | None, typer.Option(help="Show nothing confirmed more candles ago than this. [5]")
    ] = None,
    stop_atr: Annotated[
        float | None, typer.Option(help="Stop beyond the later pivot, in ATRs. [0.5]")
    ] = None,
    reward_risk: Annotated[
        float | None, typer.Option(help="Target, as a multiple of the risk. [2.0]")
    ] = None,
    best: Annotated[int | None, typer.Option(help="Show this many opportunities. [20]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    with_all: Annotated[
        bool,
        typer.Option("--all", help="Add every divergence of the windows to the JSON document."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="Write to this file; .json and .csv choose the format.", dir_okay=False),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no notices.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Scan a simulated market; needs no network.")
    ] = False,
    request_timeout: Annotated[
        float | None, typer.Option(help="Seconds for one answer, all tries together. [10]")
    ] = None,
    use_proxies: Annotated[
        bool | None,
        typer.Option(
            "--use-proxies/--no-use-proxies",
            help="Reach the venue through the proxies that the environment names.",
        ),
    ] = None,
    weight_share: Annotated[
        float | None, typer.Option(help="Part of the venue's request weight to use. [0.8]")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Where to find the venue. [Binance's own address]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML). [divbot.toml, where there is one]")
    ] = None,
) -> int:
    """Scan the market once and print the opportunities, the best first."""
    from divbot.app import open_scanner, slow_scan_notice
    from divbot.cli.output import Format, Output
    from divbot.cli.progress import ScanProgress
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
            "best": best,
            "request_timeout": request_timeout,
            "use_proxies": use_proxies,
            "weight_share": weight_share,
            "base_url": base_url,
        },
        config,
    )
    if demo and base_url:
        raise InputError("--demo and --base-url exclude each other: give one of them")
    format_ = Format.chosen(as_json=as_json, as_csv=as_csv, with_all=with_all, path=output)
    out = Output(format_, output, with_divergences=with_all)
    if demo and not quiet:
        _notice("demo: a local exchange with a synthetic market, not real prices")
    if (slow := slow_scan_notice(settings)) and not demo and not quiet:
        _notice(slow)
    with ScanProgress(quiet=quiet) as progress, open_scanner(settings, demo=demo) as scanner:
        report = scanner.cycle(progress)
    out.write(report)
    if not quiet:
        _notices(report, settings)
    return PARTIAL if _is_partial(report, settings) else 0


def _is_partial(report: Report, settings: Settings) -> bool:
    """Tell whether symbols are missing that should be there; a young one in the top is normal."""
    from divbot.scanner.report import FAILED

    return report.summary.count(FAILED) > 0 or bool(settings.symbols and report.summary.skipped)


def _notices(report: Report, settings: Settings) -> None:
    from divbot.scanner.report import FAILED

    summary = report.summary
    for notice in report.notices:
        _notice(notice)
    if not settings.symbols and summary.symbols < settings.top:
        _notice(
            f"only {summary.symbols} symbols to scan, not {settings.top}; `divbot universe` tells "
            "why the others are left out"
        )
    named = [x for x in summary.skipped if settings.symbols or x.reason == FAILED]
    for skipped in named[:_MOST_FAILURES_NAMED]:
        reason = skipped.reason.replace("_", " ")
        _notice(f"{skipped.symbol} skipped ({reason}): {skipped.detail}")
    if len(named) > _MOST_FAILURES_NAMED:
        _notice(f"and {len(named) - _MOST_FAILURES_NAMED} more; --json names them all")


def _notice(message: str) -> None:
    print(f"divbot: {message}", file=sys.stderr)
