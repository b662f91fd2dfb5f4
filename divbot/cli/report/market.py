"""The pages of a scan and of one symbol: a ranked table, and candles with their divergences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from divbot.cli.figures import harmless, multiple
from divbot.cli.report import meanings
from divbot.cli.report.candles import plan_document, series_document
from divbot.cli.report.links import chart_links
from divbot.cli.report.page import Page, filled, packaged
from divbot.cli.report.table import Keys, Links, table_markup
from divbot.cli.table import footer_lines, marked_columns
from divbot.domain.clock import utc_text
from divbot.domain.names import words
from divbot.domain.signals import Opportunity
from divbot.scanner.checks.examination import Examination
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.report import Report

_SCRIPT = "candles.js"
_NOTHING = "No opportunity passes the filters."
_KEYS: Keys[Opportunity] = {"confirmed": lambda x: x.confirmed_at}
_OUTCOMES = (*OUTCOMES[2:], *OUTCOMES[1::-1])
"""Those that are over first."""
_LINKS: Links[Opportunity] = {"symbol": lambda x: _place(x.rank - 1)}


def scan_page(report: Report, examined: Mapping[str, Examination], plotly: str) -> str:
    """Return the page of a scan: the table, and a chart of each opportunity in it."""
    places = {symbol: place for place, symbol in enumerate(examined)}
    shown = [
        {
            "series": places[x.divergence.symbol],
            "plans": [plan_document(x, examined[x.divergence.symbol])],
        }
        for x in report.opportunities
    ]
    sections = "\n".join(_section(place, x, report) for place, x in enumerate(report.opportunities))
    return Page(
        name=report.title,
        title=report.title,
        is_simulated=report.simulated,
        lines=(
            *map(harmless, footer_lines(report)),
            *map(harmless, report.notices),
        ),
        body=filled(
            packaged("scan.html"),
            {
                "table": table_markup(
                    report.opportunities,
                    marked_columns(report.opportunities),
                    *(_NOTHING, _KEYS, _LINKS),
                    meanings=meanings.OPPORTUNITY,
                    outside=lambda x: _outside(x.divergence.symbol, report),
                    is_long=True,
                ),
                "key": packaged("key.html") if shown else "",
                "charts": sections,
            },
        ),
        data={"series": [series_document(x) for x in examined.values()], "shown": shown},
        script=_SCRIPT,
    ).text(plotly)


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


def _section(place: int, opportunity: Opportunity, report: Report) -> str:
    symbol = opportunity.divergence.symbol
    title = f"{opportunity.rank}. {harmless(symbol)}: {_signal(opportunity)}"
    return (
        f'<section id="{_place(place)}"><h2>{escape(title)}</h2>\n'
        f"<p>{escape(_standing(opportunity))}</p>\n<p>{escape(_plan(opportunity))}</p>\n"
        f'<p class="outside">{_outside(symbol, report)}</p>\n'
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
    age = {0: "just now", 1: "1 candle ago"}.get(x.age, f"{x.age} candles ago")
    return (
        f"entry at {x.price:f}, stop {x.stop:f}, target {x.target:f}, reward to risk "
        f"{x.reward_risk:.1f}; confirmed {age}, at {utc_text(x.confirmed_at)} UTC"
    )
