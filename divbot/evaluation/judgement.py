"""The holdout: opened once, for one winner, and only if development lets luck be doubted."""

from __future__ import annotations

import numpy as np

from divbot.evaluation.daily import DailyResults
from divbot.evaluation.development import Search
from divbot.evaluation.effect import effects_of
from divbot.evaluation.finding import Finding
from divbot.evaluation.looks import level_of
from divbot.evaluation.runs import run_sums, t_statistics
from divbot.evaluation.student import upper_tail
from divbot.evaluation.verdict import Confirmation, Verdict


def judge(found: Search, results: DailyResults, *, look: int = 1, reveal: bool = False) -> Verdict:
    """Test the winner on the holdout, if the gate is passed or all is to be revealed.

    Of `results`, nothing is looked at but the winner's on the days of the holdout, and that only
    if it is opened. Then the look counts, whatever comes of it; looks count from 1 (see `look_at`).
    Figures are told of a pass, or if they are to be revealed: both spend these days. Of a fail, the
    word is all that is told.
    """
    level = level_of(look)
    if found.winner is None or (found.finding is not None and not reveal):
        word = found.finding or Finding.NOT_ENOUGH_DATA
        return Verdict(word, found, look, level, opened=False, holdout=None)
    row = results.settings.index(found.winner.setting)
    tested = _confirmation(results.of([row]).within(found.split.holdout), found.split.run)
    passed = tested.p <= level
    told = tested if passed or reveal else None
    word = found.finding or (Finding.EDGE_CONFIRMED if passed else Finding.NOT_CONFIRMED)
    return Verdict(word, found, look, level, opened=True, holdout=told)


def _confirmation(holdout: DailyResults, run: int) -> Confirmation:
    sums = run_sums(holdout.net_r, run)
    t = float(np.nan_to_num(t_statistics(sums), posinf=np.inf, neginf=-np.inf)[0])
    effect = effects_of(sums, run_sums(holdout.trades, run))[0]
    return Confirmation(effect, t, upper_tail(t, sums.shape[1] - 1))
