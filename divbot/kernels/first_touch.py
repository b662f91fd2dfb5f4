"""The first look at which something may happen, of those that follow one another on a grid.

Row 0 is the candle that opens now, and is looked at already; row i opens i looks from now, and what
happened in it is known one look later. `seen` is the last price as a row opens, `high` and `low`
are those of its candle.

These kernels propose: their limits bear a margin, so that a float's last digit hides nothing, and
whoever acts decides exactly. NaN marks a missing candle, and fails every comparison.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Floats
from divbot.kernels.jit import jit


@jit
def first_touch(seen: Floats, high: Floats, low: Floats, below: float, above: float) -> int:
    """Return how many looks from now a price at or beyond `below` or `above` is known.

    Where there is none, the number of rows: the look after the last of them.
    """
    for i in range(len(seen)):
        if i > 0 and (seen[i] <= below or seen[i] >= above):
            return i
        if low[i] <= below or high[i] >= above:
            return i + 1
    return len(seen)


@jit
def first_poor(
    seen: Floats,
    side: Floats,
    entry: Floats,
    quantity: Floats,
    margin: Floats,
    reach: Floats,
    cash: float,
    limit: float,
) -> int:
    """Return the first look from now at which an account is worth `limit` or less.

    `seen` is of shape (rows, positions), the others but `cash` and `limit` of one value each; a
    position of `side` 1 or -1 can be closed at worst a part `reach` from the last price, and loses
    its `margin` at most. Where there is none, the number of rows.
    """
    for i in range(1, len(seen)):
        worth = cash
        for k in range(len(side)):
            price = seen[i, k] * (1.0 - side[k] * reach[k])
            left = margin[k] + side[k] * (price - entry[k]) * quantity[k]
            # NaN is worth nothing: such a look is rather taken than left out.
            worth += left if left > 0.0 else 0.0
        if worth <= limit:
            return i
    return len(seen)


def warm() -> None:
    """Compile or load the kernels, so that the first real run does not wait for them."""
    one = np.ones(2)
    first_touch(one, one, one, 0.0, 2.0)
    single = np.ones(1)
    first_poor(np.ones((2, 1)), single, single, single, single, single, 1.0, 0.0)
