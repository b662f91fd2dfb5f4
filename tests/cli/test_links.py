"""Where a page sends a trader who wants the real chart, and what its columns are said to mean."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from divbot.cli.report import meanings
from divbot.cli.report.links import chart_links
from divbot.cli.stats_text import breakdown_columns
from divbot.cli.table import OPPORTUNITY_COLUMNS
from divbot.cli.trades_text import TRADE_COLUMNS
from divbot.domain.chart_urls import binance_url, tradingview_url
from divbot.domain.ledger import ZERO
from divbot.domain.market import Interval, Market
from divbot.trading.figures.breakdown import By
from tests.cli.pages import EVIL, Markup


@pytest.mark.parametrize(
    ("market", "interval", "url"),
    [
        (Market.SPOT, Interval.M5, "symbol=BINANCE%3ABTCUSDT&interval=5"),
        (Market.USDM, Interval.M5, "symbol=BINANCE%3ABTCUSDT.P&interval=5"),
        (Market.USDM, Interval.H4, "symbol=BINANCE%3ABTCUSDT.P&interval=240"),
        (Market.USDM, Interval.D1, "symbol=BINANCE%3ABTCUSDT.P&interval=1D"),
        (Market.SPOT, Interval.S1, "symbol=BINANCE%3ABTCUSDT&interval=1S"),
        (Market.SPOT, Interval.MONTH, "symbol=BINANCE%3ABTCUSDT&interval=1M"),
    ],
)
def test_tradingview_shows_the_same_market_and_interval(
    market: Market, interval: Interval, url: str
) -> None:
    expected = f"https://www.tradingview.com/chart/?{url}"

    assert tradingview_url("BTCUSDT", market, interval) == expected


def test_binance_trades_futures_and_spot_on_pages_of_their_own() -> None:
    futures, spot = (binance_url("BTCUSDT", market) for market in (Market.USDM, Market.SPOT))

    assert futures == "https://www.binance.com/en/futures/BTCUSDT"
    assert spot == "https://www.binance.com/en/trade/BTC_USDT?type=spot"


@pytest.mark.parametrize("market", list(Market))
@pytest.mark.parametrize("symbol", ["币安人生USDT", EVIL, "A/../B?x=1&y#USDT", '"onclick="'])
def test_whatever_a_symbol_is_called_it_leads_nowhere_else(symbol: str, market: Market) -> None:
    tradingview, binance = Markup(chart_links(symbol, market, Interval.M5)).references

    one, other = urlsplit(tradingview), urlsplit(binance)
    assert (one.netloc, one.path) == ("www.tradingview.com", "/chart/")
    ticker = parse_qs(one.query)["symbol"]
    assert ticker == [f"BINANCE:{symbol}{'.P' if market is Market.USDM else ''}"]
    assert other.netloc == "www.binance.com"
    assert other.path.count("/") == 3
    if market is Market.USDM:
        assert unquote(other.path).endswith(f"/futures/{symbol}")


@pytest.mark.parametrize(
    ("known", "titles"),
    [
        pytest.param(meanings.OPPORTUNITY, [x.title for x in OPPORTUNITY_COLUMNS], id="scan"),
        pytest.param(meanings.TRADE, [x.title for x in TRADE_COLUMNS], id="trades"),
        *(
            pytest.param(
                meanings.BREAKDOWN, [x.title for x in breakdown_columns(by, ZERO)], id=by.value
            )
            for by in By
        ),
    ],
)
def test_every_column_of_a_page_says_what_it_means(
    known: dict[str, str], titles: list[str]
) -> None:
    assert [x for x in titles if not known.get(x)] == []
