"""Rows of the venue's lists: one that makes no sense costs one symbol, never the market."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.binance.bans import Bans
from divbot.binance.budget import WeightBudget
from divbot.binance.client import BinanceClient
from divbot.binance.listing.flat import Verdicts
from divbot.binance.listing.listing import Listings
from divbot.binance.listing.rules import UniverseRules
from divbot.binance.notebook import Notebook
from divbot.binance.protocol import compiled_klines, wire
from divbot.binance.protocol.rows import number
from divbot.binance.server_clock import ServerClock
from divbot.binance.session import VenueSession
from divbot.binance.trading_data import BinanceTrading
from divbot.binance.transport.transport import HttpReply
from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.errors import BadAnswer, VenueUnreachable
from divbot.domain.market import Interval, Market
from divbot.domain.symbols import is_symbol
from divbot.domain.universe import Rule, Universe
from tests.trading.fakes import Told

NOW = 1_722_330_000_000
DAY = 86_400_000
SYMBOLS = tuple(f"S{number:02}USDT" for number in range(12))
LISTS = {
    Market.SPOT: ("exchangeInfo", "ticker/24hr"),
    Market.USDM: ("exchangeInfo", "ticker/24hr", "ticker/bookTicker"),
}


def listed(symbol: str, market: Market) -> dict[str, Any]:
    row = {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "stepSize": "0.1", "minQty": "0.1", "maxQty": "900.0"},
            {"filterType": "MIN_NOTIONAL", "notional": "5", "minNotional": "5"},
        ],
    }
    if market is Market.SPOT:
        return row | {"isSpotTradingAllowed": True}
    return row | {
        "contractType": "PERPETUAL",
        "underlyingType": "COIN",
        "marginAsset": "USDT",
        "onboardDate": NOW - 400 * DAY,
        "deliveryDate": 4_133_404_800_000,
    }


def quoted(symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "bidPrice": "9.99", "bidQty": "1", "askPrice": "10.00"}


def traded(symbol: str) -> dict[str, Any]:
    return quoted(symbol) | {
        "lastPrice": "10.00",
        "highPrice": "11.00",
        "lowPrice": "9.00",
        "quoteVolume": "1000000.5",
        "closeTime": NOW - 1000,
    }


class Venue:
    """A market of twelve symbols, whose answers a test may spoil before they are sent."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.bodies: dict[str, Any] = {
            "exchangeInfo": {
                "serverTime": NOW,
                "rateLimits": [
                    {
                        "rateLimitType": "REQUEST_WEIGHT",
                        "interval": "MINUTE",
                        "intervalNum": 1,
                        "limit": 2400,
                    }
                ],
                "symbols": [listed(symbol, market) for symbol in SYMBOLS],
            },
            "ticker/24hr": [traded(symbol) for symbol in SYMBOLS],
            "ticker/bookTicker": [quoted(symbol) for symbol in SYMBOLS],
            "time": {"serverTime": NOW},
        }

    def rows(self, name: str) -> list[Any]:
        body = self.bodies[name]
        rows: list[Any] = body["symbols"] if name == "exchangeInfo" else body
        return rows

    def get(self, url: str, parameters: Mapping[str, str | int], **_: object) -> HttpReply:
        name = url.split("/v1/" if self.market is Market.USDM else "/v3/")[1]
        if name == "klines":
            raise VenueUnreachable("no candles to judge a peg by")
        return HttpReply(200, {"content-type": "application/json"}, orjson.dumps(self.bodies[name]))

    def client(self, clock: ManualClock) -> BinanceClient:
        budget = WeightBudget(clock, 10_000)
        lease = budget.lease(budget.open_lease())
        session = VenueSession(self.market, ["http://x"], self, clock, Bans(None))  # type: ignore[arg-type]
        return BinanceClient(session, lease)

    def universe(self, *held: str, **rules: Any) -> Universe:
        return self.listings(ManualClock(NOW), **rules).universe(held)

    def listings(self, clock: ManualClock, **rules: Any) -> Listings:
        return Listings(
            self.client(clock),
            UniverseRules(**{"top": 100, **rules}),
            clock,
            server_clock=ServerClock(clock),
            verdicts=Verdicts(Notebook(None), "here"),
            stocks=None,
            allow=lambda _: None,
        )

    def trading(self, told: Told) -> BinanceTrading:
        clock = ManualClock(NOW)
        budget = WeightBudget(clock, 10_000)
        return BinanceTrading(
            self.client(clock),
            clock,
            ServerClock(clock),
            budget,
            told,
        )


def symbols(universe: Universe) -> list[str]:
    return [x.symbol for x in universe.listed]


def left_out(universe: Universe) -> dict[str, tuple[Rule, str]]:
    return {x.symbol: (x.rule, x.detail) for x in universe.left_out}


MISSING = ...


@pytest.mark.parametrize(
    ("name", "field", "value", "says"),
    [
        ("ticker/24hr", "lastPrice", None, "expected a number for lastPrice, found null"),
        ("ticker/24hr", "quoteVolume", MISSING, "expected a number for quoteVolume, found null"),
        ("ticker/24hr", "lastPrice", "", "expected a number for lastPrice, found ''"),
        ("ticker/24hr", "highPrice", "NaN", "expected a number for highPrice, found 'NaN'"),
        ("ticker/24hr", "lowPrice", 9.5, "expected a number for lowPrice, found 9.5"),
        ("ticker/24hr", "lowPrice", "-1", "expected zero or more for lowPrice, found '-1'"),
        ("ticker/24hr", "highPrice", "8.9", "a high of 8.9 below a low of 9.00"),
        ("ticker/24hr", "closeTime", NOW * 1000, "looks like microseconds"),
        ("ticker/bookTicker", "askPrice", "1e1000000", "found '1e1000000'"),
        ("ticker/bookTicker", "bidPrice", "9" * 5000, "expected a number for bidPrice, found '999"),
        ("exchangeInfo", "status", None, "expected a text for status, found null"),
        ("exchangeInfo", "contractType", 7, "expected a text for contractType, found 7"),
        ("exchangeInfo", "baseAsset", "", "expected a text for baseAsset, found ''"),
        ("exchangeInfo", "filters", {}, "expected a list of filters, found an object"),
        ("exchangeInfo", "onboardDate", NOW // 1000, "looks like seconds"),
    ],
)
def test_a_row_that_makes_no_sense_leaves_its_symbol_out(
    name: str, field: str, value: object, says: str
) -> None:
    venue = Venue(Market.USDM)
    row = venue.rows(name)[5]
    row[field] = value
    if value is MISSING:
        del row[field]

    found = venue.universe()

    rule, detail = left_out(found)["S05USDT"]
    assert symbols(found) == [x for x in SYMBOLS if x != "S05USDT"]
    assert rule is Rule.UNREADABLE
    assert detail.startswith(f"its row in {name} makes no sense: ")
    assert says in detail
    assert [(x.source, x.number, x.symbol) for x in found.dropped] == [(name, 6, "S05USDT")]


def test_a_filter_that_makes_no_sense_leaves_its_symbol_out() -> None:
    venue = Venue(Market.SPOT)
    venue.rows("exchangeInfo")[0]["filters"][0]["tickSize"] = None

    found = venue.universe()

    assert left_out(found) == {
        "S00USDT": (
            Rule.UNREADABLE,
            "its row in exchangeInfo makes no sense: expected a number for tickSize, found null",
        )
    }
    assert len(found.listed) == 11


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (None, "row 13: expected an object, found null"),
        ([], "row 13: expected an object, found a list"),
        (traded("S00USDT") | {"symbol": None}, "row 13: expected a symbol, found null"),
        (traded("\U0001f680USDT"), "row 13: expected a symbol, found '\U0001f680USDT'"),
        (traded("A B"), "row 13: expected a symbol, found 'A B'"),
        (traded("X\u202eUSDT"), "row 13: expected a symbol, found 'X\\u202eUSDT'"),
        (traded("SPAREUSDT") | {"lastPrice": None}, "SPAREUSDT: expected a number for lastPrice"),
    ],
    ids=["null", "list", "no symbol", "emoji", "space", "bidirectional", "not listed"],
)
@pytest.mark.parametrize("name", LISTS[Market.USDM])
def test_a_further_row_that_makes_no_sense_costs_no_symbol(
    name: str, row: object, says: str
) -> None:
    venue = Venue(Market.USDM)
    if name == "ticker/bookTicker" and "SPARE" in says:
        row, says = quoted("SPAREUSDT") | {"askPrice": None}, says.replace("last", "ask")
    if name == "exchangeInfo" and "SPARE" in says:
        row, says = {"symbol": "SPAREUSDT"}, "SPAREUSDT: expected a text for quoteAsset"
    venue.rows(name).append(row)

    found = venue.universe()

    assert symbols(found) == list(SYMBOLS)
    (dropped,) = found.dropped
    assert str(dropped).startswith(f"{name}, {says}")


@pytest.mark.parametrize("symbol", ["हिन्दीUSDT", "ไทยน้ำUSDT", "币安人生USDT"])
def test_letters_with_their_marks_are_symbols(symbol: str) -> None:
    venue = Venue(Market.SPOT)
    venue.rows("exchangeInfo").append(listed(symbol, Market.SPOT))
    venue.rows("ticker/24hr").append(traded(symbol))

    found = venue.universe()

    assert is_symbol(symbol)
    assert (symbol in symbols(found), found.dropped) == (True, ())


def test_a_symbol_that_also_has_a_sound_row_is_in() -> None:
    venue = Venue(Market.SPOT)
    venue.rows("ticker/24hr").insert(0, {"symbol": "S00USDT"})

    found = venue.universe()

    assert symbols(found) == list(SYMBOLS)
    assert [x.symbol for x in found.dropped] == ["S00USDT"]


@pytest.mark.parametrize("name", LISTS[Market.USDM])
@pytest.mark.parametrize("rows", [None, {}, "rows", 7, [None] * 12, [{"symbol": "A"}] * 12])
def test_an_answer_of_nothing_but_nonsense_is_none(name: str, rows: object) -> None:
    venue = Venue(Market.USDM)
    if name == "exchangeInfo":
        venue.bodies[name]["symbols"] = rows
    else:
        venue.bodies[name] = rows

    with pytest.raises(BadAnswer, match=r"expected a list of rows in|12 of 12 rows make no sense"):
        venue.universe()


def test_a_held_symbol_stays_whatever_its_rows_say() -> None:
    venue = Venue(Market.SPOT)
    for name in LISTS[Market.SPOT]:
        venue.rows(name)[3] = {"symbol": "S03USDT"}

    found = venue.universe("S03USDT")

    assert set(symbols(found)) == set(SYMBOLS)
    assert not found.left_out


def test_a_held_symbol_whose_rows_make_no_sense_is_not_gone() -> None:
    venue = Venue(Market.SPOT)
    for name in LISTS[Market.SPOT]:
        venue.rows(name)[3] = {"symbol": "S03USDT"}
    clock = ManualClock(NOW)
    listings = venue.listings(clock)

    listings.universe({"S03USDT"})
    clock.advance(3600)
    venue.bodies["exchangeInfo"]["serverTime"] = clock.now()

    assert listings.universe({"S03USDT"}).gone == set()


def test_a_chosen_symbol_that_cannot_be_read_costs_the_others_nothing() -> None:
    venue = Venue(Market.SPOT)
    venue.rows("exchangeInfo")[3]["status"] = None

    found = venue.universe(symbols=("S02USDT", "S03USDT"))

    assert symbols(found) == ["S02USDT"]
    assert left_out(found)["S03USDT"][0] is Rule.UNREADABLE


def test_a_spot_listing_of_an_impossible_time_is_not_believed() -> None:
    venue = Venue(Market.SPOT)
    venue.bodies["exchangeInfo"]["serverTime"] = NOW * 1000

    assert venue.universe().at == NOW


def test_a_trader_goes_on_with_sound_rows_and_hears_of_others_once() -> None:
    venue = Venue(Market.USDM)
    venue.rows("ticker/bookTicker")[1]["askPrice"] = "NaN"
    rate = {"symbol": "S00USDT", "fundingRate": "0.0001", "markPrice": "10.0"}
    venue.bodies["fundingRate"] = [
        rate | {"fundingTime": NOW},
        rate | {"fundingTime": NOW // 1000},
        rate | {"fundingTime": NOW - DAY, "markPrice": "0"},
        rate | {"fundingTime": NOW - DAY},
    ]
    told = Told()
    trading = venue.trading(told)

    for _ in range(2):
        quotes = trading.quotes()
        rates = trading.funding("S00USDT", 0, NOW)

    assert set(quotes) == {*SYMBOLS} - {"S01USDT"}
    assert [x.at for x in rates] == [NOW - DAY, NOW]
    assert list(told) == [
        "! a row that makes no sense was dropped: ticker/bookTicker, S01USDT: "
        "expected a number for askPrice, found 'NaN'",
        "! a row that makes no sense was dropped: fundingRate, S00USDT: fundingTime: expected a "
        "time in milliseconds (13 digits), found 1722330000, which looks like seconds",
    ]


def fields_of(row: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every field of `row`, to the rows in it, and to those of lists in it."""
    if path:
        yield path
    if isinstance(row, dict | list):
        for key, inner in row.items() if isinstance(row, dict) else enumerate(row):
            yield from fields_of(inner, (*path, key))


def spoil(document: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        document = document[key]
    if value is not MISSING:
        document[path[-1]] = value
    elif isinstance(document, dict):
        del document[path[-1]]


def names_of(row: object) -> Iterator[str]:
    if isinstance(row, dict) and isinstance(row.get("symbol"), str):
        yield row["symbol"]


NONSENSE = st.sampled_from(
    [
        *(MISSING, None, "", "NaN", "-Infinity", "1e1000000", "1e-1000000", "1E+99", "9" * 5000),
        *("-1", "0", " 1", "1_0", "٣", "text", "\x1b[31m", "\u202e", "x" * 10_000, "A B"),
        *(True, False, 0, -1, 1, 1.5, 1e308, 2**63, -(2**63), NOW // 1000, NOW * 1000),
        *([], {}, [None], {"a": 1}, [[[[[[]]]]]]),
    ]
).map(copy.deepcopy)


@given(data=st.data(), market=st.sampled_from(Market))
def test_whatever_one_row_says_all_other_symbols_are_unharmed(
    data: st.DataObject, market: Market
) -> None:
    venue = Venue(market)
    name = data.draw(st.sampled_from(LISTS[market]))
    place = data.draw(st.integers(0, len(SYMBOLS) - 1))
    rows = venue.rows(name)
    paths = [(place,), *((place, *path) for path in fields_of(rows[place]))]
    spoil(rows, data.draw(st.sampled_from(paths)), data.draw(NONSENSE))

    found = venue.universe()

    others = {*SYMBOLS} - {SYMBOLS[place]}
    assert others <= {*symbols(found)}
    accounted_for = {
        *(*symbols(found), *left_out(found)),
        *(SYMBOLS[x.number - 1] for x in found.dropped if x.source == name),
    }
    # Under another name a row is another symbol's.
    assert {SYMBOLS[place], *names_of(rows[place])} & accounted_for
    assert all(len(str(x)) < 200 for x in found.dropped)


@given(data=st.data(), market=st.sampled_from(Market), value=NONSENSE)
def test_whatever_stands_around_the_rows_is_believed_or_refused(
    data: st.DataObject, market: Market, value: object
) -> None:
    venue = Venue(market)
    around = copy.copy(venue.bodies["exchangeInfo"])
    del around["symbols"]
    documents = {"exchangeInfo": around, "time": venue.bodies["time"]}
    name = data.draw(st.sampled_from(sorted(documents)))
    spoil(venue.bodies[name], data.draw(st.sampled_from([*fields_of(documents[name])])), value)

    try:
        found = venue.universe()
    except BadAnswer:
        assert name == "time"
        assert market is Market.USDM
    else:
        assert symbols(found) == list(SYMBOLS)


@given(data=st.data(), value=NONSENSE)
def test_whatever_one_settlement_says_all_others_are_unharmed(
    data: st.DataObject, value: object
) -> None:
    rows: list[Any] = [
        {"symbol": "A", "fundingRate": "0.0001", "markPrice": "10.0", "fundingTime": NOW + n}
        for n in range(12)
    ]
    place = data.draw(st.integers(0, 11))
    paths = [(place,), *((place, *path) for path in fields_of(rows[place]))]
    spoil(rows, data.draw(st.sampled_from(paths)), value)

    found = wire.parse_funding(orjson.dumps(rows))

    others = {NOW + n for n in range(12)} - {NOW + place}
    assert others <= {rate.at for rate in found.rates}
    assert len(found.rates) + len(found.dropped) == 12


def kline(place: int) -> list[Any]:
    at = NOW + 60_000 * place
    return [at, "10", "11", "9", "10.5", "7.25", at + 59_999, "75.0", 3, "1", "10.0", "0"]


@given(data=st.data(), place=st.integers(0, 4), value=NONSENSE)
def test_whatever_a_candle_says_it_is_believed_or_refused(
    data: st.DataObject, place: int, value: object
) -> None:
    rows: list[Any] = [kline(number) for number in range(5)]
    rows[place] = [*rows[place], *data.draw(st.lists(NONSENSE.filter(lambda x: x is not MISSING)))]
    paths = [(place,), *((place, *path) for path in fields_of(rows[place]))]
    spoil(rows, data.draw(st.sampled_from(paths)), value)
    body = orjson.dumps(rows)

    def outcome(parse: Callable[[bytes], Any]) -> object:
        try:
            return parse(body)
        except BadAnswer as error:
            return str(error)

    fast = outcome(lambda x: closes(compiled_klines.parse_final_klines(x, Interval.M1)))
    plain = outcome(lambda x: closes(wire.final_klines_of_json(x, Interval.M1)))
    exact = outcome(lambda x: [float(c.close) for c in wire.parse_minutes(x, Interval.M1).final])

    assert fast == plain == exact


def closes(candles: Candles) -> list[float]:
    found: list[float] = candles.close.tolist()
    return found


def test_further_fields_of_a_candle_do_no_harm() -> None:
    rows = [kline(number) for number in range(3)]
    plain = wire.final_klines_of_json(orjson.dumps(rows), Interval.M1)
    for further in (["0"], [0, "1.5"], [None, {"new": []}]):
        body = orjson.dumps([[*row, *further] for row in rows])

        for parse in (compiled_klines.parse_final_klines, wire.final_klines_of_json):
            found = parse(body, Interval.M1)

            assert [x.tolist() for x in found.columns] == [x.tolist() for x in plain.columns]


@pytest.mark.parametrize(
    ("factor", "unit"), [(1_000, "microseconds"), (0.001, "seconds"), (1_000_000, "nanoseconds")]
)
@pytest.mark.parametrize(
    "parse", [compiled_klines.parse_final_klines, wire.final_klines_of_json], ids=["fast", "plain"]
)
def test_candles_in_another_unit_of_time_are_refused_by_name(
    parse: Any, factor: float, unit: str
) -> None:
    rows = [kline(0), kline(1_000_000)]
    for row in rows:
        row[0] = int(row[0] * factor)

    with pytest.raises(BadAnswer, match=f"expected a time in milliseconds .* looks like {unit}"):
        parse(orjson.dumps(rows), Interval.M1)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0", True),
        ("0E-8", True),
        ("-0.00000100", True),
        ("1e29", True),
        ("1e30", False),
        ("1e-30", True),
        ("1e-31", False),
        ("1e1000000", False),
        ("1" * 31, False),
        ("0." + "1" * 31, False),
        ("1_000", False),
        (" 1", False),
        ("1.", False),
        ("٣", False),
        ("NaN", False),
        (1.5, False),
        (True, False),
    ],
)
def test_numbers_are_bounded_where_they_are_read(text: object, is_one: bool) -> None:
    assert (number(text) is not None) is is_one
