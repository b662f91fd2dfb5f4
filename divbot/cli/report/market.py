"""The pages of a scan and of one symbol: a ranked table, and candles with their divergences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain

from divbot.alerts.signal_words import stance_text
from divbot.cli.figures import harmless, multiple
from divbot.cli.interval_table import columns_of_all, footer_of_all, title_of_all
from divbot.cli.report import meanings
from divbot.cli.report.candles import plan_document, series_document
from divbot.cli.report.links import chart_links
from divbot.cli.report.page import Page, filled, packaged
from divbot.cli.report.table import Keys, Links, table_markup
from divbot.cli.table import footer_lines
from divbot.domain.clock import utc_text
from divbot.domain.market import Interval
from divbot.domain.names import candles_ago, words
from divbot.domain.signals import Opportunity
from divbot.scanner.checks.examination import Examination
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report import Report
from divbot.scanner.together import RankedRow, best_of, longer_ones

_SCRIPT = "candles.js"
_NOTHING = "No opportunity passes the filters."
_KEYS: Keys[RankedRow] = {"confirmed": lambda x: x.opportunity.confirmed_at}
_OUTCOMES = (*OUTCOMES[2:], *OUTCOMES[1::-1])
"""Those that are over first."""
_LINKS: Links[RankedRow] = {"symbol": lambda x: _place(x.opportunity.rank - 1)}


def scan_page(
    reports: Mapping[Interval, Report],
    examined: Mapping[Interval, Mapping[str, Examination]],
    best: int,
    plotly: str,
) -> str:
    """Return the page of a scan: the table, and a chart of each opportunity in it."""
    rows = best_of(reports, best)
    places: dict[tuple[Interval, str], int] = {}
    for x in rows:
        places.setdefault((x.interval, _symbol(x)), len(places))
    shown = [
        {
            "series": places[x.interval, _symbol(x)],
            "plans": [plan_document(x.opportunity, examined[x.interval][_symbol(x)])],
        }
        for x in rows
    ]
    first = next(iter(reports.values()))
    is_one = len(reports) == 1
    title = first.title if is_one else title_of_all(reports)
    footer = footer_lines(first) if is_one else footer_of_all(reports, rows)
    notices = dict.fromkeys(chain.from_iterable(x.notices for x in reports.values()))
    return Page(
        name=title,
        title=title,
        is_simulated=first.simulated,
        lines=(*map(harmless, footer), *map(harmless, notices)),
        body=filled(
            packaged("scan.html"),
            {
                "table": table_markup(
                    rows,
                    columns_of_all(reports, rows),
                    *(_NOTHING, _KEYS, _LINKS),
                    meanings=_meanings(reports),
                    outside=lambda x: _outside(_symbol(x), reports[x.interval]),
                    is_long=True,
                ),
                "key": packaged("key.html") if shown else "",
                "charts": "\n".join(_section(x, reports) for x in rows),
            },
        ),
        data={
            "series": [series_document(examined[x][symbol]) for x, symbol in places],
            "shown": shown,
        },
        script=_SCRIPT,
    ).text(plotly)


def _symbol(row: RankedRow) -> str:
    return row.opportunity.divergence.symbol


def _meanings(reports: Mapping[Interval, Report]) -> Mapping[str, str]:
    said = {x.value: f"{x.value} candles: {meanings.BOARD['higher']}" for x in longer_ones(reports)}
    return {**meanings.OPPORTUNITY, "interval": meanings.BOARD["interval"], **said}


def chart_page(report: Report, found: Examination, plotly: str) -> str:
    """Return the page of one symbol: all its divergences, and what is open to trade now."""
    current = opportunities_of(report, found.symbol)
    plans = "".join(f"<p>{escape(_signal(x))}: {escape(_plan(x))}</p>" for x in current)
    body = filled(
        packaged("chart.html"),
        {
            "plans": plans or f"<p>{_NOTHING}</p>",
            "outside": _outside(found.symbol, report),
            "key": packaged("key.html"),
            "chart": _chart(0),
        },
    )
    shown = [{"series": 0, "plans": [plan_document(x, found) for x in current]}]
    return Page(
        name=chart_heading(report, found),
        title=chart_heading(report, found),
        is_simulated=report.simulated,
        lines=(counts_line(report, found), *map(harmless, report.notices)),
        body=body,
        data={"series": [series_document(found)], "shown": shown},
        script=_SCRIPT,
    ).text(plotly)


def chart_heading(report: Report, found: Examination) -> str:
    """Return which symbol is shown, from where, and as of when."""
    return f"{harmless(found.symbol)}, {report.title}"


def counts_line(report: Report, found: Examination) -> str:
    """Return how many divergences there are, what became of them, and how many are open now."""
    counts = Counter(x.outcome for x in found.divergences)
    outcomes = ", ".join(f"{counts[x]} {words(x)}" for x in _OUTCOMES if counts[x])
    current = len(opportunities_of(report, found.symbol))
    candles = int((found.close == found.close).sum())
    ended = f" ({outcomes})" if outcomes else ""
    return (
        f"{candles} candles, {len(found.divergences)} divergences{ended}, {current} open to trade"
    )


def opportunities_of(report: Report, symbol: str) -> Sequence[Opportunity]:
    """Return those of `symbol`, the best first."""
    return [x for x in report.opportunities if x.divergence.symbol == symbol]


def _section(row: RankedRow, reports: Mapping[Interval, Report]) -> str:
    opportunity, symbol = row.opportunity, _symbol(row)
    interval = f" {row.interval.value}" if len(reports) > 1 else ""
    title = f"{opportunity.rank}. {harmless(symbol)}{interval}: {_signal(opportunity)}"
    higher = "; ".join(stance_text(x) for x in opportunity.higher or ())
    lines = (_standing(opportunity), _plan(opportunity), *([higher] if higher else []))
    place = opportunity.rank - 1
    return (
        f'<section id="{_place(place)}"><h2>{escape(title)}</h2>\n'
        + "".join(f"<p>{escape(x)}</p>\n" for x in lines)
        + f'<p class="outside">{_outside(symbol, reports[row.interval])}</p>\n'
        f"{_chart(place)}</section>"
    )


def _outside(symbol: str, report: Report) -> str:
    return chart_links(symbol, report.market, report.interval)


def _place(place: int) -> str:
    return f"chart-{place + 1}"


def _chart(place: int) -> str:
    return f'<div class="chart candles" data-place="{place}"></div>'


def _signal(x: Opportunity) -> str:
    return f"{x.side.value}, {words(x.divergence.kind.value)}"


def _standing(x: Opportunity) -> str:
    if x.evidence is None:
        return f"score {x.score:.1f}; no past divergence has ended yet"
    evidence = x.evidence
    return (
        f"score {x.score:.1f}; confidence {evidence.confidence:.2f} "
        f"({evidence.low:.2f} to {evidence.high:.2f}), expectancy "
        f"{multiple(evidence.expectancy)} R"
    )


def _plan(x: Opportunity) -> str:
    return (
        f"entry at {x.price:f}, stop {x.stop:f}, target {x.target:f}, reward to risk "
        f"{x.reward_risk:.1f}; confirmed {candles_ago(x.age)}, at {utc_text(x.confirmed_at)} UTC"
    )
