"""From the venue's JSON to divbot's own types; nothing unbelievable gets past here.

Raise BadAnswer for whatever is not of the documented shape; of a list with a row for each symbol,
only the rows that are not are dropped. Unknown fields are ignored, and fields that only some
listings have may be missing: the venue adds and removes both.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import orjson

from divbot.arrays import Floats
from divbot.binance.protocol.endpoints import Endpoint
from divbot.binance.protocol.rows import (
    JsonRow,
    amount_of,
    number,
    number_of,
    optional_time_of,
    read_rows,
    shown,
    symbol_of,
    time_of,
)
from divbot.candle_arrays import Candles
from divbot.domain.clock import plausible_ms
from divbot.domain.errors import BadAnswer
from divbot.domain.fills import Candle
from divbot.domain.market import DroppedRow, Interval, Ticker
from divbot.domain.minutes import FundingRate, Minutes

T = TypeVar("T")

_FEWEST_KLINE_FIELDS = 12


class Amounts(NamedTuple):
    """What else a venue tells of candles; every array has one element per candle."""

    quote_volume: Floats
    trades: Floats
    taker_volume: Floats
    taker_quote_volume: Floats


class Funding(NamedTuple):
    """Settlements of funding in the order of time, and the rows that make no sense."""

    rates: tuple[FundingRate, ...]
    dropped: tuple[DroppedRow, ...] = ()


class BySymbol(NamedTuple, Generic[T]):
    """What a list says of each symbol, and the rows that make no sense."""

    found: dict[str, T]
    dropped: tuple[DroppedRow, ...] = ()


class BidAsk(NamedTuple):
    """The best bid and ask of one symbol; zero where there is none."""

    bid: Decimal
    ask: Decimal


def parse_json(body: bytes) -> Any:
    """Return what the JSON in `body` says; refuse NaN, broken UTF-8 and whatever is cut short."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadAnswer(f"expected JSON, found {body[:40]!r}") from error


def final_klines_of_json(body: bytes, interval: Interval) -> Candles:
    """Return the candles that are final: all but the last row, whatever the clock says.

    A candle is final when a later one stands in the same response. A rule by the clock would let
    half-formed candles through when the bar ends between answer and check.
    """
    candles = _candles(_kline_rows(body), interval)
    return candles.between(0, len(candles) - 1)


def final_klines_in_full(body: bytes, interval: Interval) -> tuple[Candles, Amounts]:
    """Return the same with all that is told of them."""
    rows = _kline_rows(body)
    candles = _candles(rows, interval)
    columns = zip(*((row[7], row[8], row[9], row[10]) for row in rows), strict=True)
    told = [np.array([_amount(x) for x in column]) for column in columns] or [np.empty(0)] * 4
    return candles.between(0, len(candles) - 1), Amounts._make(x[:-1] for x in told)


def _amount(value: object) -> float:
    found = float(value) if type(value) is int else _price(value)
    if not 0 <= found < np.inf:
        raise BadAnswer(f"a candle with an amount that cannot be: {shown(value)}")
    return found


def parse_minutes(body: bytes, interval: Interval) -> Minutes:
    """Return candles in exact decimals; the last row of an answer is the one that forms."""
    rows = _kline_rows(body)
    _candles(rows, interval)
    exact = [Candle(row[0], *map(Decimal, row[1:5])) for row in rows]
    return Minutes(tuple(exact[:-1]), exact[-1] if exact else None)


def _kline_rows(body: bytes) -> list[Any]:
    rows = parse_json(body)
    if not isinstance(rows, list):
        raise BadAnswer(f"expected a list of candles, found {type(rows).__name__}")
    if any(type(row) is not list or len(row) < _FEWEST_KLINE_FIELDS for row in rows):
        raise BadAnswer(f"expected {_FEWEST_KLINE_FIELDS} fields in every candle")
    return rows


def _candles(rows: list[Any], interval: Interval) -> Candles:
    """Return checked candles, the forming one included."""
    if not rows:
        return _empty_candles()
    open_time, *columns = list(zip(*(row[:6] for row in rows), strict=True))
    try:
        times = [plausible_ms(time) for time in open_time]
    except ValueError as error:
        raise BadAnswer(f"a candle: {error}") from None
    prices = (np.array([_price(x) for x in column], np.float64) for column in columns)
    candles = Candles(np.array(times, np.int64), *prices)
    check_candles(candles, interval)
    return candles


def _price(text: object) -> float:
    value = number(text)
    if value is None:
        raise BadAnswer(f"a candle that is not made of numbers: {shown(text)}")
    return float(value)


def _empty_candles() -> Candles:
    return Candles(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))


def check_candles(candles: Candles, interval: Interval) -> None:
    """Raise BadAnswer for candles that cannot be: out of order, or of impossible prices."""
    opened, high, low, close = candles.open, candles.high, candles.low, candles.close
    volume, spacing = candles.volume, np.diff(candles.open_time)
    if not (spacing > 0).all():
        raise BadAnswer("candles out of order or twice")
    if interval.is_regular and (spacing % interval.milliseconds).any():
        raise BadAnswer(f"candles that are not {interval.value} apart")
    # Comparisons with NaN are false, so that NaN fails here like any other nonsense.
    if not ((low > 0) & (low <= opened) & (low <= close) & (opened <= high)).all():
        raise BadAnswer("a candle with a price of zero, or outside its own low and high")
    if not ((close <= high) & (high < np.inf) & (volume >= 0) & (volume < np.inf)).all():
        raise BadAnswer("a candle with a price or volume that cannot be")


def parse_funding(body: bytes) -> Funding:
    """Return settlements of funding in the order of time."""
    rates, dropped = read_rows(parse_json(body), Endpoint.FUNDING_RATE, _funding_rate)
    return Funding(tuple(sorted(rates, key=lambda x: x.at)), dropped)


def _funding_rate(row: JsonRow) -> FundingRate:
    rate = FundingRate(
        at=time_of(row, "fundingTime"),
        rate=number_of(row, "fundingRate"),
        mark_price=amount_of(row, "markPrice"),
    )
    if not rate.mark_price:
        raise BadAnswer("funding at a price of zero")
    return rate


def parse_server_time(body: bytes) -> int:
    """Return the venue's time, ms UTC."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise BadAnswer(f"expected an object with serverTime, found {shown(document)}")
    return time_of(document, "serverTime")


def parse_tickers(body: bytes) -> BySymbol[Ticker]:
    """Return the tickers of the last 24 hours by symbol."""
    found, dropped = read_rows(parse_json(body), Endpoint.TICKER_24HR, _ticker)
    return BySymbol({x.symbol: x for x in found}, dropped)


def parse_quotes(body: bytes) -> BySymbol[BidAsk]:
    """Return the best bid and ask by symbol."""
    found, dropped = read_rows(parse_json(body), Endpoint.BOOK_TICKER, _quote)
    return BySymbol(dict(found), dropped)


def parse_tickers_and_quotes(body: bytes) -> tuple[BySymbol[Ticker], BySymbol[BidAsk]]:
    """Return both of tickers that name bid and ask; a dropped row is dropped from the first."""
    found, dropped = read_rows(
        parse_json(body), Endpoint.TICKER_24HR, lambda row: (_ticker(row), _quote(row))
    )
    tickers = {ticker.symbol: ticker for ticker, _ in found}
    return BySymbol(tickers, dropped), BySymbol(dict(quote for _, quote in found))


def _ticker(row: JsonRow) -> Ticker:
    ticker = Ticker(
        symbol=symbol_of(row),
        last_price=amount_of(row, "lastPrice"),
        high=amount_of(row, "highPrice"),
        low=amount_of(row, "lowPrice"),
        quote_volume=amount_of(row, "quoteVolume"),
        closed_at=optional_time_of(row, "closeTime") or 0,
    )
    if ticker.high < ticker.low:
        raise BadAnswer(f"a high of {ticker.high} below a low of {ticker.low}")
    return ticker


def _quote(row: JsonRow) -> tuple[str, BidAsk]:
    return symbol_of(row), BidAsk(amount_of(row, "bidPrice"), amount_of(row, "askPrice"))
