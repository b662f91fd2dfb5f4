"""Settings in their order of merit, each with the figures of its row in a table."""

from __future__ import annotations

from dataclasses import dataclass

from divbot.arrays import Floats
from divbot.evaluation.daily import DailyResults
from divbot.evaluation.effect import Effect, effects_of
from divbot.evaluation.runs import active_runs, run_sums


@dataclass(frozen=True, slots=True)
class Standing:
    """A setting that was judged, over the runs of development."""

    setting: str
    effect: Effect
    """Flattering: of many settings, those stand on top that were lucky too."""
    active_runs: int
    """Runs in which it entered a trade."""
    t: float
    p: float
    """Adjusted for all settings that were ever tried on these days; 1 where it could not win."""


def standings_of(
    results: DailyResults, run: int, *, t: Floats, p: Floats, support: Floats
) -> tuple[Standing, ...]:
    """Return the settings of `results`, the largest t first.

    Those of one t stand in the order of `support`, then of their names: the order in which they
    came says nothing.
    """
    rows = zip(
        results.settings,
        effects_of(run_sums(results.net_r, run), run_sums(results.trades, run)),
        active_runs(results.trades, run).tolist(),
        t.tolist(),
        p.tolist(),
        strict=True,
    )
    ranked = sorted(
        zip(support.tolist(), (Standing(*row) for row in rows), strict=True),
        key=lambda x: (-x[1].t, -x[0], x[1].setting),
    )
    return tuple(standing for _, standing in ranked)
