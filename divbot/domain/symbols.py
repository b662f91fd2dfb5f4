"""Names of symbols as people write them, and as Binance does."""

from __future__ import annotations

import re
from collections.abc import Collection

from divbot.domain.suggestions import nearest

_QUOTE = "USDT"
_SLASHED = re.compile(r"([^/:]+)/([^/:]+)(:\2)?")
_DASHED = re.compile(r"([^-_]+)[-_](?!PERP$)([A-Z]{2,6})")
"""BTC-USDT is BTCUSDT; BTCUSDT_240927 and BTCUSD_PERP are names of their own."""


def plain_symbol(text: str) -> str:
    """Return the symbol, or pattern of symbols, in `text` as Binance writes it.

    BTCUSDT is what is meant by btcusdt, BTC/USDT, BTC-USDT, BTC_USDT and BTC/USDT:USDT, and by
    TradingView's BINANCE:BTCUSDT and BTCUSDT.P.
    """
    name = text.strip().upper().removeprefix("BINANCE:").removesuffix(".P")
    if parts := _SLASHED.fullmatch(name) or _DASHED.fullmatch(name):
        return parts[1] + parts[2]
    return name


def not_listed(symbol: str, known: Collection[str]) -> str:
    """Return what to say of a symbol that is not among those that the venue lists."""
    quoted = [x for x in known if x.endswith(_QUOTE)]
    near = symbol + _QUOTE if symbol + _QUOTE in quoted else nearest(symbol, quoted)
    return "the venue does not list it" + (f"; did you mean {near}?" if near else "")


def unknown_symbol(symbol: str, known: Collection[str]) -> str:
    """Return the same, with the symbol before it."""
    return f"unknown symbol {symbol!r}: {not_listed(symbol, known)}"
