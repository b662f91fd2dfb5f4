"""What a recorded symbol is stands in its name, and the universe's rules go by it."""

import gzip
import json

import pandas as pd
import pytest

from divbot.binance.listing.rules import MarketSnapshot, UniverseRules, found_against
from divbot.binance.protocol.exchange_info import ListingParser
from divbot.binance.protocol.wire import parse_quotes, parse_tickers
from divbot.domain.clock import ManualClock, parse_time
from divbot.domain.market import Market
from divbot.exchange.market.contracts import contract_named
from divbot.exchange.options import ExchangeOptions
from divbot.exchange.server import open_desks
from tests.recordings.files import START, table, write_csv

from .markets import DATA, ask, get

QUOTES = DATA / "faults" / "quotes.csv"
LISTINGS = ("spot_exchangeInfo_2024-09-08.json.gz", "spot_exchangeInfo_2020-10-09.json.gz")


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("BTCPLN", "BTC", "PLN"),
        ("BTCIDR", "BTC", "IDR"),
        ("BTCEURI", "BTC", "EURI"),
        ("ADAEUR", "ADA", "EUR"),
        ("BTCFDUSD", "BTC", "FDUSD"),
        ("USDTTRY", "USDT", "TRY"),
        ("4USDT", "4", "USDT"),
        ("币安人生USDT", "币安人生", "USDT"),
        ("BTCUSDT_240927", "BTC", "USDT"),
        ("BTCBUSD_210129", "BTC", "BUSD"),
        ("BTCUSD_PERP", "BTC", "USD"),
        ("BNBUSD_PERP", "BNB", "USD"),
        ("BNBUSD_240927", "BNB", "USD"),
        ("AERGOUSDTSETTLEDSETTLED", "AERGO", "USDT"),
        ("ICPUSDT_SETTLED", "ICP", "USDT"),
        ("USDT", "USDT", "UNKNOWN"),
        ("NA", "NA", "UNKNOWN"),
        ("BTCUSDT_999999", "BTCUSDT_999999", "UNKNOWN"),
    ],
)
def test_base_and_quote_are_what_the_name_says(symbol, base, quote):
    contract = contract_named(symbol, START)

    assert (contract.base, contract.quote) == (base, quote)


@pytest.mark.parametrize(
    ("symbol", "contract", "pair", "margin", "delivery"),
    [
        ("BTCUSDT", "PERPETUAL", "BTCUSDT", "USDT", "2100-12-25T08:00"),
        ("BTCUSDT_240927", "CURRENT_QUARTER", "BTCUSDT", "USDT", "2024-09-27T08:00"),
        ("BTCUSD_PERP", "PERPETUAL", "BTCUSD", "BTC", "2100-12-25T08:00"),
        ("ETHUSD_240927", "CURRENT_QUARTER", "ETHUSD", "ETH", "2024-09-27T08:00"),
    ],
)
def test_futures_are_listed_as_what_they_are(tmp_path, symbol, contract, pair, margin, delivery):
    path = write_csv(tmp_path / "market.csv", table(symbol=symbol))

    (entry,) = get(desk_of(path, Market.USDM), "exchangeInfo")["symbols"]

    told = (entry["contractType"], entry["pair"], entry["marginAsset"], entry["deliveryDate"])
    assert told == (contract, pair, margin, parse_time(delivery))


@pytest.mark.parametrize("name", LISTINGS)
def test_names_are_taken_apart_as_the_venue_does(name):
    path = DATA / "rest" / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    entries = json.loads(gzip.decompress(path.read_bytes()))["symbols"]

    wrong = [
        entry["symbol"]
        for entry in entries
        if (entry["baseAsset"], entry["quoteAsset"]) != _assets(entry["symbol"])
    ]

    assert len(entries) > 1000
    assert wrong == []


@pytest.mark.skipif(not QUOTES.exists(), reason=f"needs {QUOTES}")
@pytest.mark.parametrize(
    ("market", "others"),
    [
        (
            Market.USDM,
            {
                **dict.fromkeys(("BTCEURI", "BTCIDR", "BTCPLN", "ETHMXN", "USDTTRY"), "quote"),
                "BTCUSDT_240927": "contract",
                "BTCUSD_PERP": "quote",
            },
        ),
        (
            Market.SPOT,
            {
                **dict.fromkeys(("BTCEURI", "BTCIDR", "BTCPLN", "ETHMXN", "USDTTRY"), "quote"),
                "BTCUSDT_240927": "status",
                "BTCUSD_PERP": "quote",
            },
        ),
    ],
)
def test_the_universe_leaves_out_what_is_not_traded_in_usdt(market, others):
    assert left_out(QUOTES, market) == others


@pytest.mark.parametrize("symbol", ["ICPUSDT_SETTLED", "AERGOUSDTSETTLED"])
def test_a_settled_contract_is_left_out_and_the_one_that_took_its_name_is_not(tmp_path, symbol):
    plain = symbol.replace("_", "").replace("SETTLED", "")
    both = pd.concat([table(symbol=plain), table(symbol=symbol)])
    path = write_csv(tmp_path / "market.csv", both)

    assert left_out(path, Market.USDM) == {symbol: "status"}


def desk_of(path, market):
    options = ExchangeOptions(markets=(market,), recorded=path)
    return open_desks(options, ManualClock(START))[0]


def left_out(path, market):
    """Return the rule that leaves out each symbol of a recording."""
    desk = desk_of(path, market)
    snapshot = MarketSnapshot(
        market=market,
        at=get(desk, "time")["serverTime"],
        instruments=ListingParser(market).parse(ask(desk, "exchangeInfo").body).instruments,
        tickers=parse_tickers(ask(desk, "ticker/24hr").body).found,
        quotes=parse_quotes(ask(desk, "ticker/bookTicker").body).found,
    )
    rules = UniverseRules(top=400, min_age=0, max_spread=1)
    return {symbol: found.rule.value for symbol, found in found_against(snapshot, rules)}


def _assets(symbol):
    contract = contract_named(symbol, START)
    return contract.base, contract.quote
