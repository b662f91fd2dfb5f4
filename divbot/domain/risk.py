"""What a trade stands to lose: the one definition of R, for its size, its result and its evidence.

1 R is the loss of a plain stop as it is planned at the entry: the exit at the stop's own price,
worse by the slippage, and the fees of both fills. Spread and slippage of the entry are in its
price. So a plain stop is -1 R; a gap over the stop loses more, and funding is in no plan.
`divbot.kernels.outcomes` says the same of past trades, on arrays.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from divbot.domain.fills import Costs, slipped
from divbot.domain.signals import Side


class Limit(StrEnum):
    """What kept a position from being larger."""

    RISK = "risk"
    """The part of the equity that may be lost."""
    CASH = "cash"
    """The rest of the equity is in other positions."""
    LEVERAGE = "leverage"
    """The whole equity, at this leverage, pays for no more."""
    QUANTITY = "quantity"
    """The venue takes no larger order."""
    STEP = "step"
    """Rounding to a whole step took more than a tenth."""


def loss_at_stop(
    side: Side,
    quantity: Decimal,
    price: Decimal,
    stop: Decimal,
    costs: Costs,
    tick: Decimal | None,
    *,
    paid: Decimal,
) -> Decimal:
    """Return what a position of `side`, entered at `price`, loses at a plain stop; unrounded.

    `paid` is the fee of its entry.
    """
    out = slipped(side.opposite, stop, costs.slippage, tick)
    return quantity * (side.sign * (price - out) + costs.fee * out) + paid


def in_risks(profit: Decimal, risk: Decimal) -> Decimal | None:
    """Return `profit` in R; None where nothing is at risk."""
    return profit / risk if risk else None
