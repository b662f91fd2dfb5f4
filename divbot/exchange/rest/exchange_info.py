"""The exchangeInfo reply: every symbol with its filters, and the venue's limits."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from divbot.domain.market import Market
from divbot.exchange.market.encoding import NumberFormat
from divbot.exchange.market.tape import SymbolListing
from divbot.exchange.rest.rate_limiter import RateLimiter

Entry: TypeAlias = dict[str, Any]

PERMISSIONS = ("SPOT", "MARGIN", *(f"TRD_GRP_{number:03d}" for number in range(2, 207)))
"""As many names as a live symbol was seen with."""

_SPOT_ORDERS = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
_FUTURES_ORDERS = [
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
]
_NOTIONAL: Entry = {
    "filterType": "NOTIONAL",
    "minNotional": "5.00000000",
    "applyMinToMarket": True,
    "maxNotional": "9000000.00000000",
    "applyMaxToMarket": False,
    "avgPriceMins": 5,
}
_MIN_NOTIONAL: Entry = {
    "filterType": "MIN_NOTIONAL",
    "minNotional": "10.00000000",
    "applyToMarket": True,
    "avgPriceMins": 5,
}
_OTHER_RATES = {
    Market.SPOT: (
        ("ORDERS", "SECOND", 10, 100),
        ("ORDERS", "DAY", 1, 200_000),
        ("RAW_REQUESTS", "MINUTE", 5, 300_000),
    ),
    Market.USDM: (("ORDERS", "MINUTE", 1, 1200), ("ORDERS", "SECOND", 10, 300)),
}
_SELF_TRADE_PREVENTION = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]


def rate_limits(market: Market, limiter: RateLimiter) -> list[Entry]:
    """Return how much of what `gate` grants in which time."""
    weight = _rate("REQUEST_WEIGHT", "MINUTE", 1, limiter.limit(market))
    others = [
        _rate(kind, interval, number, limiter.granted(most))
        for kind, interval, number, most in _OTHER_RATES[market]
    ]
    return [weight, *others]


def header(market: Market, now: int, limits: list[Entry]) -> Entry:
    """Return all of the reply that stands before its symbols."""
    if market is Market.SPOT:
        return {
            "timezone": "UTC",
            "serverTime": now,
            "rateLimits": limits,
            "exchangeFilters": [],
        }
    return {
        "timezone": "UTC",
        "serverTime": now,
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [
            {"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"},
            {"asset": "USDC", "marginAvailable": True, "autoAssetExchange": "-10000"},
            {"asset": "BTC", "marginAvailable": True, "autoAssetExchange": "-0.10000000"},
        ],
    }


def body(head_fields: Entry, symbols: list[str]) -> bytes:
    """Return the reply: what `header` made, and `symbols` as `entry_text` writes them."""
    head = json.dumps(head_fields, separators=(",", ":"))
    return f'{head[:-1]},"symbols":[{",".join(symbols)}]}}'.encode()


def entry_text(
    market: Market, listing: SymbolListing, status: str, *, permission_sets: bool
) -> str:
    """Return one symbol's entry as JSON."""
    entry = (
        spot_entry(listing, status, permission_sets=permission_sets)
        if market is Market.SPOT
        else futures_entry(listing, status)
    )
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def spot_entry(listing: SymbolListing, status: str, *, permission_sets: bool) -> Entry:
    """Return one symbol as spot lists it."""
    return {
        "symbol": listing.symbol,
        "status": status,
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": _SPOT_ORDERS,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": True,
        "isSpotTradingAllowed": listing.terms.spot_allowed,
        "isMarginTradingAllowed": False,
        "filters": _spot_filters(listing),
        "permissions": [],
        "permissionSets": [list(PERMISSIONS)] if permission_sets else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": _SELF_TRADE_PREVENTION,
    }


def futures_entry(listing: SymbolListing, status: str) -> Entry:
    """Return one symbol as USD-M futures list it."""
    terms, form = listing.terms, NumberFormat.of(Market.USDM, listing)
    return {
        "symbol": listing.symbol,
        "pair": terms.pair or listing.symbol,
        # As it was seen: a contract that is not traded yet is of no type.
        "contractType": "" if status == "PENDING_TRADING" else terms.contract,
        "deliveryDate": terms.delivery_at,
        "onboardDate": listing.listed_at,
        "status": status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": terms.margin or listing.quote,
        "pricePrecision": form.price.shown,
        "quantityPrecision": form.volume.shown,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": terms.underlying,
        "underlyingSubType": list(terms.subtypes),
        "triggerProtect": "0.0500",
        "liquidationFee": "0.015000",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": _futures_filters(form),
        "orderTypes": _FUTURES_ORDERS,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        "permissionSets": ["GRID", "COPY"],
    }


def _rate(kind: str, interval: str, number: int, limit: int) -> Entry:
    return {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": limit,
    }


def _spot_filters(listing: SymbolListing) -> list[Entry]:
    form = NumberFormat.of(Market.SPOT, listing)
    price, volume = form.price, form.volume
    most = 9_000_000 * 10**volume.held
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": price.text(1),
            "maxPrice": price.text(1_000_000 * 10**price.held),
            "tickSize": price.text(1),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": volume.text(1),
            "maxQty": volume.text(most),
            "stepSize": volume.text(1),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": volume.text(0),
            "maxQty": volume.text(most // 50),
            "stepSize": volume.text(0),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        _MIN_NOTIONAL if listing.terms.old_filters else _NOTIONAL,
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]


def _futures_filters(form: NumberFormat) -> list[Entry]:
    price, volume = form.price, form.volume
    least = volume.text(1)
    return [
        {
            "minPrice": price.text(1),
            "maxPrice": "1000000",
            "filterType": "PRICE_FILTER",
            "tickSize": price.text(1),
        },
        {
            "stepSize": least,
            "filterType": "LOT_SIZE",
            "maxQty": "10000000",
            "minQty": least,
        },
        {
            "stepSize": least,
            "filterType": "MARKET_LOT_SIZE",
            "maxQty": "1250000",
            "minQty": least,
        },
        {"limit": 200, "filterType": "MAX_NUM_ORDERS"},
        {"notional": "5", "filterType": "MIN_NOTIONAL"},
        {
            "multiplierDown": "0.9500",
            "multiplierUp": "1.0500",
            "multiplierDecimal": "4",
            "filterType": "PERCENT_PRICE",
        },
        {"positionControlSide": "NONE", "filterType": "POSITION_RISK_CONTROL"},
    ]
