"""Links to a symbol's real chart."""

from __future__ import annotations

from html import escape

from divbot.domain.chart_urls import chart_urls
from divbot.domain.market import Interval, Market


def chart_links(symbol: str, market: Market, interval: Interval) -> str:
    """Return two links as markup; whatever `symbol` is, it stays text."""
    return " ".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer"'
        f' title="The chart of the real market at {name}">{name}</a>'
        for name, url in chart_urls(symbol, market, interval).items()
    )
