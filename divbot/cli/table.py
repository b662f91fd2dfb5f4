"""A report as a trader reads it: a heading, a ranked table, one line on what it took."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from divbot.cli import terminal
from divbot.cli.columns import Column, left_out, side_style
from divbot.domain.clock import utc_text
from divbot.domain.signals import Opportunity
from divbot.scanner.report import SKIP_REASONS, Report, Summary

_YEAR = len("2024-")
_GAP = 2


OPPORTUNITY_COLUMNS: tuple[Column[Opportunity], ...] = (
    Column("#", lambda x: str(x.rank)),
    Column("symbol", lambda x: x.divergence.symbol, is_number=False),
    Column("signal", lambda x: x.side.value, lambda x: side_style(x.side), is_number=False),
    Column("kind", lambda x: x.divergence.kind.value.replace("_", " "), is_number=False),
    Column("score", lambda x: f"{x.score:.1f}"),
    Column("conf.", lambda x: f"{x.evidence.confidence:.2f}" if x.evidence else ""),
    Column("90 %", lambda x: f"{x.evidence.low:.2f}-{x.evidence.high:.2f}" if x.evidence else ""),
    Column("exp. R", lambda x: f"{x.evidence.expectancy:+.2f}" if x.evidence else ""),
    Column("cases", lambda x: str(x.evidence.cases if x.evidence else 0)),
    Column("RSI", lambda x: f"{x.rsi_previous:.1f} → {x.rsi:.1f}"),
    Column("price", lambda x: f"{x.price:f}"),
    Column("ATR %", lambda x: f"{x.atr_percent:.2f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("R/R", lambda x: f"{x.reward_risk:.1f}"),
    Column("age", lambda x: str(x.age)),
    Column("confirmed", lambda x: utc_text(x.confirmed_at)[_YEAR:], is_number=False),
)
_LEFT_OUT_FIRST = ("confirmed", "ATR %", "cases", "RSI", "90 %", "R/R", "exp. R", "kind")
"""Where the terminal is too narrow for all: a line that wraps, or a cut price, misleads."""


def table_text(
    report: Report,
    *,
    width: int | None = None,
    is_coloured: bool = False,
    is_explained: bool = False,
) -> str:
    """Return heading, table and summary; fitted to `width`, where there is one.

    Where it is to be explained, a line for each opportunity tells how its score came about.
    """
    text = io.StringIO()
    console = terminal.console(
        text,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        width=10_000,
        highlight=False,
    )
    print(heading(report), file=text)
    if report.opportunities:
        columns = _fitting(report.opportunities, width)
        console.print(_table(report.opportunities, columns))
        if missing := [column.title for column in OPPORTUNITY_COLUMNS if column not in columns]:
            print(f"(left out to fit {width} columns: {', '.join(missing)})", file=text)
        if is_explained:
            text.writelines(f"{explanation(x)}\n" for x in report.opportunities)
    else:
        print("No opportunity passes the filters.", file=text)
    print(funnel_line(report.summary), file=text)
    print(summary_line(report), file=text)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _fitting(opportunities: Sequence[Opportunity], width: int | None) -> list[Column[Opportunity]]:
    widths = {
        x.title: max(len(x.title), *(cell_len(x.cell(row)) for row in opportunities))
        for x in OPPORTUNITY_COLUMNS
    }
    gone = left_out(widths, _LEFT_OUT_FIRST, width, _GAP)
    return [column for column in OPPORTUNITY_COLUMNS if column.title not in gone]


def heading(report: Report) -> str:
    """Return what was scanned, and as of when."""
    as_of = f"as of {utc_text(report.as_of)} UTC" if report.as_of else "no candles"
    simulated = " - SIMULATED PRICES" if report.simulated else ""
    return f"{report.venue} {report.market.title}, {report.interval.value}, {as_of}{simulated}"


def explanation(opportunity: Opportunity) -> str:
    """Return how a score came about, in one line: each part from 0 to 1, and what it counts."""
    parts = ", ".join(
        f"{x.name.replace('_', ' ')} {x.value:.2f} of {x.weight:.0%}" for x in opportunity.parts
    )
    symbol = opportunity.divergence.symbol
    return f"{opportunity.rank} {symbol} scores {opportunity.score:.1f}: {parts}"


def funnel_line(summary: Summary) -> str:
    """Return how many symbols each step from the venue's listing to the table left."""
    return "symbols: " + " > ".join(f"{count} {step}" for step, count in summary.funnel.items())


def summary_line(report: Report) -> str:
    """Return what the scan covered, found and took, in one line."""
    summary, timings = report.summary, report.timings
    shown = len(report.opportunities)
    fresh = f"{summary.opportunities} open to trade"
    if shown < summary.opportunities:
        fresh += f" (best {shown} shown)"
    return (
        f"{summary.scanned} of {summary.symbols} symbols scanned"
        f"{_gaps(summary)}{_skipped(summary)}; "
        f"{summary.divergences} divergences{_past(summary)}, {fresh}; "
        f"listing {timings.listing:.2f} s, download {timings.download:.2f} s, "
        f"analysis {timings.analysis:.2f} s, in all {timings.total:.2f} s; "
        f"request weight {summary.request_weight}"
    )


def _past(summary: Summary) -> str:
    ended = {x: summary.past[x] for x in ("target", "stop", "expired")}
    if not any(ended.values()):
        return ""
    figures = ", ".join(f"{count} {name}" for name, count in ended.items())
    return (
        f" ({figures}; {summary.past['not_entered']} not entered, "
        f"{summary.past['unresolved']} not over)"
    )


def _gaps(summary: Summary) -> str:
    if not summary.symbols_with_gaps:
        return ""
    return f" ({summary.symbols_with_gaps} with {summary.missing_candles} missing candles)"


def _skipped(summary: Summary) -> str:
    if not summary.skipped:
        return ""
    reasons = ", ".join(
        f"{summary.count(reason)} {reason.replace('_', ' ')}"
        for reason in SKIP_REASONS
        if summary.count(reason)
    )
    return f", {len(summary.skipped)} skipped ({reasons})"


def _table(opportunities: Sequence[Opportunity], columns: Sequence[Column[Opportunity]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column.title, justify="right" if column.is_number else "left", no_wrap=True
        )
    for opportunity in opportunities:
        table.add_row(*(Text(x.cell(opportunity), x.style(opportunity)) for x in columns))
    return table
