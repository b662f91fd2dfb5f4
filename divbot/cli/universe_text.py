"""The universe as tables: what is scanned, and why the rest is not."""

from __future__ import annotations

from collections import Counter

from divbot.binance.market_data import BinanceListing
from divbot.cli.columns import Column, table_text
from divbot.cli.destination import Fit
from divbot.cli.figures import rows_dropped
from divbot.domain.clock import utc_text
from divbot.domain.market import DroppedRow, Market
from divbot.domain.names import words
from divbot.domain.universe import LeftOut, Listed, Universe

_LISTED: tuple[Column[tuple[int, Listed]], ...] = (
    Column("#", lambda x: str(x[0])),
    Column("symbol", lambda x: x[1].symbol, is_number=False),
    Column("24 h volume", lambda x: f"{x[1].quote_volume:,.0f}"),
    Column("spread", lambda x: "" if x[1].spread is None else f"{x[1].spread:.3%}"),
)
_LEFT_OUT: tuple[Column[LeftOut], ...] = (
    Column("left out", lambda x: x.symbol, is_number=False),
    Column("rule", lambda x: words(x.rule.value), is_number=False),
    Column("because", lambda x: x.detail, is_number=False),
)
_DROPPED: tuple[Column[DroppedRow], ...] = (
    Column("dropped", lambda x: x.source, is_number=False),
    Column("row", lambda x: str(x.number)),
    Column("symbol", lambda x: x.symbol, is_number=False),
    Column("because", lambda x: x.reason, is_number=False),
)


def universe_text(found: Universe, venue: BinanceListing, market: Market, fit: Fit) -> str:
    """Return what is listed, what is left out, which rows were dropped, and a summary."""
    simulated = " - SIMULATED PRICES" if venue.simulated else ""
    heading = f"{venue.venue} {market.title}, as of {utc_text(found.at)} UTC{simulated}\n"
    # The reasons matter the most, and are as long as they are: no column makes room for them.
    unfitted = Fit(is_coloured=fit.is_coloured)
    ranked = list(enumerate(found.listed, 1))
    tables = [heading + table_text(_LISTED, ranked, order=(), fit=unfitted)]
    if found.left_out:
        tables.append(table_text(_LEFT_OUT, found.left_out, order=(), fit=unfitted))
    if found.dropped:
        tables.append(table_text(_DROPPED, found.dropped, order=(), fit=unfitted))
    summary = f"{_summary(found)}\n"
    return "\n".join([*tables, summary]) if len(tables) > 1 else tables[0] + summary


def _summary(found: Universe) -> str:
    counts = Counter(words(x.rule.value) for x in found.left_out)
    rules = ", ".join(f"{count} {rule}" for rule, count in counts.most_common())
    left_out = f"{len(found.left_out)} left out ({rules})" if rules else "none left out"
    dropped = f"; {rows_dropped(len(found.dropped))}" if found.dropped else ""
    return f"{len(found.listed)} symbols; {left_out}{dropped}"
