"""The exchangeInfo reply: every symbol with its filters, and the venue's limits."""

from __future__ import annotations

from divbot.domain.market import Market
from divbot.exchange.market.number_format import NumberFormat
from divbot.exchange.market.tape import SymbolListing
from divbot.exchange.rest.json_text import JsonObject, json_bytes
from divbot.exchange.rest.rate_limiter import RateLimiter

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
_MARGIN_ASSETS = [
    {"asset": asset, "marginAvailable": True, "autoAssetExchange": threshold}
    for asset, threshold in (("USDT", "-10000"), ("USDC", "-10000"), ("BTC", "-0.10000000"))
]
_NOTIONAL: JsonObject = {
    "filterType": "NOTIONAL",
    "minNotional": "5.00000000",
    "applyMinToMarket": True,
    "maxNotional": "9000000.00000000",
    "applyMaxToMarket": False,
    "avgPriceMins": 5,
}
_MIN_NOTIONAL: JsonObject = {
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


def rate_limits(market: Market, limiter: RateLimiter) -> list[JsonObject]:
    """Return how much of what `limiter` grants in which time."""
    weight = _rate("REQUEST_WEIGHT", "MINUTE", 1, limiter.limit(market))
    others = [
        _rate(kind, interval, number, limiter.granted(most))
        for kind, interval, number, most in _OTHER_RATES[market]
    ]
    return [weight, *others]


def header(market: Market, now: int, limits: list[JsonObject]) -> JsonObject:
    """Return all of the reply that stands before its symbols."""
    futures = market is Market.USDM
    return {
        "timezone": "UTC",
        "serverTime": now,
        **({"futuresType": "U_MARGINED"} if futures else {}),
        "rateLimits": limits,
        "exchangeFilters": [],
        **({"assets": _MARGIN_ASSETS} if futures else {}),
    }


def body(head: JsonObject, entries: list[bytes]) -> bytes:
    """Return the reply: what `header` made, and the symbols' entries as JSON."""
    return json_bytes(head)[:-1] + b',"symbols":[' + b",".join(entries) + b"]}"


def spot_entry(
    listing: SymbolListing, form: NumberFormat, status: str, *, permission_sets: bool
) -> JsonObject:
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
        "filters": _spot_filters(form, old=listing.terms.old_filters),
        "permissions": [],
        "permissionSets": [list(PERMISSIONS)] if permission_sets else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": _SELF_TRADE_PREVENTION,
    }


def futures_entry(listing: SymbolListing, form: NumberFormat, status: str) -> JsonObject:
    """Return one symbol as USD-M futures list it."""
    terms = listing.terms
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


def _rate(kind: str, interval: str, number: int, limit: int) -> JsonObject:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _spot_filters(form: NumberFormat, *, old: bool) -> list[JsonObject]:
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
        _MIN_NOTIONAL if old else _NOTIONAL,
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]


def _futures_filters(form: NumberFormat) -> list[JsonObject]:
    price, volume = form.price, form.volume
    least = volume.text(1)
    return [
        {
            "minPrice": price.text(1),
            "maxPrice": "1000000",
            "filterType": "PRICE_FILTER",
            "tickSize": price.text(1),
        },
        *(
            {"stepSize": least, "filterType": name, "maxQty": most, "minQty": least}
            for name, most in (("LOT_SIZE", "10000000"), ("MARKET_LOT_SIZE", "1250000"))
        ),
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
