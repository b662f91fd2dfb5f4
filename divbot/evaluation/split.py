"""Development, gap and holdout: which days may choose a setting, and which may only judge it.

    unused | development: n_D runs | gap: g days | holdout: n_H runs | dropped: g days

A run is r consecutive days and counts as one observation. A trade belongs to the day of its entry,
and stays open for g days at most. So what is entered in development ends before the holdout
begins, and what is entered in the gap is in neither, whenever it ends. The last g days are dropped
for every setting: there, quick stops are known already and slow targets are not.

Sources: Ibragimov and Mueller, "t-Statistic Based Correlation and Heterogeneity Robust Inference"
(2010); Lopez de Prado, "Advances in Financial Machine Learning" (2018), chapter 7, on purging.
"""

from __future__ import annotations

from dataclasses import dataclass

from divbot.evaluation.daily import DAY

DEVELOPMENT_RUNS = 16
HOLDOUT_RUNS = 8
"""So many runs are needed at least, also runs with a trade of a setting that is to be judged."""
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Split:
    """How a history is divided; all days are UTC days since 1970."""

    days: range
    gap: int
    """Days that are kept between development and holdout, and dropped at the end."""
    run: int
    """Days of a run."""
    development: range
    holdout: range

    @property
    def development_runs(self) -> int:
        """Return how many runs choose."""
        return len(self.development) // self.run

    @property
    def holdout_runs(self) -> int:
        """Return how many runs judge."""
        return len(self.holdout) // self.run

    @property
    def shortage(self) -> str | None:
        """Say what is missing for a verdict; None: nothing."""
        if self.development_runs >= DEVELOPMENT_RUNS and self.holdout_runs >= HOLDOUT_RUNS:
            return None
        needed = (DEVELOPMENT_RUNS + HOLDOUT_RUNS) * self.run + 2 * self.gap
        if len(self.days) < needed:
            return (
                f"{len(self.days)} days are too few: with a gap of {self.gap} and runs of "
                f"{self.run}, {needed} days are needed"
            )
        return (
            f"development has {self.development_runs} runs of {self.run} days and the holdout "
            f"{self.holdout_runs}, where {DEVELOPMENT_RUNS} and {HOLDOUT_RUNS} are needed; days "
            "that a search or a backtest has used can judge no more"
        )


def open_at_most(horizon: int, interval: int) -> int:
    """Return how long a trade can be open, in ms: its horizon and the candle of its entry.

    `horizon` counts candles, `interval` is the length of one in ms.
    """
    return (horizon + 1) * interval


def divide(days: range, longest: int, *, known_until: int | None = None) -> Split:
    """Divide `days` for settings whose trades are open for `longest` ms at most.

    `known_until` is the last day that was ever used for development, in whatever search, or whose
    results were shown: a holdout begins after it, with a gap between.

    >>> year = divide(range(365), open_at_most(48, 3_600_000))
    >>> year.run, year.gap, year.development_runs, year.holdout_runs
    (7, 3, 34, 17)
    """
    gap = max(1, -(-longest // DAY))
    run = max(_WEEK, 2 * gap)
    runs = max(0, (len(days) - 2 * gap) // run)
    end = days.stop - gap
    holdout_runs = min(max(HOLDOUT_RUNS, round(runs / 3)), runs)
    if known_until is not None:
        holdout_runs = min(holdout_runs, max(0, (end - (known_until + 1 + gap)) // run))
    start = end - holdout_runs * run
    return Split(
        days=days,
        gap=gap,
        run=run,
        development=range(start - gap - (runs - holdout_runs) * run, start - gap),
        holdout=range(start, end),
    )
