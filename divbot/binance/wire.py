"""From the venue's JSON to divbot's own types; nothing unbelievable gets past here.

Raise BadAnswer for whatever is not of the documented shape. Unknown fields are ignored, and
fields that only some listings have may be missing: the venue adds and removes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from divbot.domain.errors import BadAnswer
from divbot.domain.market import Instrument, Interval, Market, Ticker

_KLINE_FIELDS = 12
_EARLIEST, _LATEST = 1_000_000_000_000, 10_000_000_000_000  # ms have 13 digits; s and us have not
_LONGEST_SYMBOL = 50


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


class Listing(NamedTuple):
    """What is listed, by symbol, and what the venue allows."""

    instruments: dict[str, Instrument]
    weight_limit: int | None
    """Request weight per minute; None where the listing names none."""


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
    rows = parse_json(body)
    if not isinstance(rows, list):
        raise BadAnswer(f"expected a list of candles, found {type(rows).__name__}")
    if len(rows) < 2:
        return _empty_candles()
    if any(type(row) is not list or len(row) != _KLINE_FIELDS for row in rows):
        raise BadAnswer(f"expected {_KLINE_FIELDS} fields in every candle")
    columns = list(zip(*rows, strict=True))
    if any(type(time) is not int for time in columns[0]):
        raise BadAnswer("expected whole numbers for open times")
    try:
        open_time = np.array(columns[0], np.int64)
        prices = [np.fromiter(map(float, columns[k]), np.float64, len(rows)) for k in range(1, 6)]
    except (TypeError, ValueError, OverflowError) as error:
        raise BadAnswer(f"a candle that is not made of numbers: {error}") from error
    _check_candles(Candles(open_time, *prices), interval)
    return Candles(open_time[:-1], *(column[:-1] for column in prices))


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


def parse_server_time(body: bytes) -> int:
    """Return the venue's time, ms UTC."""
    document = parse_json(body)
    time = document.get("serverTime") if isinstance(document, dict) else None
    if type(time) is not int or not _EARLIEST <= time < _LATEST:
        raise BadAnswer(f"expected serverTime in ms, found {str(time)[:40]}")
    return time


def parse_exchange_info(body: bytes, market: Market) -> dict[str, Instrument]:
    """Return every listed instrument by its symbol."""
    # One entry that makes no sense is not worth the whole listing.
    entries = [
        entry
        for entry in _entries(parse_json(body), "symbols")
        if isinstance(symbol := entry.get("symbol"), str) and is_symbol(symbol)
    ]
    return {
        instrument.symbol: instrument
        for instrument in (_instrument(entry, market) for entry in entries)
    }


def _entries(document: Any, key: str, *, optional: bool = False) -> list[dict[str, Any]]:
    entries = document.get(key) if isinstance(document, dict) else None
    if entries is None and optional:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadAnswer(f"expected a list of {key} in the listing")
    return entries


def _instrument(entry: Mapping[str, Any], market: Market) -> Instrument:
    status = _text(entry, "status")
    return Instrument(
        symbol=_symbol(entry),
        base=_text(entry, "baseAsset"),
        quote=_text(entry, "quoteAsset"),
        status=status,
        tradable=status == "TRADING" and _open_to_all(entry, market),
        tick_size=_tick_size(entry.get("filters", ())),
    )


def _open_to_all(entry: Mapping[str, Any], market: Market) -> bool:
    if market is Market.SPOT:
        return bool(entry.get("isSpotTradingAllowed", True))
    # A stock or a metal (TRADIFI_PERPETUAL, EQUITY, INDEX) looks like a coin by its name only.
    return (
        entry.get("contractType") == "PERPETUAL" and entry.get("underlyingType", "COIN") == "COIN"
    )


def _tick_size(filters: Iterable[Any]) -> Decimal | None:
    for rule in filters:
        if isinstance(rule, dict) and rule.get("filterType") == "PRICE_FILTER":
            tick = _decimal(rule, "tickSize")
            return tick if tick > 0 else None
    return None


def parse_weight_limit(body: bytes) -> int | None:
    """Return the request weight that the listing allows a minute; None where it names none."""
    for limit in _entries(parse_json(body), "rateLimits", optional=True):
        is_a_minute = (limit.get("interval"), limit.get("intervalNum")) == ("MINUTE", 1)
        if limit.get("rateLimitType") == "REQUEST_WEIGHT" and is_a_minute:
            most = limit.get("limit")
            return most if isinstance(most, int) and most > 0 else None
    return None


def parse_tickers(body: bytes) -> dict[str, Ticker]:
    """Return the tickers of the last 24 hours by symbol."""
    return {
        ticker.symbol: ticker
        for ticker in (
            Ticker(_symbol(entry), _decimal(entry, "lastPrice"), _decimal(entry, "quoteVolume"))
            for entry in _list_of_objects(parse_json(body))
        )
    }


def parse_quotes(body: bytes) -> dict[str, Quote]:
    """Return the best bid and ask by symbol."""
    return {
        _symbol(entry): Quote(_decimal(entry, "bidPrice"), _decimal(entry, "askPrice"))
        for entry in _list_of_objects(parse_json(body))
    }


def _list_of_objects(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
        raise BadAnswer("expected a list with one object per symbol")
    return document


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
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
    return 0 < len(text) <= _LONGEST_SYMBOL and all(
        character.isalnum() or character in "_-." for character in text
    )


def _decimal(entry: Mapping[str, Any], key: str) -> Decimal:
    try:
        value = Decimal(_text(entry, key))
    except InvalidOperation:
        raise BadAnswer(f"expected a number for {key}, found {entry.get(key)!r}") from None
    if not value.is_finite():
        raise BadAnswer(f"expected a finite number for {key}, found {value}")
    return value
