"""Whether the best of many settings is better than luck; numpy and divbot.arrays alone.

    daily results -> split -> development: all settings against luck, by max-t (search)
                           -> holdout: the winner alone, once, every look counted (judgement)

One run of days is one observation, all settings share the sign that luck gives a run, a last third
is locked away and opened for one winner, and every look is counted. docs/evaluation.md has it in
words.
"""

from __future__ import annotations

from divbot.evaluation.daily import DailyResults, daily_results
from divbot.evaluation.development import Search, search
from divbot.evaluation.effect import Effect, effects_of
from divbot.evaluation.finding import Finding
from divbot.evaluation.judgement import judge
from divbot.evaluation.limits import LIMITS
from divbot.evaluation.looks import level_of, look_at
from divbot.evaluation.luck import LuckCurve, luck_curve
from divbot.evaluation.multiplicity import benjamini_hochberg, benjamini_yekutieli, bonferroni
from divbot.evaluation.overfitting import Overfitting, backtest_overfitting
from divbot.evaluation.plateau import Plateau, plateau_of
from divbot.evaluation.runs import active_runs, run_sums, t_statistics
from divbot.evaluation.sharpe import (
    deflated_sharpe,
    expected_maximum,
    minimum_backtest_years,
    probabilistic_sharpe,
)
from divbot.evaluation.signs import Signs, signs_of
from divbot.evaluation.split import Split, divide, open_at_most
from divbot.evaluation.standing import Standing
from divbot.evaluation.stepdown import StepDown, hopeless_below, step_down
from divbot.evaluation.student import upper_quantile, upper_tail
from divbot.evaluation.verdict import Confirmation, Verdict

__all__ = [
    "LIMITS",
    "Confirmation",
    "DailyResults",
    "Effect",
    "Finding",
    "LuckCurve",
    "Overfitting",
    "Plateau",
    "Search",
    "Signs",
    "Split",
    "Standing",
    "StepDown",
    "Verdict",
    "active_runs",
    "backtest_overfitting",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "daily_results",
    "deflated_sharpe",
    "divide",
    "effects_of",
    "expected_maximum",
    "hopeless_below",
    "judge",
    "level_of",
    "look_at",
    "luck_curve",
    "minimum_backtest_years",
    "open_at_most",
    "plateau_of",
    "probabilistic_sharpe",
    "run_sums",
    "search",
    "signs_of",
    "step_down",
    "t_statistics",
    "upper_quantile",
    "upper_tail",
]
