"""Looks at a holdout: each is counted, and each makes the next one dearer.

The chance of a false confirmation over all looks at the same days is at most the sum of their
levels, .04 + .01 (1/2 + 1/6 + 1/12 + ...) = .05, whatever was tried between them: a look that
fails tells one word, and no figure. Twenty looks at 5 % each would be wrong in 52 of 100 cases.

A holdout whose figures were shown is spent: its days may be used to develop, and never to judge.
"""

from __future__ import annotations

from collections.abc import Iterable

_FIRST = 0.04
_OTHERS = 0.01


def level_of(look: int) -> float:
    """Return the level of the test at a `look`, counted from 1.

    >>> [round(level_of(look), 5) for look in (1, 2, 3)]
    [0.04, 0.005, 0.00167]
    """
    if look < 1:
        raise ValueError(f"looks are counted from 1, not from {look}")
    return _FIRST if look == 1 else _OTHERS / (look * (look - 1))


def look_at(holdout: range, opened: Iterable[range]) -> int:
    """Return which look at the days of `holdout` the next one is.

    `opened` holds the days of every holdout that was ever opened, one for each opening: those that
    share a day with it count.

    >>> look_at(range(200, 300), [range(200, 300), range(0, 200), range(299, 400)])
    3
    """
    return 1 + sum(max(days.start, holdout.start) < min(days.stop, holdout.stop) for days in opened)
