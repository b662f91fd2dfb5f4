"""Names of symbols as people write them, and as Binance does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from divbot.domain.bounds import shortened
from divbot.domain.suggestions import nearest

_QUOTE = "USDT"
_SLASHED = re.compile(r"([^/:]+)/([^/:]+)(:\2)?")
_DASHED = re.compile(r"([^-_]+)[-_](?!PERP$)([A-Z]{2,6})")
"""BTC-USDT is BTCUSDT; BTCUSDT_240927 and BTCUSD_PERP are names of their own."""
_LONGEST = 50
_MARKS = frozenset({"Mn", "Mc"})
"""Unicode categories of what is written above, below or behind a letter."""
_WITHOUT_WILDCARDS = str.maketrans("", "", "*?[]!")


def is_symbol(text: str) -> bool:
    """Tell whether `text` can be a symbol: letters and digits of any script, and `_`, `-`, `.`.

    Letters may have marks, without which some scripts cannot be written.
    """
    if not 0 < len(text) <= _LONGEST:
        return False
    return text.isalnum() or all(x.isalnum() or x in "_-." or _is_mark(x) for x in text)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in _MARKS


def plain_symbol(text: str) -> str:
    """Return the symbol, or pattern of symbols, in `text` as Binance writes it.

    BTCUSDT is what is meant by btcusdt, BTC/USDT, BTC-USDT, BTC_USDT and BTC/USDT:USDT, and by
    TradingView's BINANCE:BTCUSDT and BTCUSDT.P.
    """
    name = text.strip().upper().removeprefix("BINANCE:").removesuffix(".P")
    if parts := _SLASHED.fullmatch(name) or _DASHED.fullmatch(name):
        return parts[1] + parts[2]
    return name


def read_symbol(text: str) -> str:
    """Return the symbol that `text` names, as Binance writes it; raise ValueError for none."""
    name = plain_symbol(text)
    if not is_symbol(name):
        hint = "; patterns are for include and exclude" if is_symbol(_letters(name)) else ""
        raise ValueError(f"expected a symbol such as BTCUSDT, found {shortened(text)}{hint}")
    return name


def read_pattern(text: str) -> str:
    """Return the symbol or pattern in `text`, as Binance writes it; raise ValueError for none."""
    pattern = plain_symbol(text)
    letters = _letters(pattern)
    if letters and not is_symbol(letters):
        raise ValueError(
            f"expected a symbol or a pattern such as *PEPE* or [AB]*USDT, found {shortened(text)}"
        )
    return pattern


def _letters(pattern: str) -> str:
    return pattern.translate(_WITHOUT_WILDCARDS)


def not_listed(symbol: str, known: Collection[str]) -> str:
    """Return what to say of a symbol that is not among those that the venue lists."""
    return f"the venue does not list it{_did_you_mean(symbol, known)}"


def not_kept(symbol: str, known: Collection[str]) -> str:
    """Return what to say of a symbol that is not among those that a store holds."""
    return f"unknown symbol {symbol!r}: the store holds none of it{_did_you_mean(symbol, known)}"


def _did_you_mean(symbol: str, known: Collection[str]) -> str:
    quoted = [x for x in known if x.endswith(_QUOTE)]
    near = symbol + _QUOTE if symbol + _QUOTE in quoted else nearest(symbol, quoted)
    return f"; did you mean {near}?" if near else ""


def unknown_symbol(symbol: str, known: Collection[str]) -> str:
    """Return what to say of it alone, with the symbol before it."""
    return f"unknown symbol {symbol!r}: {not_listed(symbol, known)}"
