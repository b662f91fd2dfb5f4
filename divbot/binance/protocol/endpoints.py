"""The endpoints of Binance's public market data: paths, limits and request weights.

Source: the official spot and USD-M REST documentation (spot 2026-07-21, USD-M 2026-05-28).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from divbot.domain.market import Market

BASE_URLS = {
    Market.SPOT: ("https://api.binance.com", "https://data-api.binance.vision"),
    Market.USDM: ("https://fapi.binance.com",),
}
"""Where each market is found; the second is for where the first refuses or cannot be reached."""
PREFIX = {Market.SPOT: "/api/v3", Market.USDM: "/fapi/v1"}

WEIGHT_PER_MINUTE = {Market.SPOT: 6000, Market.USDM: 2400}
"""REQUEST_WEIGHT of one address and minute; the venue's exchangeInfo has the last word."""

ARCHIVE_URL = "https://data.binance.vision"
"""Where the files of Binance's archive are, by their keys."""
ARCHIVE_LISTING_URL = "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision"
"""Where they are listed; the other address answers with a page for people."""
LOCAL_ARCHIVE_HEADER = "X-Divbot-Archive"
"""In the replies of a local exchange: the path below its address at which its archive is listed;
the files are at the address itself."""
LOCAL_CANDLES_HEADER = "X-Divbot-Candles"
"""In the replies of a local exchange: the shortest candles that it has."""
USED_WEIGHT_HEADER = "x-mbx-used-weight-1m"
"""What this address has used in the current minute, other programs included."""
LOCAL_SPEED_HEADER = "X-Divbot-Speed"
"""In the replies of a local exchange: how many of its seconds pass in one."""
LOCAL_EXCHANGE_HEADER = "X-Divbot-Exchange"
"""Sent by the local exchange with every reply, so that its prices are never taken for real."""


class Endpoint(StrEnum):
    """A public endpoint, by the last part of its path."""

    PING = "ping"
    TIME = "time"
    EXCHANGE_INFO = "exchangeInfo"
    KLINES = "klines"
    TICKER_24HR = "ticker/24hr"
    TICKER_PRICE = "ticker/price"
    BOOK_TICKER = "ticker/bookTicker"
    PREMIUM_INDEX = "premiumIndex"
    MARK_PRICE_KLINES = "markPriceKlines"
    FUNDING_RATE = "fundingRate"

    def path(self, market: Market) -> str:
        """Return the path below the base URL of `market`."""
        return f"{PREFIX[market]}/{self.value}"

    def offered_by(self, market: Market) -> bool:
        """Tell whether `market` has this endpoint."""
        return market is Market.USDM or self not in _FUTURES_ONLY


_FUTURES_ONLY = (Endpoint.PREMIUM_INDEX, Endpoint.MARK_PRICE_KLINES, Endpoint.FUNDING_RATE)


@dataclass(frozen=True, slots=True)
class KlinesLimit:
    """How many candles one request may ask for."""

    default: int
    maximum: int


KLINES_LIMIT = {Market.SPOT: KlinesLimit(500, 1000), Market.USDM: KlinesLimit(500, 1500)}

CHEAPEST_AMPLE_LIMIT = {Market.SPOT: 1000, Market.USDM: 499}
"""The most candles at the least weight that holds enough history for every indicator.

Spot charges 2 whatever the limit; futures charge 2 up to 499 candles and 5 from 500 on.
"""

FEW_CANDLES = 99
"""The most that futures answer at the weight of a single one; spot charges the same for all."""

_FLAT_WEIGHT = {
    (Market.SPOT, Endpoint.PING): 1,
    (Market.SPOT, Endpoint.TIME): 1,
    (Market.SPOT, Endpoint.EXCHANGE_INFO): 20,
    (Market.USDM, Endpoint.PING): 1,
    (Market.USDM, Endpoint.TIME): 1,
    (Market.USDM, Endpoint.EXCHANGE_INFO): 1,
    # It has an account of its own: 500 requests in five minutes.
    (Market.USDM, Endpoint.FUNDING_RATE): 0,
}

_BY_SYMBOLS = {  # (one symbol, every symbol)
    (Market.SPOT, Endpoint.TICKER_PRICE): (2, 4),
    (Market.SPOT, Endpoint.BOOK_TICKER): (2, 4),
    (Market.USDM, Endpoint.TICKER_24HR): (1, 40),
    (Market.USDM, Endpoint.TICKER_PRICE): (1, 2),
    (Market.USDM, Endpoint.BOOK_TICKER): (2, 5),
    (Market.USDM, Endpoint.PREMIUM_INDEX): (1, 10),
}


def request_weight(
    market: Market,
    endpoint: Endpoint,
    *,
    limit: int | None = None,
    symbols: int | None = None,
    listed: bool = False,
) -> int:
    """Return what one request costs.

    `limit` is the number of candles asked for (None: the venue's default); `symbols` the number
    of symbols named (None: none named, which means all of them); `listed` tells that they came
    as a list (`symbols=`, spot only), which costs more than `symbol=` even for one.
    """
    if endpoint in (Endpoint.KLINES, Endpoint.MARK_PRICE_KLINES):
        return _klines_weight(market, KLINES_LIMIT[market].default if limit is None else limit)
    if market is Market.SPOT and endpoint is Endpoint.TICKER_24HR:
        return _spot_ticker_24hr_weight(symbols)
    if (market, endpoint) in _BY_SYMBOLS:
        one, many = _BY_SYMBOLS[market, endpoint]
        return one if symbols == 1 and not listed else many
    return _FLAT_WEIGHT[market, endpoint]


def _klines_weight(market: Market, limit: int) -> int:
    if market is Market.SPOT:
        return 2
    if limit < 100:
        return 1
    if limit < 500:
        return 2
    return 5 if limit <= 1000 else 10


def _spot_ticker_24hr_weight(symbols: int | None) -> int:
    if symbols is None or symbols > 100:
        return 80
    return 2 if symbols <= 20 else 40


def scan_weight(market: Market, symbols: int, limit: int) -> int:
    """Return what one whole scan costs: the listing, and candles for each of `symbols`.

    A symbol that is scanned at several intervals counts as so many.
    """
    listing = [Endpoint.EXCHANGE_INFO, Endpoint.TICKER_24HR]
    if market is Market.USDM:
        # Here the last 24 hours come without bid and ask, and a listing without a reliable time.
        listing += [Endpoint.BOOK_TICKER, Endpoint.TIME]
    candles = request_weight(market, Endpoint.KLINES, limit=limit)
    return sum(request_weight(market, endpoint) for endpoint in listing) + symbols * candles
