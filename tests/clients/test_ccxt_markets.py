"""ccxt's markets and trades are what the exchange lists and says."""

from __future__ import annotations

from .conftest import NOON
from .plain import SPOT, by_symbol

NEVER = 4_133_404_800_000


def test_every_listing_becomes_a_market(side):
    listings = side.said("exchangeInfo")["symbols"]

    assert len(listings) >= 40
    assert set(side.client.markets_by_id) == set(by_symbol(listings))
    assert len(side.client.markets) == len(listings)


def test_a_market_has_the_steps_and_limits_of_its_listing(side):
    for listing in side.said("exchangeInfo")["symbols"]:
        (market,) = side.client.markets_by_id[listing["symbol"]]
        filters = {each["filterType"]: each for each in listing["filters"]}
        price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
        notional = filters.get("NOTIONAL") or filters["MIN_NOTIONAL"]
        least = notional.get("minNotional") or notional["notional"]

        assert market["precision"]["price"] == float(price["tickSize"]) > 0
        assert market["precision"]["amount"] == float(lot["stepSize"]) > 0
        assert market["limits"]["price"] == _range(price, "Price")
        assert market["limits"]["amount"] == _range(lot, "Qty")
        assert market["limits"]["market"] == _range(filters["MARKET_LOT_SIZE"], "Qty")
        assert market["limits"]["cost"]["min"] == float(least) > 0


def test_a_market_is_active_while_its_listing_trades(side):
    for listing in side.said("exchangeInfo")["symbols"]:
        (market,) = side.client.markets_by_id[listing["symbol"]]

        assert market["active"] is (listing["status"] == "TRADING"), listing["symbol"]
        assert (market["baseId"], market["quoteId"]) == (
            listing["baseAsset"],
            listing["quoteAsset"],
        )


def test_a_spot_listing_is_a_spot_market(spot):
    assert {each["type"] for each in spot.client.markets.values()} == {"spot"}


def test_a_contract_without_an_end_is_a_linear_swap(usdm):
    for listing in usdm.said("exchangeInfo")["symbols"]:
        (market,) = usdm.client.markets_by_id[listing["symbol"]]
        is_endless = listing["contractType"] == "PERPETUAL" or listing["deliveryDate"] == NEVER

        assert market["swap"] is is_endless, listing
        assert (market["linear"], market["contractSize"]) == (True, 1.0)
        assert market["created"] == listing["onboardDate"]


def test_a_contract_with_an_end_is_a_future_that_tells_it(usdm):
    (dated,) = (
        each
        for each in usdm.said("exchangeInfo")["symbols"]
        if each["contractType"] == "CURRENT_QUARTER"
    )
    (market,) = usdm.client.markets_by_id[dated["symbol"]]

    funding = usdm.client.fetch_funding_rate(market["symbol"])

    assert market["future"]
    assert market["symbol"] == f"BTC/USDT:USDT-{dated['symbol'].partition('_')[2]}"
    assert market["expiry"] == dated["deliveryDate"] > NOON
    assert (funding["fundingRate"], funding["fundingTimestamp"]) == (None, 0)


def test_every_active_market_has_candles_that_agree_with_its_ticker(side):
    active = [name for name, each in side.client.markets.items() if each["active"]]
    tickers = side.client.fetch_tickers()

    closes = {name: side.client.fetch_ohlcv(name, "1m", limit=1)[-1][4] for name in active}

    assert len(closes) >= 40
    assert closes == {name: tickers[name]["last"] for name in active}


def test_a_market_that_trades_no_more_still_tells_its_history(spot):
    gone = [name for name, each in spot.client.markets.items() if not each["active"]]

    histories = [spot.client.fetch_ohlcv(name, "1d", since=0, limit=5) for name in gone]

    assert len(gone) >= 3
    assert {len(each) for each in histories} == {5}


def test_a_name_outside_ascii_is_understood(side):
    name = next(each for each in side.client.markets if each.startswith("币安人生/"))

    candles = side.client.fetch_ohlcv(name, "1h", limit=3)

    assert len(candles) == 3
    assert candles[-1][4] == side.client.fetch_ticker(name)["last"]


def test_a_price_and_an_amount_are_rounded_as_the_exchange_wants_them(side):
    tick = next(
        each["tickSize"]
        for each in by_symbol(side.said("exchangeInfo")["symbols"])["BTCUSDT"]["filters"]
        if each["filterType"] == "PRICE_FILTER"
    )

    wanted, rounded = (0.01, "60000.12") if side.prefix == SPOT else (0.1, "60000.1")
    assert float(tick) == wanted
    assert side.client.price_to_precision(side.btc, 60_000.123456) == rounded


def test_trades_are_what_the_exchange_says(side):
    plain = side.said("aggTrades", symbol="BTCUSDT", limit=5)

    trades = side.client.fetch_trades(side.btc, limit=5)

    assert [(each["timestamp"], each["price"], each["amount"]) for each in trades] == [
        (each["T"], float(each["p"]), float(each["q"])) for each in plain
    ]
    assert [each["side"] for each in trades] == ["sell" if each["m"] else "buy" for each in plain]


def test_trades_since_a_time_are_found(side):
    since = NOON - 3_600_000

    trades = side.client.fetch_trades(side.btc, since=since, limit=3)

    assert len(trades) == 3
    assert since <= trades[0]["timestamp"] < since + 60_000


def test_the_time_is_the_exchanges(side):
    assert side.client.fetch_time() == NOON == side.said("time")["serverTime"]


def test_no_key_was_needed(side):
    assert not side.client.apiKey
    assert not side.client.secret


def _range(entry: dict[str, str], name: str) -> dict[str, float]:
    return {"min": float(entry[f"min{name}"]), "max": float(entry[f"max{name}"])}
