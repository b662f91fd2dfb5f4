"""A report as a trader reads it: a heading, a ranked table, one line on what it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from divbot.cli.columns import Column, close_gap, side_style, words_on_lines
from divbot.cli.columns import table_text as rows_text
from divbot.cli.destination import Fit
from divbot.cli.figures import harmless, multiple, rows_dropped
from divbot.domain.clock import day_text
from divbot.domain.names import words
from divbot.domain.signals import Opportunity, ScorePart, Side
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.report import SKIP_REASONS, Report, Summary
from divbot.scanner.signals.score import PROVEN, UNJUDGED

_INDENT = "  "


def _to_stop(x: Opportunity) -> str:
    return f"{100 * abs(x.price - x.stop) / x.price:.2f}"


OPPORTUNITY_COLUMNS: tuple[Column[Opportunity], ...] = (
    Column("#", lambda x: str(x.rank)),
    Column("symbol", lambda x: x.divergence.symbol, is_number=False),
    Column("signal", lambda x: x.side.value, lambda x: side_style(x.side), is_number=False),
    Column("kind", lambda x: words(x.divergence.kind.value), is_number=False),
    Column("score", lambda x: f"{x.score:.1f}"),
    Column("conf.", lambda x: f"{x.evidence.confidence:.2f}" if x.evidence else ""),
    Column("exp. R", lambda x: multiple(x.evidence.expectancy if x.evidence else None)),
    Column("RSI", lambda x: f"{x.rsi_previous:.1f} → {x.rsi:.1f}"),
    Column("R/R", lambda x: f"{x.reward_risk:.1f}"),
    Column("stop %", _to_stop),
    Column("price", lambda x: f"{x.price:f}"),
    Column("stop", lambda x: f"{x.stop:f}"),
    Column("target", lambda x: f"{x.target:f}"),
    Column("ATR %", lambda x: f"{x.atr_percent:.2f}"),
    Column("age", lambda x: str(x.age)),
    Column("confirmed", lambda x: day_text(x.confirmed_at), is_number=False),
)
LEFT_OUT_FIRST = (
    *("confirmed", "ATR %", "RSI", "price", "exp. R", "conf.", "age"),
    *("target", "stop", "#", "score", "stop %", "kind"),
)
"""Where the terminal is too narrow for all: a line that wraps, or a cut price, misleads."""
_CONTRADICTED = "*"
NOTHING_PASSES = "No opportunity passes the filters.\n"


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
    rows = report.opportunities
    text = NOTHING_PASSES
    if rows:
        columns, fit = marked_columns(rows), Fit(width, is_coloured=is_coloured)
        text = rows_text(columns, rows, order=LEFT_OUT_FIRST, fit=fit, gap=close_gap(width))
    lines = [explanation(x) for x in rows] if is_explained else []
    lines += [unproven_line(rows[0].parts)] if lines else []
    lines += footer_lines(report)
    return f"{harmless(report.title)}\n{text}" + "".join(fitted(x, width) for x in lines)


def marked_columns(rows: Sequence[Opportunity]) -> tuple[Column[Opportunity], ...]:
    """Return the columns; the signal of a symbol that has both is marked."""
    contradicted = set(contradictions(rows))
    marked = replace(
        next(x for x in OPPORTUNITY_COLUMNS if x.title == "signal"),
        cell=lambda x: x.side + _CONTRADICTED * (x.divergence.symbol in contradicted),
    )
    return tuple(marked if x.title == marked.title else x for x in OPPORTUNITY_COLUMNS)


def contradictions(rows: Sequence[Opportunity]) -> list[str]:
    """Return the symbols of which some rows say to buy, and others to sell."""
    sides: defaultdict[str, set[Side]] = defaultdict(set)
    for row in rows:
        sides[row.divergence.symbol].add(row.side)
    return [symbol for symbol, found in sides.items() if len(found) > 1]


def fitted(line: str, width: int | None) -> str:
    """Return a line of text on as many lines as `width` makes of it."""
    room = None if width is None else width - len(_INDENT)
    return f"\n{_INDENT}".join(words_on_lines(harmless(line), room)) + "\n"


def explanation(opportunity: Opportunity) -> str:
    """Return how a score came about, in one line: the points of each part, and the most it has."""
    parts = ", ".join(
        f"{words(x.name)} {10 * x.value * x.weight:.1f} of {10 * x.weight:.1f}"
        for x in opportunity.parts
    )
    symbol = opportunity.divergence.symbol
    return f"{opportunity.rank} {symbol} scores {opportunity.score:.1f}: {parts}"


def footer_lines(report: Report) -> list[str]:
    """Return what the scan says besides its rows: contradictions, evidence, counts and times."""
    summary, rows = report.summary, report.opportunities
    contradicted = [contradiction_line(names)] if (names := contradictions(rows)) else []
    return [
        *contradicted,
        past_line(summary.past),
        evidence_line(summary.base_rate),
        funnel_line(summary),
        divergences_line(summary, len(rows)),
        coverage_line(summary),
        effort_line(report),
    ]


def contradiction_line(symbols: Sequence[str]) -> str:
    """Return which symbols are marked, and why."""
    return f"{_CONTRADICTED} both a BUY and a SELL, which contradict each other: " + ", ".join(
        symbols
    )


def past_line(past: Mapping[str, int]) -> str:
    """Return what became of past divergences."""
    if not past.get("target", 0) + past.get("stop", 0) + past.get("expired", 0):
        return "no past divergence in these candles has ended as a trade"
    return (
        f"past divergences as trades: {past['target']:,} reached the target, {past['stop']:,} the "
        f"stop, {past['expired']:,} expired, {past['unresolved']:,} are not over, "
        f"{past['not_entered']:,} were not entered"
    )


def evidence_line(rate: BaseRate) -> str:
    """Return what confidence and expectancy start from."""
    if not rate.cases:
        return "confidence and expectancy are what chance gives: no base rate was counted"
    return (
        f"confidence and expectancy start from {rate.cases:,} divergences of {rate.weeks} weeks "
        f"({rate.market.title} {rate.interval.value}, {rate.source})"
    )


def unproven_line(parts: Sequence[ScorePart]) -> str:
    """Return which parts of the score have told good signals from bad ones, and which have not."""
    names = {x.name: words(x.name) for x in parts}
    told = ", ".join(text for name, text in names.items() if name in PROVEN) or "none of them"
    others = ", ".join(text for name, text in names.items() if name not in PROVEN | UNJUDGED)
    return (
        f"on recorded years {told} told better signals from worse ones; {others} told nothing "
        "(divbot verify calibration)"
    )


def funnel_line(summary: Summary) -> str:
    """Return how many symbols each step from the venue's listing to the table left."""
    steps = " > ".join(f"{count:,} {step}" for step, count in summary.funnel.items())
    dropped = f"; {rows_dropped(len(summary.dropped))}" if summary.dropped else ""
    return f"symbols: {steps}{dropped}"


def divergences_line(summary: Summary, shown: int) -> str:
    """Return how many divergences there are in all candles, can be traded, and are in the table."""
    return (
        f"divergences: {summary.divergences:,} found > {summary.open_to_trade:,} open to trade > "
        f"{shown:,} shown"
    )


def coverage_line(summary: Summary) -> str:
    """Return how much of the market was scanned, and what was not."""
    return (
        f"{summary.scanned} of {summary.symbols} symbols scanned{_gaps(summary)}{_skipped(summary)}"
    )


def effort_line(report: Report) -> str:
    """Return what the scan took."""
    timings = report.timings
    return (
        f"listing {timings.listing:.2f} s, download {timings.download:.2f} s, "
        f"analysis {timings.analysis:.2f} s, in all {timings.total:.2f} s; "
        f"request weight {report.summary.request_weight:,}"
    )


def _gaps(summary: Summary) -> str:
    if not summary.symbols_with_gaps:
        return ""
    return f" ({summary.symbols_with_gaps} with {summary.missing_candles} missing candles)"


def _skipped(summary: Summary) -> str:
    if not summary.skipped:
        return ""
    reasons = ", ".join(
        f"{summary.count(reason)} {words(reason)}"
        for reason in SKIP_REASONS
        if summary.count(reason)
    )
    return f", {len(summary.skipped)} skipped ({reasons})"
