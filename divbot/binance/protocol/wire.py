"""From the venue's JSON to divbot's own types; nothing unbelievable gets past here.

Raise BadAnswer for whatever is not of the documented shape; of a list with a row for each symbol,
only the rows that are not are dropped. Unknown fields are ignored, and fields that only some
listings have may be missing: the venue adds and removes both.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import orjson

from divbot.binance.protocol.endpoints import Endpoint
from divbot.binance.protocol.rows import (
    JsonRow,
    amount_of,
    flag_of,
    number,
    number_of,
    optional_time_of,
    read_rows,
    shown,
    symbol_of,
    text_of,
    time_of,
)
from divbot.candles import Candles
from divbot.domain.clock import plausible_ms
from divbot.domain.errors import BadAnswer
from divbot.domain.fills import Candle
from divbot.domain.market import DroppedRow, Instrument, Interval, Market, Ticker
from divbot.domain.minutes import FundingRate, Minutes

T = TypeVar("T")

_FEWEST_KLINE_FIELDS = 12
_MOST_WEIGHT = 1_000_000_000


class Funding(NamedTuple):
    """Settlements of funding in the order of time, and the rows that make no sense."""

    rates: tuple[FundingRate, ...]
    dropped: tuple[DroppedRow, ...] = ()


class BySymbol(NamedTuple, Generic[T]):
    """What a list says of each symbol, and the rows that make no sense."""

    found: dict[str, T]
    dropped: tuple[DroppedRow, ...] = ()


class ExchangeInfo(NamedTuple):
    """What is listed, by symbol, and what the venue allows."""

    instruments: dict[str, Instrument]
    weight_limit: int | None
    """Request weight per minute; None where the listing names none."""
    server_time: int | None
    """When it was made, ms UTC; to be relied on for spot only. None where it does not say."""
    dropped: tuple[DroppedRow, ...] = ()
    """Rows of instruments that make no sense."""


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


class ListingParser:
    """Parse the listings of one market; instruments listed as before are not read again."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._digest = b""
        self._instruments: BySymbol[Instrument] = BySymbol({})

    def parse(self, body: bytes) -> ExchangeInfo:
        """Return what is listed and what is allowed."""
        document = parse_json(body)
        if not isinstance(document, dict):
            raise BadAnswer(f"expected an object with symbols, found {shown(document)}")
        # Whatever stands before and behind them: they begin nowhere before this.
        digest = hashlib.blake2b(body[max(body.find(b'"symbols"'), 0) :]).digest()
        if digest != self._digest:
            self._instruments = _instruments(document.get("symbols"), self._market)
            self._digest = digest
        return ExchangeInfo(
            instruments=self._instruments.found,
            weight_limit=_weight_limit(document.get("rateLimits")),
            server_time=_server_time(document),
            dropped=self._instruments.dropped,
        )


def _server_time(document: JsonRow) -> int | None:
    # There is another way to learn it: no reason to do without the listing.
    try:
        return optional_time_of(document, "serverTime")
    except BadAnswer:
        return None


def _instruments(rows: object, market: Market) -> BySymbol[Instrument]:
    found, dropped = read_rows(rows, Endpoint.EXCHANGE_INFO, lambda row: _instrument(row, market))
    return BySymbol({x.symbol: x for x in found}, dropped)


def _instrument(row: JsonRow, market: Market) -> Instrument:
    symbol, quote = symbol_of(row), text_of(row, "quoteAsset")
    common = {
        "symbol": symbol,
        "base": text_of(row, "baseAsset"),
        "quote": quote,
        "status": text_of(row, "status"),
        **_rules(row),
    }
    if market is Market.SPOT:
        is_open = flag_of(row, "isSpotTradingAllowed", default=True)
        return Instrument(**common, is_open=is_open)
    return Instrument(
        **common,
        contract=text_of(row, "contractType", ""),
        underlying=text_of(row, "underlyingType", "COIN"),
        margin=text_of(row, "marginAsset", quote),
        listed_at=optional_time_of(row, "onboardDate"),
        delivered_at=optional_time_of(row, "deliveryDate"),
    )


def _filters(row: JsonRow) -> dict[str, JsonRow]:
    """Return the filters by type; unknown ones do no harm."""
    filters = row.get("filters", [])
    if not isinstance(filters, list):
        raise BadAnswer(f"expected a list of filters, found {shown(filters)}")
    return {
        rule["filterType"]: rule
        for rule in filters
        if isinstance(rule, dict) and isinstance(rule.get("filterType"), str)
    }


def _rules(row: JsonRow) -> dict[str, Any]:
    """Return what the filters of an instrument say of market orders, by its fields."""
    filters = _filters(row)
    price, lot = filters.get("PRICE_FILTER", {}), filters.get("LOT_SIZE", {})
    market_lot = filters.get("MARKET_LOT_SIZE", {})
    old, new = filters.get("MIN_NOTIONAL", {}), filters.get("NOTIONAL", {})
    largest = [x for x in (_bound(lot, "maxQty"), _bound(market_lot, "maxQty")) if x]
    least = (_bound(old, "notional"), _bound(old, "minNotional"), _bound(new, "minNotional"))
    return {
        "tick_size": _bound(price, "tickSize"),
        # A step of zero among the rules for market orders means that there is no such rule.
        "step_size": _bound(market_lot, "stepSize") or _bound(lot, "stepSize"),
        "min_quantity": _bound(market_lot, "minQty") or _bound(lot, "minQty") or Decimal(0),
        "max_quantity": min(largest, default=None),
        "min_notional": max(x or Decimal(0) for x in least),
    }


def _bound(rule: JsonRow, key: str) -> Decimal | None:
    """Return a bound of a filter; None where it is off, or missing."""
    if key not in rule:
        return None
    value = number_of(rule, key)
    return value if value > 0 else None


def _weight_limit(limits: object) -> int | None:
    """Return the request weight that the listing allows a minute; None where it names none."""
    for limit in limits if isinstance(limits, list) else ():
        if isinstance(limit, dict) and limit.get("rateLimitType") == "REQUEST_WEIGHT":
            is_a_minute = (limit.get("interval"), limit.get("intervalNum", 1)) == ("MINUTE", 1)
            most = limit.get("limit")
            if is_a_minute and type(most) is int and most > 0:
                return min(most, _MOST_WEIGHT)
    return None


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
