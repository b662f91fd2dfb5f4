"""How figures and foreign words are written for people: money, prices, shares, spans of time."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

from divbot.domain.durations import DAY, HOUR, MINUTE

T = TypeVar("T")

_CENT = Decimal("0.01")
_SECOND = 1_000
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def money(amount: Decimal) -> str:
    """Return `amount` of the quote asset as `1,234.50`; what rounds to nothing has no sign."""
    return f"{_in_cents(amount):,f}"


def signed(amount: Decimal) -> str:
    """Return a profit as `+1,234.50`, a loss as `-1,234.50`, nothing as `0.00`."""
    cents = _in_cents(amount)
    return f"{cents:+,f}" if cents else f"{cents:f}"


def price_text(price: Decimal, like: Decimal) -> str:
    """Return `price` with as many decimals as `like`, a price that is on the symbol's tick."""
    exponent = like.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{price:.{decimals}f}"


def quantity_text(quantity: Decimal) -> str:
    """Return `quantity` with all digits that tell something: `12.4`, `1,000,000`."""
    return f"{quantity.normalize():,f}"


def percent(part: Decimal | float, digits: int = 2) -> str:
    """Return a part of one as `1.25%`; what rounds to nothing has no sign."""
    return f"{round(100 * Decimal(part), digits) + 0:.{digits}f}%"


def change(part: float) -> str:
    """Return what was gained as `+1.25%`, what was lost as `-1.25%`, nothing as `0.00%`."""
    return f"{signed(100 * Decimal(part))}%"


def ratio(value: float | None) -> str:
    """Return `value` as `1.25`; what rounds to nothing has no sign, what is unknown no text."""
    return "" if value is None else money(Decimal(value))


def multiple(value: Decimal | float | None) -> str:
    """Return a profit in R, `+1.04`; nothing where nothing was at risk."""
    return "" if value is None else signed(Decimal(value))


def known(value: T | None, write: Callable[[T], str], reason: str) -> str:
    """Return `value` as `write` writes it; where there is none, why."""
    return f"n/a ({reason})" if value is None else write(value)


def span(ms: int) -> str:
    """Return how long something takes or took, in its two largest units: `15s`, `2h05m`."""
    ms = max(ms, 0)
    if ms < MINUTE:
        return f"{ms // _SECOND}s"
    if ms < HOUR:
        return f"{ms // MINUTE}m"
    if ms < DAY:
        return f"{ms // HOUR}h{ms % HOUR // MINUTE:02}m"
    return f"{ms // DAY}d{ms % DAY // HOUR:02}h"


def harmless(text: str) -> str:
    """Return foreign `text` on one line, without a character that could steer a terminal."""
    return " ".join("".join(map(_printable, text)).split())


def harmless_lines(text: str) -> str:
    """Return foreign `text` as `harmless` does, but with its lines and its blanks."""
    if text.isprintable():
        return text
    return "\n".join(
        line if line.isprintable() else "".join(map(_printable, line)) for line in text.split("\n")
    )


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    return "?" if unicodedata.category(character) in _UNPRINTABLE else character


def _in_cents(amount: Decimal) -> Decimal:
    # -0.004 becomes -0.00: adding nothing takes its sign away.
    return amount.quantize(_CENT, ROUND_HALF_EVEN) + 0


def rows_dropped(count: int) -> str:
    """Return how many rows of the venue's lists make no sense, in words."""
    return f"{count} {'row' if count == 1 else 'rows'} of the venue's lists dropped"
