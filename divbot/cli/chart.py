"""`divbot chart`: one symbol with its divergences and how they ended, as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.domain.errors import InputError, SymbolError
from divbot.setting_table import IndicatorInputs

if TYPE_CHECKING:
    from divbot.scanner.checks.examination import Examination
    from divbot.scanner.report import Report


@flags.settings(
    *("market", "interval", "limit", "base_url", "max_age", "stop_atr", "reward_risk", "horizon"),
    IndicatorInputs,
)
def chart(
    symbol: Annotated[str, typer.Argument(help="The symbol: BTCUSDT", show_default=False)],
    *,
    given: flags.Given,
    output: Annotated[
        Path | None,
        typer.Option(help="Write to this file. [SYMBOL-INTERVAL.html]", dir_okay=False),
    ] = None,
    demo: flags.Demo = False,
) -> None:
    """Draw candles, RSI and divergences of one symbol on a page that opens offline."""
    from divbot.app.examination import examined
    from divbot.app.scanning import open_scanner
    from divbot.cli.compiling import tell_of_compiling
    from divbot.cli.destination import PAGE, Destination
    from divbot.cli.rates import prepare_rates
    from divbot.cli.report.page import plotly_script

    # One symbol is no work for several processes, and what is never to be traded may be looked at.
    settings = given.load(demo=demo, symbols=symbol, sequential=True, include=(), exclude=())
    if len(settings.symbols) != 1:
        raise InputError(f"expected one symbol, such as BTCUSDT, found {symbol!r}")
    (name,) = settings.symbols
    path = output or Path(f"{file_name(name)}-{settings.interval.value}.html")
    page = Destination(path, PAGE)
    plotly = plotly_script("divbot chart")
    tell_of_compiling()
    prepare_rates(settings)
    with open_scanner(settings, demo=demo, with_candles=True) as scanner:
        report = scanner.cycle()
    found = examined(report, settings).get(name)
    if found is None:
        raise SymbolError(f"{name}: {_reason(report)}")

    from divbot.cli.report.market import chart_page

    page.write(chart_page(report, found, plotly).encode())
    _tell(report, found, path)


def file_name(symbol: str) -> str:
    """Return `symbol`, which is the venue's to choose, as a name that stays in its folder."""
    return "".join(x if x.isalnum() else "_" for x in symbol)


def _reason(report: Report) -> str:
    details = [skipped.detail for skipped in report.summary.skipped]
    return details[0] if details else "no candles came back"


def _tell(report: Report, found: Examination, path: Path) -> None:
    from divbot.cli.report.market import chart_heading, counts_line

    # A page on stdout stands there alone.
    stream = sys.stderr if path == Path("-") else sys.stdout
    for notice in report.notices:
        print(f"divbot: {notice}", file=sys.stderr)
    print(chart_heading(report, found), file=stream)
    print(counts_line(report, found), file=stream)
    if stream is sys.stdout:
        print(f"{path} written")
