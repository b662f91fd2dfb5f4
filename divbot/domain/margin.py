"""Isolated margin on USD-M futures: what a position must keep, and where it is liquidated.

The venue's brackets are not public. MAINTENANCE is that of no major coin but of the small ones, so
that a liquidation comes early rather than late, and MAX_LEVERAGE what such a coin allows.
Source: the venue's formula for isolated margin in one-way mode, with one bracket.
"""

from __future__ import annotations

from decimal import Decimal

from divbot.domain.money import price_above, price_below
from divbot.domain.signals import Side

MAINTENANCE = Decimal("0.025")
"""Part of the notional that must be left, or the position is liquidated."""
MAX_LEVERAGE = 20


def liquidation_price(
    side: Side,
    quantity: Decimal,
    entry_price: Decimal,
    margin: Decimal,
    maintenance: Decimal = MAINTENANCE,
) -> Decimal | None:
    """Return the mark price at which a position with `margin` left is liquidated.

    None where no price does that: a long position that is paid for in full.
    """
    sign = side.sign
    price = (margin - sign * quantity * entry_price) / (quantity * (maintenance - sign))
    return price if price > 0 else None


def liquidation_on_tick(
    side: Side, quantity: Decimal, entry_price: Decimal, margin: Decimal, tick: Decimal | None
) -> Decimal | None:
    """Return the same as a price of the venue: early rather than late."""
    price = liquidation_price(side, quantity, entry_price, margin)
    if price is None:
        return None
    return price_above(price, tick) if side is Side.BUY else price_below(price, tick)
