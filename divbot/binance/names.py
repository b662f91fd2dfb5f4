"""Symbols that a user names, checked against what Binance may call one."""

from __future__ import annotations

from divbot.binance.rows import is_symbol
from divbot.domain.bounds import shortened
from divbot.domain.symbols import plain_symbol

_WITHOUT_WILDCARDS = str.maketrans("", "", "*?[]!")


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
