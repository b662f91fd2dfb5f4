"""ccxt's tickers and quotes are what the exchange says, and add up."""

from __future__ import annotations

from typing import Any

import pytest

from .ccxt_sides import quote_of
from .conftest import NOON
from .plain import SPOT, USDM, by_symbol, need

ccxt = pytest.importorskip("ccxt", reason="needs the client library ccxt")


def test_the_last_price_is_where_the_forming_minute_stands(side):
    (row,) = side.said("klines", symbol="BTCUSDT", interval="1m", limit=1)

    assert side.client.fetch_ticker(side.btc)["last"] == float(row[4])


def test_a_ticker_is_what_the_exchange_says(side):
    plain = side.said("ticker/24hr", symbol="BTCUSDT")

    ticker = side.client.fetch_ticker(side.btc)

    assert ticker["symbol"] == side.btc
    assert ticker["timestamp"] == NOON
    assert _numbers(ticker) == _day(plain)
    assert len(_numbers(ticker)) == (14 if side.prefix == SPOT else 9)


def test_a_ticker_adds_up(side):
    ticker = side.client.fetch_ticker(side.btc)

    assert ticker["low"] <= min(ticker["open"], ticker["last"], ticker["vwap"])
    assert ticker["high"] >= max(ticker["open"], ticker["last"], ticker["vwap"])
    assert ticker["change"] == pytest.approx(ticker["last"] - ticker["open"])
    assert ticker["percentage"] == pytest.approx(
        100 * ticker["change"] / ticker["open"], abs=0.0006
    )
    assert ticker["quoteVolume"] == pytest.approx(ticker["vwap"] * ticker["baseVolume"], rel=1e-6)


def test_all_tickers_are_what_the_exchange_says(side):
    plain = by_symbol(side.said("ticker/24hr"))

    tickers = {each["info"]["symbol"]: each for each in side.client.fetch_tickers().values()}

    assert set(tickers) == set(plain)
    assert {name: _numbers(each) for name, each in tickers.items()} == {
        name: _day(each) for name, each in plain.items()
    }


def test_chosen_tickers_are_those_chosen(side):
    chosen = list(side.client.markets)[:3]

    assert list(side.client.fetch_tickers(chosen)) == chosen


def test_bids_and_asks_are_what_the_exchange_says(side):
    plain = by_symbol(side.said("ticker/bookTicker"))

    quotes = side.client.fetch_bids_asks().values()

    assert {each["info"]["symbol"]: quote_of(each) for each in quotes} == {
        name: (
            float(each["bidPrice"]),
            float(each["bidQty"]),
            float(each["askPrice"]),
            float(each["askQty"]),
        )
        for name, each in plain.items()
    }


def test_one_quote_has_a_spread(side):
    (quote,) = side.client.fetch_bids_asks([side.btc]).values()

    assert 0 < quote["bid"] < quote["ask"]


def test_last_prices_agree_with_the_tickers(side):
    if side.prefix == USDM:
        need(side.base_url, "/fapi/v2/ticker/price")
    tickers = side.client.fetch_tickers()

    prices = side.client.fetch_last_prices()

    assert {name: each["price"] for name, each in prices.items()} == {
        name: each["last"] for name, each in tickers.items()
    }


_DAY = {
    "last": "lastPrice",
    "open": "openPrice",
    "high": "highPrice",
    "low": "lowPrice",
    "baseVolume": "volume",
    "quoteVolume": "quoteVolume",
    "vwap": "weightedAvgPrice",
    "change": "priceChange",
    "percentage": "priceChangePercent",
    "bid": "bidPrice",
    "bidVolume": "bidQty",
    "ask": "askPrice",
    "askVolume": "askQty",
    "previousClose": "prevClosePrice",
}


_PRICES = ("last", "open", "high", "low", "bid", "ask")


def _day(plain: dict[str, Any]) -> dict[str, float]:
    """Return what ccxt should read out of `plain`: to it, a price of nothing is no price."""
    day = {name: float(plain[theirs]) for name, theirs in _DAY.items() if theirs in plain}
    without = {name for name in (*_PRICES, "percentage") if day.get(name) == 0}
    if day["open"]:
        without -= {"percentage"}
    return {name: number for name, number in day.items() if name not in without}


def _numbers(ticker: dict[str, Any]) -> dict[str, float]:
    return {name: ticker[name] for name in _DAY if ticker[name] is not None}
