from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divbot.binance.protocol.exchange_info import ExchangeInfo, ListingParser
from divbot.binance.protocol.wire import (
    final_klines_of_json,
    parse_quotes,
    parse_server_time,
    parse_tickers,
    parse_tickers_and_quotes,
)
from divbot.domain.errors import BadAnswer
from divbot.domain.market import Instrument, Interval, Market
from divbot.domain.symbols import is_symbol

START = 1_722_330_000_000
STEP = 60_000


def kline(number: int, **changes: Any) -> list[Any]:
    row = {
        "open_time": START + number * STEP,
        "open": "10.0",
        "high": "11.0",
        "low": "9.0",
        "close": "10.5",
        "volume": "3.2",
    }
    row |= changes
    return [*row.values(), START + (number + 1) * STEP - 1, "32.0", 7, "1.0", "10.0", "0"]


def body(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


@pytest.mark.parametrize(
    "time", [1_722_330_000, 1_722_330_000_000_000, True, "1722330000000", 1e12]
)
def test_a_time_that_is_not_in_milliseconds_is_none(time: object) -> None:
    with pytest.raises(BadAnswer, match="serverTime: expected a time in milliseconds"):
        parse_server_time(json.dumps({"serverTime": time}).encode())


def test_the_last_row_is_never_final() -> None:
    candles = final_klines_of_json(body(kline(0), kline(1), kline(2, close="9.5")), Interval.M1)

    assert candles.open_time.tolist() == [START, START + STEP]
    assert candles.close.tolist() == [10.5, 10.5]


@pytest.mark.parametrize("rows", [[], [kline(0)]], ids=["none", "only the forming one"])
def test_a_new_listing_has_no_final_candle(rows: list[Any]) -> None:
    candles = final_klines_of_json(body(*rows), Interval.M1)

    assert [len(column) for column in candles.columns] == [0] * 6


def test_missing_candles_are_no_fault_of_the_answer() -> None:
    candles = final_klines_of_json(body(kline(0), kline(5), kline(6)), Interval.M1)

    assert np.diff(candles.open_time).tolist() == [5 * STEP]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>502 Bad Gateway</html>", id="HTML"),
        pytest.param(body(kline(0), kline(1))[:-9], id="cut short"),
        pytest.param(b'{"code":-1121}', id="an object"),
        pytest.param(body(kline(0)[:11], kline(1)), id="eleven fields"),
        pytest.param(body("candle", kline(1)), id="a row that is no list"),
        pytest.param(body(kline(0, close="abc"), kline(1)), id="a price that is no number"),
        pytest.param(body(kline(0, close=None), kline(1)), id="a price that is null"),
        pytest.param(body(kline(0, close="NaN"), kline(1)), id="NaN"),
        pytest.param(body(kline(0, high="inf"), kline(1)), id="infinite"),
        pytest.param(body(kline(0, low="0.00000000"), kline(1)), id="a price of zero"),
        pytest.param(body(kline(0, low="-9"), kline(1)), id="a negative price"),
        pytest.param(body(kline(0, low="10.2"), kline(1)), id="open below low"),
        pytest.param(body(kline(0, high="10.2"), kline(1)), id="close above high"),
        pytest.param(body(kline(0, volume="-1"), kline(1)), id="a negative volume"),
        pytest.param(body(kline(0), kline(0), kline(1)), id="a row twice"),
        pytest.param(body(kline(1), kline(0), kline(2)), id="shuffled rows"),
        pytest.param(body(kline(0), kline(1, open_time=START + STEP + 7)), id="off the grid"),
        pytest.param(body(kline(0, open_time="1"), kline(1)), id="a time that is a text"),
        pytest.param(body(kline(0, open="12.5"), kline(1)), id="open above high"),
        pytest.param(body(kline(0, open_time=2**70), kline(1)), id="a time beyond all times"),
        pytest.param(body(kline(0, close="1" * 400), kline(1)), id="a number beyond all numbers"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"\xff\xfe[]", id="not UTF-8"),
    ],
)
def test_candles_that_cannot_be_are_not_believed(answer: bytes) -> None:
    with pytest.raises(BadAnswer):
        final_klines_of_json(answer, Interval.M1)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner, max_size=13) | st.dictionaries(st.text(max_size=9), inner),
    ).map(lambda document: json.dumps(document).encode())
)
def test_whatever_comes_is_believed_or_refused_but_never_a_surprise(answer: bytes) -> None:
    parsers: list[Callable[[bytes], object]] = [
        lambda x: final_klines_of_json(x, Interval.M1),
        lambda x: ListingParser(Market.SPOT).parse(x),
        parse_tickers,
        parse_tickers_and_quotes,
        parse_quotes,
    ]
    for parse in parsers:
        with contextlib.suppress(BadAnswer):
            parse(answer)


@pytest.mark.parametrize(
    ("file", "market", "listed", "trading", "limit"),
    [
        ("spot_exchangeInfo_2024-09-08", Market.SPOT, 1248, 1248, 6000),
        ("spot_exchangeInfo_2020-10-09", Market.SPOT, 1089, 815, 1200),
        ("spot_exchangeInfo_one_symbol_2025-08-23", Market.SPOT, 1, 1, 6000),
        ("usdm_exchangeInfo_2022-05-04", Market.USDM, 155, 154, 2400),
    ],
)
def test_real_listings_are_understood(
    data: Path, file: str, market: Market, listed: int, trading: int, limit: int
) -> None:
    listing = ListingParser(market).parse(real(data, file))

    instruments = listing.instruments.values()
    open_ones = [x for x in instruments if x.status == "TRADING"]
    assert (len(instruments), len(open_ones)) == (listed, trading)
    assert all(x.tick_size and x.tick_size > 0 for x in open_ones)
    assert listing.weight_limit == limit
    assert listing.server_time


def test_a_real_contract_is_known_with_its_dates(data: Path) -> None:
    listing = ListingParser(Market.USDM).parse(real(data, "usdm_exchangeInfo_2022-05-04"))

    assert listing.instruments["BTCUSDT"] == Instrument(
        symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        status="TRADING",
        tick_size=Decimal("0.10"),
        step_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_quantity=Decimal(120),
        min_notional=Decimal(5),
        contract="PERPETUAL",
        underlying="COIN",
        margin="USDT",
        listed_at=1_569_398_400_000,
        delivered_at=4_133_404_800_000,
    )


def test_a_real_listing_without_its_optional_fields_is_understood(data: Path) -> None:
    document = json.loads(real(data, "spot_exchangeInfo_2024-09-08"))
    document["symbols"][0] = {
        name: document["symbols"][0][name]
        for name in ("symbol", "status", "baseAsset", "quoteAsset")
    }

    listing = ListingParser(Market.SPOT).parse(json.dumps(document).encode())

    first = next(iter(listing.instruments.values()))
    assert (first.symbol, first.tick_size, first.is_open) == ("ETHBTC", None, True)


def test_a_limit_beyond_all_need_is_as_good_as_the_largest_that_can_be_counted() -> None:
    limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "limit": 6_000_000_000}

    parsed = ListingParser(Market.SPOT).parse(
        json.dumps({"symbols": [], "rateLimits": [limit]}).encode()
    )

    assert parsed.weight_limit == 1_000_000_000


def test_an_entry_that_makes_no_sense_costs_only_itself() -> None:
    good = {"symbol": "AUSDT", "status": "TRADING", "baseAsset": "A", "quoteAsset": "USDT"}
    listing = json.dumps({"symbols": [good, good | {"symbol": "A B"}, good | {"symbol": 7}]})

    parsed = ListingParser(Market.SPOT).parse(listing.encode())

    assert list(parsed.instruments) == ["AUSDT"]
    assert (parsed.weight_limit, parsed.server_time) == (None, None)


def test_real_tickers_are_understood(data: Path) -> None:
    body = real(data, "spot_ticker24hr_2020-10-09")
    tickers, quotes = parse_tickers(body).found, parse_quotes(body).found

    assert parse_tickers_and_quotes(body) == ((tickers, ()), (quotes, ()))

    assert len(tickers) == len(quotes) == 1089
    assert tickers["BTCUSDT"].quote_volume > Decimal(10**8)
    assert 0 < quotes["BTCUSDT"].bid < quotes["BTCUSDT"].ask
    assert len(parse_tickers(real(data, "spot_ticker24hr_top100_2026-03-10")).found) == 100


@pytest.mark.parametrize(
    ("file", "interval", "rows"),
    [
        ("spot_klines_raw_1h_5sym_500_2026-03", Interval.H1, 500),
        ("usdm_klines_raw_1d_40sym_2025-06", Interval.D1, None),
    ],
)
def test_real_candles_are_understood(
    data: Path, file: str, interval: Interval, rows: int | None
) -> None:
    document = json.loads(real(data, file))

    for raw in document.values():
        candles = final_klines_of_json(json.dumps(raw).encode(), interval)
        assert len(candles.close) == len(raw) - 1
        assert rows is None or len(raw) == rows
        assert candles.close.tolist() == [float(row[4]) for row in raw[:-1]]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("BTCUSDT", True),
        ("1000PEPEUSDT", True),
        ("BTCUSDT_240927", True),
        ("币安人生USDT", True),
        ("", False),
        ("BTC USDT", False),
        ("BTC/USDT", False),
        ("<script>", False),
        ("BTCUSDT\n", False),
        ("A" * 51, False),
    ],
)
def test_symbols_are_of_any_script_but_hold_no_mark_up(text: str, is_one: bool) -> None:
    assert is_symbol(text) is is_one


def real(data: Path, name: str) -> bytes:
    return gzip.decompress((data / "rest" / f"{name}.json.gz").read_bytes())


def test_a_listing_that_changes_is_read_anew() -> None:
    parser = ListingParser(Market.SPOT)
    entry = {"symbol": "AUSDT", "baseAsset": "A", "quoteAsset": "USDT", "status": "TRADING"}

    def listed(time: int, *entries: dict[str, Any]) -> ExchangeInfo:
        return parser.parse(orjson.dumps({"serverTime": time, "symbols": entries}))

    first, second = listed(START, entry), listed(START + 1, entry)
    third = listed(START + 2, entry | {"status": "HALT"}, entry | {"symbol": "BUSDT"})

    assert second.instruments["AUSDT"] is first.instruments["AUSDT"]
    assert [x.server_time for x in (first, second, third)] == [START, START + 1, START + 2]
    assert {name: x.status for name, x in third.instruments.items()} == {
        "AUSDT": "HALT",
        "BUSDT": "TRADING",
    }
    assert first.instruments["AUSDT"].status == "TRADING"
