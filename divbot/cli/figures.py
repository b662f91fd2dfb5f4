"""Money, parts, times and names as a trader reads them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

CURRENCY = "USDT"
"""Everything that divbot trades is quoted in it."""

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_DURATIONS = ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", _SECOND, "s"))


def money_text(amount: Decimal, *, signed: bool = False) -> str:
    """Return `amount` to two decimals, to four below 1."""
    decimals = 4 if 0 < abs(amount) < 1 else 2
    shown = amount.quantize(Decimal((0, (1,), -decimals)), ROUND_HALF_EVEN)
    if not shown:
        return f"{0:.{decimals}f}"
    return f"{shown:+,f}" if signed else f"{shown:,f}"


def number_text(value: float, *, signed: bool = False, decimals: int = 2) -> str:
    """Return `value` rounded; there is no -0."""
    shown = round(value, decimals) + 0.0
    return f"{shown:+,.{decimals}f}" if signed and shown else f"{shown:,.{decimals}f}"


def percent_text(part: float, *, signed: bool = False, decimals: int = 1) -> str:
    """Return a part as so many per cent."""
    return f"{number_text(part * 100, signed=signed, decimals=decimals)} %"


def duration_text(milliseconds: int) -> str:
    """Return a length of time in its two largest units, such as `2 h 14 min`."""
    for unit, name, smaller, small_name in _DURATIONS:
        if milliseconds >= unit:
            rest = milliseconds % unit // smaller
            return f"{milliseconds // unit} {name} {rest} {small_name}"
    return f"{milliseconds // _SECOND} s"


def words(name: str) -> str:
    """Return a name of the journal, such as `trailing_stop`, in words."""
    return name.replace("_", " ")
