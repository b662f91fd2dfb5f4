"""A report as a trader reads it: a heading, a ranked table, one line on what it took."""

from __future__ import annotations

from divbot.cli.columns import Column, columns_text
from divbot.domain.clock import utc_text
from divbot.domain.signals import Opportunity, Side
from divbot.scanner.report import SKIP_REASONS, Report, Summary

_YEAR = len("2024-")


def _colour(opportunity: Opportunity) -> str:
    return "green" if opportunity.side is Side.BUY else "red"


_COLUMNS: tuple[Column[Opportunity], ...] = (
    Column("#", lambda x: str(x.rank)),
    Column("symbol", lambda x: x.divergence.symbol, is_number=False),
    Column("signal", lambda x: x.side.value, is_number=False, colour=_colour),
    Column("kind", lambda x: x.divergence.kind.value.replace("_", " "), is_number=False),
    Column("score", lambda x: f"{x.score:.1f}"),
    Column("RSI", lambda x: f"{x.rsi_previous:.1f} → {x.rsi:.1f}"),
    Column("price", lambda x: f"{x.price:f}"),
    Column("ATR %", lambda x: f"{x.atr_percent:.2f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("R/R", lambda x: f"{x.reward_risk:.1f}"),
    Column("age", lambda x: str(x.age)),
    Column("confirmed", lambda x: utc_text(x.confirmed_at)[_YEAR:], is_number=False),
)
_LEFT_OUT_FIRST = ("confirmed", "ATR %", "RSI", "R/R", "kind")


def table_text(report: Report, *, width: int | None = None, is_coloured: bool = False) -> str:
    """Return heading, table and summary; fitted to `width`, where there is one."""
    table = "No opportunity passes the filters.\n"
    if report.opportunities:
        table = columns_text(
            report.opportunities,
            _COLUMNS,
            left_out_first=_LEFT_OUT_FIRST,
            width=width,
            is_coloured=is_coloured,
        )
    return f"{heading(report)}\n{table}{summary_line(report)}\n"


def heading(report: Report) -> str:
    """Return what was scanned, and as of when."""
    as_of = f"as of {utc_text(report.as_of)} UTC" if report.as_of else "no candles"
    simulated = " - SIMULATED PRICES" if report.simulated else ""
    return f"{report.venue} {report.market.title}, {report.interval.value}, {as_of}{simulated}"


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
        f"{summary.divergences} divergences, {fresh}; "
        f"listing {timings.listing:.2f} s, download {timings.download:.2f} s, "
        f"analysis {timings.analysis:.2f} s, in all {timings.total:.2f} s; "
        f"request weight {summary.request_weight}"
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
