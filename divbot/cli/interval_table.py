"""Reports of several intervals as one table: a column for the interval, and one for each longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from divbot.cli.columns import Column, close_gap
from divbot.cli.columns import table_text as rows_text
from divbot.cli.destination import Fit
from divbot.cli.figures import harmless
from divbot.cli.table import (
    LEFT_OUT_FIRST,
    NOTHING_PASSES,
    contradiction_line,
    contradictions,
    coverage_line,
    divergences_line,
    effort_line,
    evidence_line,
    explanation,
    fitted,
    marked_columns,
    unproven_line,
)
from divbot.domain.clock import utc_text
from divbot.domain.market import Interval
from divbot.domain.signals import Kind, Opportunity, Stance
from divbot.scanner.report import Report
from divbot.scanner.together import RankedRow, best_of, longer_ones


def text_of_all(
    reports: Mapping[Interval, Report], best: int, fit: Fit, *, is_explained: bool = False
) -> str:
    """Return heading, table and summary of several reports; see table.table_text."""
    rows = best_of(reports, best)
    text = NOTHING_PASSES
    if rows:
        columns, gap = columns_of_all(reports, rows), close_gap(fit.width)
        # What longer intervals say, of which the table is, goes last of what may go.
        order = (*LEFT_OUT_FIRST, *(x.value for x in longer_ones(reports)))
        text = rows_text(columns, rows, order=order, fit=fit, gap=gap)
    lines = [explanation(x.opportunity) for x in rows] if is_explained else []
    lines += [unproven_line(rows[0].opportunity.parts)] if lines else []
    lines += footer_of_all(reports, rows)
    heading = f"{harmless(title_of_all(reports))}\n"
    return heading + text + "".join(fitted(x, fit.width) for x in lines)


def stance_cell(stance: Stance) -> str:
    """Return what an interval says in a few characters: up, bull 12; if it is known."""
    if not stance.at:
        return ""
    last = f", {_initials(stance.kind)} {stance.age}" if stance.kind else ""
    return f"{stance.way}{last}"


def _initials(kind: Kind) -> str:
    form, way = kind.value.split("_")
    return f"{'' if form == 'regular' else 'hidden '}{way.removesuffix('ish')}"


def columns_of_all(
    reports: Mapping[Interval, Report], rows: tuple[RankedRow, ...]
) -> list[Column[RankedRow]]:
    """Return the columns of a table of `rows`; those of intervals only where there are several."""
    found = [_of_row(x) for x in marked_columns([x.opportunity for x in rows])]
    if len(reports) > 1:
        place = [x.title for x in found].index("symbol") + 1
        found.insert(place, Column("interval", lambda x: x.interval.value, is_number=False))
    return found + [_stances(x) for x in longer_ones(reports)]


def _of_row(column: Column[Opportunity]) -> Column[RankedRow]:
    return Column(
        column.title,
        lambda row: column.cell(row.opportunity),
        lambda row: column.style(row.opportunity),
        is_number=column.is_number,
        least=column.least,
    )


def _stances(interval: Interval) -> Column[RankedRow]:
    def cell(row: RankedRow) -> str:
        said = (x for x in row.opportunity.higher or () if x.interval is interval)
        return next(map(stance_cell, said), "")

    return Column(interval.value, cell, is_number=False)


def title_of_all(reports: Mapping[Interval, Report]) -> str:
    """Return from where the reports are, and as of when each."""
    first = next(iter(reports.values()))
    times = ", ".join(
        f"{x.value} as of {utc_text(each.as_of)} UTC" if each.as_of else f"{x.value} no candles"
        for x, each in reports.items()
    )
    notice = " - SIMULATED PRICES" if first.simulated else ""
    return f"{first.venue} {first.market.title}, {times}{notice}"


def footer_of_all(reports: Mapping[Interval, Report], rows: tuple[RankedRow, ...]) -> Iterator[str]:
    """Yield what was found and scanned, and what the numbers stand on, by interval."""
    if names := contradictions([x.opportunity for x in rows]):
        yield contradiction_line(names)
    for interval, report in reports.items():
        summary = report.summary
        shown = sum(x.interval is interval for x in rows)
        counts = divergences_line(summary, shown), coverage_line(summary)
        yield f"{interval.value} {'; '.join(counts)}"
        yield f"{interval.value} {evidence_line(summary.base_rate)}"
    yield effort_line(next(iter(reports.values())))
