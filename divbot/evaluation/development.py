"""Development: which setting is best, and whether luck alone would have found one as good.

Nothing of the holdout is looked at but in how many of its runs each setting trades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divbot.arrays import Flags, Floats, Integers
from divbot.evaluation.daily import DailyResults
from divbot.evaluation.finding import Finding
from divbot.evaluation.luck import LuckCurve, luck_curve
from divbot.evaluation.plateau import plateau_of
from divbot.evaluation.runs import active_runs, run_sums
from divbot.evaluation.signs import DRAWS, signs_of
from divbot.evaluation.split import DEVELOPMENT_RUNS, HOLDOUT_RUNS, Split
from divbot.evaluation.standing import Standing, standings_of
from divbot.evaluation.stepdown import StepDown, hopeless_below, step_down
from divbot.evaluation.student import upper_quantile

GATE = 0.5
"""The p value above which the holdout stays sealed, and costs nothing."""
_LOSING = 0.05


@dataclass(frozen=True, slots=True)
class Search:
    """What development came to."""

    split: Split
    settings: int
    standings: tuple[Standing, ...] = ()
    """Of the settings that could be judged, the best first."""
    luck: LuckCurve | None = None
    """None where every setting loses too hopelessly to be compared with luck."""
    on_plateau: float | None = None
    """The part of the grid that earns along with all its neighbours; None without a grid."""
    finding: Finding | None = None
    """None: the gate is passed, and the holdout may be opened."""
    shortage: str | None = None
    """What there is too little of; None: nothing."""

    @property
    def winner(self) -> Standing | None:
        """Return the setting with the largest t, which alone may be tested on the holdout."""
        return self.standings[0] if self.standings else None


def search(
    results: DailyResults,
    split: Split,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    steps: Integers | None = None,
    tried: DailyResults | None = None,
    lost_sweeps: int = 0,
) -> Search:
    """Judge the settings by the results of development, and by nothing of the holdout.

    `results` are those of all days of the split; of the holdout, only trades are counted. `steps`
    are the places of the settings in a grid (see `plateau_of`). `tried` holds the results of all
    settings that earlier sweeps ran, on all days of development, 0 where they ran on none: luck
    had them too. `lost_sweeps` counts earlier sweeps whose results are lost; each adds p once more.
    """
    settings = len(results.settings)
    development = results.within(split.development)
    judged = _often_enough(development.net_r, split.run) & (
        active_runs(results.within(split.holdout).trades, split.run) >= HOLDOUT_RUNS
    )
    shortage = split.shortage or _shortage_of(judged)
    if shortage is not None:
        return Search(split, settings, finding=Finding.NOT_ENOUGH_DATA, shortage=shortage)
    candidates = development.of(np.flatnonzero(judged).tolist())
    compared = _against_luck(candidates.net_r, tried, split, draws=draws, seed=seed)
    count = len(candidates.settings)
    t = np.full(settings, np.nan)
    t[judged] = compared.t[:count]
    plateau = plateau_of(steps, t) if steps is not None else None
    standings = standings_of(
        candidates,
        split.run,
        t=t[judged],
        p=np.minimum(compared.p[:count] * (lost_sweeps + 1), 1.0),
        support=(plateau.support if plateau else t)[judged],
    )
    return Search(
        split,
        settings,
        standings,
        luck=luck_curve(compared.best) if len(compared.best) else None,
        on_plateau=plateau.share if plateau else None,
        finding=_finding_of(standings[0], split.development_runs),
    )


def _often_enough(net_r: Floats, run: int) -> Flags:
    """Return which settings earn or lose anything in enough runs of development."""
    return np.asarray(np.count_nonzero(run_sums(net_r, run), axis=1) >= DEVELOPMENT_RUNS)


def _shortage_of(judged: Flags) -> str | None:
    if judged.any():
        return None
    return (
        f"none of {len(judged)} settings trades in {DEVELOPMENT_RUNS} runs of development and "
        f"{HOLDOUT_RUNS} of the holdout"
    )


def _against_luck(
    net_r: Floats, tried: DailyResults | None, split: Split, *, draws: int, seed: int
) -> StepDown:
    """Test the settings together with those that were tried before, which come after them."""
    if tried is not None:
        before = tried.within(split.development).net_r
        net_r = np.concatenate([net_r, before[_often_enough(before, split.run)]])
    signs = signs_of(split.development_runs, draws=draws, seed=seed)
    return step_down(run_sums(net_r, split.run), signs, hopeless=hopeless_below(len(split.days)))


def _finding_of(winner: Standing, runs: int) -> Finding | None:
    if winner.t <= -upper_quantile(_LOSING, runs - 1):
        return Finding.EVERY_SETTING_LOSES
    return Finding.NO_EDGE_FOUND if winner.t <= 0 or winner.p > GATE else None
