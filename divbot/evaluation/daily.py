"""What each setting earned on each day: all that is ever judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats, Integers

DAY = 86_400_000
"""Of milliseconds; as divbot.domain.durations has it, which this package does without."""


@dataclass(frozen=True, slots=True, eq=False)
class DailyResults:
    """Net results of settings by the UTC day on which their trades were entered.

    All settings share one calendar, and every trade risks the same 1 R. A day without a trade has
    a result of 0.
    """

    settings: tuple[str, ...]
    """A name for each, such as its values written out: ties are broken by it, never by order."""
    days: range
    """UTC days since 1970, one for each column."""
    net_r: Floats
    """Sums of R after fees, funding, spread and slippage: (settings, days)."""
    trades: Integers
    """How many trades were entered: (settings, days)."""

    def __post_init__(self) -> None:
        shape = len(self.settings), len(self.days)
        if self.net_r.shape != shape or self.trades.shape != shape:
            raise ValueError(
                f"{shape[0]} settings over {shape[1]} days take results and counts of that shape, "
                f"not of {self.net_r.shape} and {self.trades.shape}"
            )
        if len(set(self.settings)) < len(self.settings):
            raise ValueError("two settings have one name: ties could not be broken")
        if self.days.step != 1:
            raise ValueError("days follow one another: a range with a step of 1 is expected")
        if not np.isfinite(self.net_r).all():
            setting, day = np.argwhere(~np.isfinite(self.net_r))[0]
            raise ValueError(
                f"the result of {self.settings[setting]} on day {self.days[day]} is no number"
            )

    def within(self, days: range) -> DailyResults:
        """Return the results of `days`, which lie within these."""
        if len(days) and (days[0] not in self.days or days[-1] not in self.days):
            raise ValueError(f"days {days} are not among {self.days}")
        first = days.start - self.days.start
        columns = slice(first, first + len(days))
        return DailyResults(self.settings, days, self.net_r[:, columns], self.trades[:, columns])

    def of(self, settings: Sequence[int]) -> DailyResults:
        """Return the results of some settings, given by their places."""
        rows = np.asarray(settings, dtype=np.intp)
        names = tuple(self.settings[row] for row in rows)
        return DailyResults(names, self.days, self.net_r[rows], self.trades[rows])


def daily_results(
    settings: Sequence[str],
    days: range,
    *,
    setting: Integers,
    entered: Integers,
    closed: Integers,
    net_r: Floats,
    longest: int,
    earlier: DailyResults | None = None,
) -> DailyResults:
    """Add trades up by setting and day of entry; those entered on other days are left out.

    `earlier` is what others of the same settings and days came to: those of all together come to
    the same, to the last bit.

    `setting` (rows of `settings`), `entered`, `closed` (ms UTC) and `net_r` have one element for
    each trade. `longest` is the longest that any trade may be open, in ms: what keeps development
    and holdout apart is that no trade lasts longer, so one that does is a ValueError.
    """
    lasted = closed - entered
    if len(lasted) and (lasted.max() > longest or lasted.min() < 0):
        worst = int(np.argmax(np.where(lasted < 0, np.iinfo(np.int64).max, lasted)))
        raise ValueError(
            f"a trade of {settings[setting[worst]]} was open for {lasted[worst]} ms; "
            f"between 0 and {longest} ms are expected"
        )
    day = entered // DAY - days.start
    inside = (day >= 0) & (day < len(days))
    cells = setting[inside] * len(days) + day[inside]
    shape = len(settings), len(days)
    sums, counts = np.zeros(shape), np.zeros(shape, np.int64)
    if earlier is not None:
        sums += earlier.net_r
        counts += earlier.trades
    np.add.at(sums.reshape(-1), cells, net_r[inside])  # one after the other
    counts += np.bincount(cells, minlength=counts.size).reshape(shape)
    return DailyResults(tuple(settings), days, sums, counts)
