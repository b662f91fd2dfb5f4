"""Prices, quantities and money as they can be stated: all rounding has its one owner here.

Prices are multiples of the venue's tick, quantities of its step, money of `UNIT`. Money is rounded
against whoever trades: a cost up, a gain down.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

UNIT = Decimal("0.00000001")
"""The least amount of the quote asset that is kept account of."""

_UNTICKED_DIGITS = 10
_WIDE = Context(prec=200)
"""Of what a venue may say, 10**30 in ticks of 10**-30 is the most digits; the usual 28 are few."""


def round_up(amount: Decimal) -> Decimal:
    """Return `amount`, which is to be paid, in whole units."""
    return amount.quantize(UNIT, ROUND_CEILING, _WIDE)


def round_down(amount: Decimal) -> Decimal:
    """Return `amount`, which is received (or, below zero, lost), in whole units."""
    return amount.quantize(UNIT, ROUND_FLOOR, _WIDE)


def quantity_below(value: Decimal, step: Decimal | None) -> Decimal:
    """Return the largest valid quantity that is not above `value`."""
    return _in_ticks(value, step or UNIT, ROUND_FLOOR)


def price_of(value: float, tick: Decimal | None) -> Decimal:
    """Return the valid price nearest to `value`."""
    return _in_ticks(value, tick, ROUND_HALF_EVEN)


def price_below(value: float | Decimal, tick: Decimal | None) -> Decimal:
    """Return the highest valid price that is not above `value`."""
    return _in_ticks(value, tick, ROUND_FLOOR)


def price_above(value: float | Decimal, tick: Decimal | None) -> Decimal:
    """Return the lowest valid price that is not below `value`."""
    return _in_ticks(value, tick, ROUND_CEILING)


def _in_ticks(value: float | Decimal, tick: Decimal | None, rounding: str) -> Decimal:
    # The shortest text of a float is the price as the venue wrote it; its binary expansion is not.
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if tick is None:
        return exact.quantize(Decimal((0, (1,), exact.adjusted() + 1 - _UNTICKED_DIGITS)), rounding)
    ticks = _WIDE.divide(exact, tick).to_integral_value(rounding)
    return _WIDE.multiply(ticks, tick).quantize(_form_of(tick), context=_WIDE)


@lru_cache(maxsize=1024)
def _form_of(tick: Decimal) -> Decimal:
    """Return a number with the decimals that prices of `tick` have."""
    # A tick of 0.01000000 means prices of two decimals; one of 10 means prices of none.
    decimals = min(int(tick.normalize(_WIDE).as_tuple().exponent), 0)
    return Decimal((0, (1,), decimals))
