"""ccxt's funding rates are what the exchange says."""

from __future__ import annotations

from typing import Any

from .ccxt_sides import numbers_of
from .conftest import NOON
from .plain import by_symbol


def test_the_funding_rate_is_what_the_exchange_says(usdm):
    plain = usdm.said("premiumIndex", symbol="BTCUSDT")

    funding = usdm.client.fetch_funding_rate(usdm.btc)

    assert funding["symbol"] == usdm.btc
    assert (funding["timestamp"], funding["fundingTimestamp"]) == (NOON, plain["nextFundingTime"])
    assert NOON < funding["fundingTimestamp"] <= NOON + 8 * 3_600_000
    assert _premium(funding) == {
        "fundingRate": float(plain["lastFundingRate"]),
        "markPrice": float(plain["markPrice"]),
        "indexPrice": float(plain["indexPrice"]),
        "interestRate": float(plain["interestRate"]),
        "estimatedSettlePrice": float(plain["estimatedSettlePrice"]),
    }


def test_candles_of_the_mark_price_are_what_the_exchange_says(usdm):
    asked = {"symbol": "BTCUSDT", "interval": "5m", "limit": 20}
    usdm.need("markPriceKlines", **asked)
    plain = usdm.said("markPriceKlines", **asked)

    candles = usdm.client.fetch_ohlcv(usdm.btc, "5m", limit=20, params={"price": "mark"})

    assert candles == numbers_of(plain)
    assert candles[-1][4] == usdm.client.fetch_funding_rate(usdm.btc)["markPrice"]
    assert {candle[5] for candle in candles} == {0.0}


def test_all_funding_rates_come_at_once(usdm):
    plain = by_symbol(usdm.said("premiumIndex"))

    rates = usdm.client.fetch_funding_rates()

    assert {each["info"]["symbol"]: each["markPrice"] for each in rates.values()} == {
        name: float(each["markPrice"]) for name, each in plain.items()
    }


def test_past_funding_rates_are_what_the_exchange_says(usdm):
    usdm.need("fundingRate", symbol="BTCUSDT")
    plain = usdm.said("fundingRate", symbol="BTCUSDT", limit=10)

    history = usdm.client.fetch_funding_rate_history(usdm.btc, limit=10)

    assert len(history) == 10
    assert [(each["timestamp"], each["fundingRate"]) for each in history] == [
        (each["fundingTime"], float(each["fundingRate"])) for each in plain
    ]
    assert {each["symbol"] for each in history} == {usdm.btc}


def test_past_funding_rates_are_paged_by_time(usdm):
    usdm.need("fundingRate", symbol="BTCUSDT")
    whole = usdm.client.fetch_funding_rate_history(usdm.btc, limit=9)

    pages: list[Any] = []
    for _ in range(5):
        since = pages[-1]["timestamp"] + 1 if pages else whole[0]["timestamp"]
        pages += usdm.client.fetch_funding_rate_history(usdm.btc, since=since, limit=2)

    assert [each["timestamp"] for each in pages] == [each["timestamp"] for each in whole]
    assert whole[-1]["timestamp"] <= NOON


def test_funding_intervals_are_what_the_exchange_says(usdm):
    usdm.need("fundingInfo")
    plain = by_symbol(usdm.said("fundingInfo"))

    intervals = usdm.client.fetch_funding_intervals()

    assert {each["info"]["symbol"]: each["interval"] for each in intervals.values()} == {
        name: f"{each['fundingIntervalHours']}h" for name, each in plain.items()
    }


def _premium(funding: dict[str, Any]) -> dict[str, float]:
    names = ("fundingRate", "markPrice", "indexPrice", "interestRate", "estimatedSettlePrice")
    return {name: funding[name] for name in names}
