"""The addresses of a symbol's real chart: at TradingView and at Binance."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from divbot.domain.durations import MINUTE
from divbot.domain.market import Interval, Market

_TRADINGVIEW = {
    Interval.S1: "1S",
    Interval.D1: "1D",
    Interval.D3: "3D",
    Interval.W1: "1W",
    Interval.MONTH: "1M",
}
"""Its names of intervals that it does not count in minutes."""
_QUOTE = "USDT"


def chart_urls(symbol: str, market: Market, interval: Interval) -> dict[str, str]:
    """Return the addresses of the real chart, by the name of the place."""
    return {
        "TradingView": tradingview_url(symbol, market, interval),
        "Binance": binance_url(symbol, market),
    }


def tradingview_url(symbol: str, market: Market, interval: Interval) -> str:
    """Return the address of a chart of the same candles; a perpetual ends with .P there."""
    ticker = f"BINANCE:{symbol}{'.P' if market is Market.USDM else ''}"
    length = _TRADINGVIEW.get(interval) or str(interval.milliseconds // MINUTE)
    asked = urlencode({"symbol": ticker, "interval": length})
    return f"https://www.tradingview.com/chart/?{asked}"


def binance_url(symbol: str, market: Market) -> str:
    """Return the address of the page on which `symbol` is traded."""
    if market is Market.USDM:
        return f"https://www.binance.com/en/futures/{quote(symbol, safe='')}"
    pair = f"{symbol.removesuffix(_QUOTE)}_{_QUOTE}"
    return f"https://www.binance.com/en/trade/{quote(pair, safe='')}?type=spot"
