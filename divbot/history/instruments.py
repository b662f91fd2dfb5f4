"""How a symbol of the past was listed, as far as its name tells.

The archive tells a name, and not what it is made of.
"""

from __future__ import annotations

import re

from divbot.domain.assets import listed_assets
from divbot.domain.market import TRADING, Instrument, Market
from divbot.domain.universe import Rule

_QUOTES = (
    "FDUSD",
    "USDT",
    "USDC",
    "BUSD",
    "TUSD",
    "USDP",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "TRY",
    "EUR",
)
"""The longest of two that fit comes first."""
_DATED = re.compile(r".+_\d{6}")


def instrument_named(symbol: str, market: Market, listed_at: int | None) -> Instrument:
    """Return how a symbol was listed, as far as its name tells; without a tick."""
    name = symbol.partition("_")[0]
    quote = next((x for x in _QUOTES if name.endswith(x) and name != x), "")
    base = name.removesuffix(quote)
    is_futures = market is Market.USDM
    contract = "CURRENT_QUARTER" if _DATED.fullmatch(symbol) else "PERPETUAL"
    # A list names stocks by their tokens, with a B behind.
    is_stock = is_futures and listed_assets().get(f"{base}B") == Rule.STOCK
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        status=TRADING,
        contract=contract if is_futures else "",
        underlying="EQUITY" if is_stock else "COIN",
        margin=quote if is_futures else "",
        listed_at=listed_at if is_dated(market) else None,
    )


def is_dated(market: Market) -> bool:
    """Tell whether a market's listing names its dates; spot names none."""
    return market is Market.USDM
