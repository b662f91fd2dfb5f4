"""Prices as the venue can state them: rounding to the tick has its one owner here."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

_UNTICKED_DIGITS = 10


def price_of(value: float, tick: Decimal | None) -> Decimal:
    """Return the valid price nearest to `value`."""
    return _in_ticks(value, tick, ROUND_HALF_EVEN)


def price_below(value: float, tick: Decimal | None) -> Decimal:
    """Return the highest valid price that is not above `value`."""
    return _in_ticks(value, tick, ROUND_FLOOR)


def price_above(value: float, tick: Decimal | None) -> Decimal:
    """Return the lowest valid price that is not below `value`."""
    return _in_ticks(value, tick, ROUND_CEILING)


def _in_ticks(value: float, tick: Decimal | None, rounding: str) -> Decimal:
    # The shortest text of a float is the price as the venue wrote it; its binary expansion is not.
    exact = Decimal(repr(value))
    if tick is None:
        return exact.quantize(Decimal((0, (1,), exact.adjusted() + 1 - _UNTICKED_DIGITS)), rounding)
    in_ticks = (exact / tick).to_integral_value(rounding) * tick
    # A tick of 0.01000000 means prices of two decimals; one of 10 means prices of none.
    decimals = min(int(tick.normalize().as_tuple().exponent), 0)
    return in_ticks.quantize(Decimal((0, (1,), decimals)))
