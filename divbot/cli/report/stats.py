"""The page of a paper run: figures, charts and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from divbot.cli.bias_text import COLUMNS, TITLE, Bias
from divbot.cli.columns import Column
from divbot.cli.figures import change, harmless, money, multiple, percent, signed
from divbot.cli.recorded import run_name, start_of, title
from divbot.cli.report import meanings
from divbot.cli.report.charts import chart_data
from divbot.cli.report.links import chart_links
from divbot.cli.report.months import months_markup
from divbot.cli.report.page import Page, filled, packaged, tile
from divbot.cli.report.table import Keys, table_markup
from divbot.cli.stats_text import Section, between, breakdown_columns, period, sections_of
from divbot.cli.trades_text import TRADE_COLUMNS
from divbot.domain.market import BENCHMARK, Interval
from divbot.domain.names import words
from divbot.domain.trades import AnyTrade
from divbot.trading.figures.breakdown import By
from divbot.trading.figures.charted import Charted
from divbot.trading.figures.stats import Stats
from divbot.trading.journal.journal import JournalCopy

_FIRST = (
    *("#", "symbol", "side", "kind", "opened", "closed", "held"),
    *("entry", "exit", "reason", "profit", "R"),
)
"""What is seen of the trades without scrolling."""
_HELD: Keys[AnyTrade] = {"held": lambda x: -1 if x.closed_at is None else x.closed_at - x.opened_at}


def page_text(
    recorded: JournalCopy,
    stats: Stats,
    script: str,
    charted: Mapping[str, Charted] | None = None,
    *,
    bias: Bias | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return the whole page; `script` is what draws its charts, `charted` has candles by symbol.

    Of a backtest, `notes` say what was assumed, and `bias` what another list of symbols brings.
    """
    start = start_of(recorded)
    trades = recorded.ledger.trades
    body = filled(
        packaged("stats.html"),
        {
            "tiles": "".join(tile(*x) for x in _headline(stats)),
            "bias": _bias(bias) if bias else "",
            "notes": _assumed(notes) if notes else "",
            "blocks": "".join(map(_block, sections_of(stats))),
            "breakdowns": "".join(_breakdown(stats, by) for by in By),
            "months": months_markup(stats.curve),
            "trades": table_markup(
                trades,
                _trade_columns(),
                *("No trades yet.", _HELD),
                meanings=meanings.TRADE,
                outside=lambda x: chart_links(x.symbol, start.market, Interval(start.interval)),
                is_long=True,
            ),
            "profits": _PROFITS if recorded.ledger.closed else "<p>No closed trades yet.</p>",
            "fills": _FILLS if trades else "<p>No trades yet.</p>",
        },
    )
    name = recorded.path.stem
    page = Page(
        name=f"{name} - {title(recorded)}",
        title=title(recorded),
        is_simulated=start.is_simulated,
        lines=(run_name(recorded), period(stats)),
        body=body,
        data=chart_data(stats, recorded.ledger, charted),
        script="stats.js",
    )
    return page.text(script)


_PROFITS = '<div class="chart" id="profits"></div>'
_FILLS = """\
<p><label for="symbol">Symbol</label> <select id="symbol"></select></p>
<div class="chart" id="fills"></div>
<p class="note" id="candles"></p>
<p class="note">Times and prices of the fills; dotted are the first stop and the target.</p>
"""


def _trade_columns() -> list[Column[AnyTrade]]:
    places = {name: place for place, name in enumerate(_FIRST)}
    return sorted(TRADE_COLUMNS, key=lambda x: places.get(x.title, len(_FIRST)))


def _headline(stats: Stats) -> Sequence[tuple[str, str, str]]:
    closed, fall = stats.closed, stats.drawdown
    low, high = closed.win_rate_interval or (0.0, 0.0)
    before = signed(closed.profit_before_costs)
    return (
        ("equity", money(stats.last.equity), f"from {money(stats.balance)}"),
        ("return", change(stats.total_return), _beside_market(stats)),
        (
            "net profit",
            signed(closed.profit),
            f"{change(stats.part(closed.profit))}; {before} before costs",
        ),
        (
            "win rate",
            "none" if closed.win_rate is None else percent(closed.win_rate, 1),
            f"95%: {between(low, high)}" if closed.trades else "no trades",
        ),
        (
            "expectancy",
            "none" if closed.expectancy is None else signed(closed.expectancy),
            "a trade" if closed.average_r is None else f"a trade, {multiple(closed.average_r)} R",
        ),
        (
            "maximum drawdown",
            percent(fall.depth if fall else 0.0),
            _recovery(stats),
        ),
    )


def _beside_market(stats: Stats) -> str:
    if stats.market is None:
        return "since the start"
    return f"{BENCHMARK} {change(stats.market.part)}"


def _recovery(stats: Stats) -> str:
    if stats.drawdown is None:
        return "the equity never fell"
    return "not recovered yet" if stats.drawdown.recovered_at is None else "recovered"


def _block(block: Section) -> str:
    lines = "".join(
        f"<div><dt>{escape(name.strip())}</dt><dd>{escape(text)}</dd></div>"
        for name, text in block.lines
    )
    return f'<section class="block"><h3>{escape(block.title)}</h3><dl>{lines}</dl></section>\n'


def _bias(bias: Bias) -> str:
    table = table_markup(bias.rows(), COLUMNS, "", meanings=meanings.BIAS)
    return f"<section><h2>{TITLE}</h2><p>{escape(bias.verdict)}</p>{table}</section>\n"


def _assumed(notes: Sequence[str]) -> str:
    lines = "".join(f"<li>{escape(harmless(x))}</li>" for x in notes)
    return f"<section><h2>What was assumed</h2><ul>{lines}</ul></section>\n"


def _breakdown(stats: Stats, by: By) -> str:
    columns = breakdown_columns(by, stats.balance)
    table = table_markup(
        stats.by[by], columns, "No closed trades yet.", meanings=meanings.BREAKDOWN
    )
    is_open = "" if by in (By.DAY, By.WEEK) else " open"
    return f"<details{is_open}><summary>By {words(by.value)}</summary>{table}</details>\n"
