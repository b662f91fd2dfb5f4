"""From the venue's JSON to divbot's own types; nothing unbelievable gets past here.

Raise BadAnswer for whatever is not of the documented shape. Unknown fields are ignored, and
fields that only some listings have may be missing: the venue adds and removes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from divbot.domain.errors import BadAnswer
from divbot.domain.fills import Candle
from divbot.domain.market import Instrument, Interval, Market, Ticker

_KLINE_FIELDS = 12
_EARLIEST, _LATEST = 1_000_000_000_000, 10_000_000_000_000  # ms have 13 digits; s and us have not
_WITHOUT_MARKS = str.maketrans("", "", "_-.")
_LONGEST_SYMBOL = 50
_LAST_TIME = 253_402_300_800_000  # the year 10000


class Candles(NamedTuple):
    """Candles of one symbol in the order of time; every array has one element per candle."""

    open_time: NDArray[np.int64]
    """ms UTC"""
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    """In units of the base asset."""


class Minutes(NamedTuple):
    """Short candles of one symbol, in exact decimals, in the order of time."""

    final: tuple[Candle, ...]
    forming: Candle | None
    """The newest one, which still changes; None where there is none."""


class FundingRate(NamedTuple):
    """One settlement of funding."""

    at: int
    """When it was due, ms UTC."""
    rate: Decimal
    """What a long position pays, as a part of its value; below zero: it receives."""
    mark_price: Decimal


class Listing(NamedTuple):
    """What is listed, by symbol, and what the venue allows."""

    instruments: dict[str, Instrument]
    weight_limit: int | None
    """Request weight per minute; None where the listing names none."""
    server_time: int | None
    """When it was made, ms UTC; to be relied on for spot only."""


class Quote(NamedTuple):
    """The best bid and ask of one symbol; zero where there is none."""

    bid: Decimal
    ask: Decimal


def parse_json(body: bytes) -> Any:
    """Return what the JSON in `body` says; refuse NaN, broken UTF-8 and whatever is cut short."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadAnswer(f"expected JSON, found {body[:40]!r}") from error


def parse_final_klines(body: bytes, interval: Interval) -> Candles:
    """Return the candles that are final: all but the last row, whatever the clock says.

    A candle is final when a later one stands in the same response. A rule by the clock would let
    half-formed candles through when the bar ends between answer and check.
    """
    candles = _candles(_kline_rows(body), interval)
    return Candles._make(values[:-1] for values in candles)


def parse_minutes(body: bytes, interval: Interval) -> Minutes:
    """Return candles in exact decimals; the last row of an answer is the one that forms."""
    rows = _kline_rows(body)
    _candles(rows, interval)
    exact = [Candle(row[0], *(Decimal(price) for price in row[1:5])) for row in rows]
    return Minutes(tuple(exact[:-1]), exact[-1] if exact else None)


def _kline_rows(body: bytes) -> list[Any]:
    rows = parse_json(body)
    if not isinstance(rows, list):
        raise BadAnswer(f"expected a list of candles, found {type(rows).__name__}")
    if any(type(row) is not list or len(row) != _KLINE_FIELDS for row in rows):
        raise BadAnswer(f"expected {_KLINE_FIELDS} fields in every candle")
    return rows


def _candles(rows: list[Any], interval: Interval) -> Candles:
    """Return checked candles, the forming one included."""
    if not rows:
        return _empty_candles()
    columns = list(zip(*rows, strict=True))
    if any(type(time) is not int for time in columns[0]):
        raise BadAnswer("expected whole numbers for open times")
    try:
        open_time = np.array(columns[0], np.int64)
        prices = [np.fromiter(map(float, columns[k]), np.float64, len(rows)) for k in range(1, 6)]
    except (TypeError, ValueError, OverflowError) as error:
        raise BadAnswer(f"a candle that is not made of numbers: {error}") from error
    candles = Candles(open_time, *prices)
    _check_candles(candles, interval)
    return candles


def _empty_candles() -> Candles:
    return Candles(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))


def _check_candles(candles: Candles, interval: Interval) -> None:
    open_time, opened, high, low, close, volume = candles
    spacing = np.diff(open_time)
    if not (spacing > 0).all():
        raise BadAnswer("candles out of order or twice")
    if interval.is_regular and (spacing % interval.milliseconds).any():
        raise BadAnswer(f"candles that are not {interval.value} apart")
    # Comparisons with NaN are false, so that NaN fails here like any other nonsense.
    if not ((low > 0) & (low <= opened) & (low <= close) & (opened <= high)).all():
        raise BadAnswer("a candle with a price of zero, or outside its own low and high")
    if not ((close <= high) & (high < np.inf) & (volume >= 0) & (volume < np.inf)).all():
        raise BadAnswer("a candle with a price or volume that cannot be")


def parse_funding(body: bytes) -> tuple[FundingRate, ...]:
    """Return settlements of funding in the order of time."""
    rates = [
        FundingRate(
            at=_required_time(entry, "fundingTime"),
            rate=_decimal(entry, "fundingRate"),
            mark_price=_decimal(entry, "markPrice"),
        )
        for entry in _list_of_objects(parse_json(body))
    ]
    if any(rate.mark_price <= 0 for rate in rates):
        raise BadAnswer("funding at a price of zero")
    return tuple(sorted(rates))


def parse_server_time(body: bytes) -> int:
    """Return the venue's time, ms UTC."""
    document = parse_json(body)
    time = document.get("serverTime") if isinstance(document, dict) else None
    if type(time) is not int or not _EARLIEST <= time < _LATEST:
        raise BadAnswer(f"expected serverTime in ms, found {str(time)[:40]}")
    return time


class ListingParser:
    """Parse the listings of one market; instruments listed as before are not read again."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._digest = b""
        self._instruments: dict[str, Instrument] = {}

    def parse(self, body: bytes) -> Listing:
        """Return what is listed and what is allowed."""
        document = parse_json(body)
        # Whatever stands before and behind them: they begin nowhere before this.
        digest = hashlib.blake2b(body[max(body.find(b'"symbols"'), 0) :]).digest()
        if digest != self._digest:
            self._instruments = _instruments(document, self._market)
            self._digest = digest
        return Listing(
            instruments=self._instruments,
            weight_limit=_weight_limit(document),
            server_time=_time(document, "serverTime"),
        )


def _instruments(document: Any, market: Market) -> dict[str, Instrument]:
    # One entry that makes no sense is not worth the whole listing.
    return {
        entry["symbol"]: _instrument(entry, market)
        for entry in _entries(document, "symbols")
        if isinstance(symbol := entry.get("symbol"), str) and is_symbol(symbol)
    }


def _entries(document: Any, key: str, *, optional: bool = False) -> list[dict[str, Any]]:
    entries = document.get(key) if isinstance(document, dict) else None
    if entries is None and optional:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadAnswer(f"expected a list of {key} in the listing")
    return entries


def _instrument(entry: Mapping[str, Any], market: Market) -> Instrument:
    quote = _text(entry, "quoteAsset")
    common = {
        "symbol": entry["symbol"],
        "base": _text(entry, "baseAsset"),
        "quote": quote,
        "status": _text(entry, "status"),
        **_rules(entry),
    }
    if market is Market.SPOT:
        return Instrument(**common, is_open=bool(entry.get("isSpotTradingAllowed", True)))
    return Instrument(
        **common,
        contract=_text(entry, "contractType", ""),
        underlying=_text(entry, "underlyingType", "COIN"),
        margin=_text(entry, "marginAsset", quote),
        listed_at=_time(entry, "onboardDate"),
        delivered_at=_time(entry, "deliveryDate"),
    )


def _time(entry: Mapping[str, Any], key: str) -> int | None:
    """Return a time, ms UTC; None where there is none, or none that a date could be made of."""
    time = entry.get(key)
    return time if isinstance(time, int) and 0 < time < _LAST_TIME else None


def _filters(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the filters by type; unknown ones do no harm."""
    filters = entry.get("filters", ())
    listed = filters if isinstance(filters, list) else ()
    return {
        rule["filterType"]: rule
        for rule in listed
        if isinstance(rule, dict) and isinstance(rule.get("filterType"), str)
    }


def _required_time(entry: Mapping[str, Any], key: str) -> int:
    time = _time(entry, key)
    if time is None:
        raise BadAnswer(f"expected a time for {key}, found {entry.get(key)!r}")
    return time


def _rules(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the filters of an instrument say of market orders, by its fields."""
    filters = _filters(entry)
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


def _bound(rule: Mapping[str, Any], key: str) -> Decimal | None:
    """Return a bound of a filter; None where it is off, or missing."""
    if key not in rule:
        return None
    value = _decimal(rule, key)
    return value if value > 0 else None


def _weight_limit(document: Any) -> int | None:
    """Return the request weight that the listing allows a minute; None where it names none."""
    for limit in _entries(document, "rateLimits", optional=True):
        is_a_minute = (limit.get("interval"), limit.get("intervalNum", 1)) == ("MINUTE", 1)
        if limit.get("rateLimitType") == "REQUEST_WEIGHT" and is_a_minute:
            most = limit.get("limit")
            return most if isinstance(most, int) and most > 0 else None
    return None


def parse_tickers(body: bytes) -> dict[str, Ticker]:
    """Return the tickers of the last 24 hours by symbol."""
    return _tickers(_list_of_objects(parse_json(body)))


def parse_quotes(body: bytes) -> dict[str, Quote]:
    """Return the best bid and ask by symbol."""
    return _quotes(_list_of_objects(parse_json(body)))


def parse_tickers_and_quotes(body: bytes) -> tuple[dict[str, Ticker], dict[str, Quote]]:
    """Return both of tickers that name bid and ask."""
    entries = _list_of_objects(parse_json(body))
    return _tickers(entries), _quotes(entries)


def _tickers(entries: list[dict[str, Any]]) -> dict[str, Ticker]:
    return {
        ticker.symbol: ticker
        for ticker in (
            Ticker(
                symbol=_symbol(entry),
                last_price=_decimal(entry, "lastPrice"),
                high=_decimal(entry, "highPrice"),
                low=_decimal(entry, "lowPrice"),
                quote_volume=_decimal(entry, "quoteVolume"),
                closed_at=_time(entry, "closeTime") or 0,
            )
            for entry in entries
        )
    }


def _quotes(entries: list[dict[str, Any]]) -> dict[str, Quote]:
    return {
        _symbol(entry): Quote(_decimal(entry, "bidPrice"), _decimal(entry, "askPrice"))
        for entry in entries
    }


def _list_of_objects(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
        raise BadAnswer("expected a list with one object per symbol")
    return document


def _text(entry: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str):
        raise BadAnswer(f"expected a text for {key}, found {value!r}")
    return value


def _symbol(entry: Mapping[str, Any]) -> str:
    """Return the symbol, which may be in any script but holds no mark-up and no separators."""
    symbol = _text(entry, "symbol")
    if not is_symbol(symbol):
        raise BadAnswer(f"expected a symbol, found {symbol!r}")
    return symbol


def is_symbol(text: str) -> bool:
    """Tell whether `text` can be a symbol: letters and digits of any script, and `_`, `-`, `.`."""
    if not 0 < len(text) <= _LONGEST_SYMBOL:
        return False
    return text.isalnum() or not (letters := text.translate(_WITHOUT_MARKS)) or letters.isalnum()


def _decimal(entry: Mapping[str, Any], key: str) -> Decimal:
    try:
        value = Decimal(_text(entry, key))
    except InvalidOperation:
        raise BadAnswer(f"expected a number for {key}, found {entry.get(key)!r}") from None
    if not value.is_finite():
        raise BadAnswer(f"expected a finite number for {key}, found {value}")
    return value
