"""What the last day of each row came to: a sum and two extremes over as many rows as a day has.

Hazard: a running sum depends on where it began, in its last digits. So a window is put together of
two parts that begin at midnight: the rows of its own day up to the row, first to last, and those of
the day before after the row, last to first. Whoever asks for one row gets what a whole year gives.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Floats
from divbot.kernels.jit import jit

SUM, HIGHEST, LOWEST = range(3)
"""The columns of the figures."""


def last_days(
    amount: Floats,
    high: Floats,
    low: Floats,
    rows_a_day: int,
) -> Floats:
    """Return SUM of `amount`, HIGHEST and LOWEST of each row's last day; shape (3, lines, rows).

    The arrays are of shape (lines, rows), whose first row begins a day. NaN marks what is missing:
    it adds nothing, and where all of a day is missing the extremes are NaN. Before the first row
    there is nothing.
    """
    found = np.empty((3, *amount.shape))
    _sum(amount, high, low, rows_a_day, found)
    return found


@jit
def _sum(
    amount: Floats,
    high: Floats,
    low: Floats,
    rows_a_day: int,
    found: Floats,
) -> None:
    lines, rows = amount.shape
    # Of the day before, from each row to its end; one more for none.
    rest = np.zeros(rows_a_day + 1)
    highest_rest, lowest_rest = np.empty(rows_a_day + 1), np.empty(rows_a_day + 1)
    for line in range(lines):
        rest[:] = 0.0
        highest_rest[:] = -np.inf
        lowest_rest[:] = np.inf
        for start in range(0, rows, rows_a_day):
            length = min(rows_a_day, rows - start)
            total, highest, lowest = 0.0, -np.inf, np.inf
            for k in range(length):
                value, up, down = (
                    amount[line, start + k],
                    high[line, start + k],
                    low[line, start + k],
                )
                total += value if value == value else 0.0
                highest = up if up > highest else highest
                lowest = down if down < lowest else lowest
                all_up = highest if highest > highest_rest[k + 1] else highest_rest[k + 1]
                all_down = lowest if lowest < lowest_rest[k + 1] else lowest_rest[k + 1]
                found[SUM, line, start + k] = rest[k + 1] + total
                found[HIGHEST, line, start + k] = all_up if all_up > -np.inf else np.nan
                found[LOWEST, line, start + k] = all_down if all_down < np.inf else np.nan
            for k in range(length - 1, -1, -1):
                value, up, down = (
                    amount[line, start + k],
                    high[line, start + k],
                    low[line, start + k],
                )
                rest[k] = rest[k + 1] + (value if value == value else 0.0)
                highest_rest[k] = up if up > highest_rest[k + 1] else highest_rest[k + 1]
                lowest_rest[k] = down if down < lowest_rest[k + 1] else lowest_rest[k + 1]


def warm() -> None:
    """Compile or load the kernel, so that the first month does not wait for it."""
    one = np.ones((1, 1))
    last_days(one, one, one, 1)
