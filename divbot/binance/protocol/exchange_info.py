"""What exchangeInfo says: instruments with their rules, and what the venue allows a minute."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, NamedTuple

from divbot.binance.protocol.endpoints import Endpoint
from divbot.binance.protocol.rows import (
    JsonRow,
    flag_of,
    number_of,
    optional_time_of,
    read_rows,
    shown,
    symbol_of,
    text_of,
)
from divbot.binance.protocol.wire import BySymbol, parse_json
from divbot.domain.errors import BadAnswer
from divbot.domain.market import DroppedRow, Instrument, Market

_MOST_WEIGHT = 1_000_000_000


class ExchangeInfo(NamedTuple):
    """What is listed, by symbol, and what the venue allows."""

    instruments: dict[str, Instrument]
    weight_limit: int | None
    """Request weight per minute; None where the listing names none."""
    server_time: int | None
    """When it was made, ms UTC; to be relied on for spot only. None where it does not say."""
    dropped: tuple[DroppedRow, ...] = ()
    """Rows of instruments that make no sense."""


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
