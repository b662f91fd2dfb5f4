"""The winner of a sweep and its neighbours, traded as portfolios on the days of development."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from divbot.app import backtest
from divbot.app.options import (
    BacktestOptions,
    TellStage,
)
from divbot.app.sweep_setup import Sweep
from divbot.domain.durations import DAY

if TYPE_CHECKING:
    from divbot.evaluation import Standing
    from divbot.research.trials.conclusion import Conclusion
    from divbot.research.trials.portfolio import PortfolioBeside

_NEIGHBOURS = 4


def portfolios_of(sweep: Sweep, conclusion: Conclusion) -> Iterator[PortfolioBeside]:
    """Give the winner and its best neighbours, each as an account on the days of development."""
    from divbot.research.trials.portfolio import beside
    from divbot.trading.journal.journal import read

    split, standings = conclusion.verdict.search.split, conclusion.verdict.search.standings
    chosen = _beside_winner(sweep, standings)
    with TemporaryDirectory(prefix="divbot-sweep-") as folder:
        for number, standing in enumerate(chosen):
            tell = _of_stage(sweep.stage, f"portfolio {number + 1} of {len(chosen)}")
            own = sweep.points[standing.setting].settings
            options = BacktestOptions(
                start=split.development.start * DAY,
                end=split.development.stop * DAY,
                detail=sweep.rules.detail or own.interval,
                is_todays=sweep.options.is_todays,
                spread=sweep.options.spread,
                journal=Path(folder) / f"{number}.db",
                is_counted=False,
            )
            traded = backtest.backtest(sweep.history, own, options, tell)
            yield beside(standing.setting, standing.effect, read(traded.journal), split)


def _of_stage(tell: TellStage, stage: str) -> TellStage:
    return lambda what, done, count: tell(f"{stage}, {what}", done, count)


def _beside_winner(sweep: Sweep, standings: Sequence[Standing]) -> list[Standing]:
    """Return the winner, and the best of those that differ from it in one step of one setting."""
    if not standings:
        return []
    place = sweep.points[standings[0].setting].variant.place

    def is_neighbour(name: str) -> bool:
        other = sweep.points[name].variant.place
        return sum(abs(x - y) for x, y in zip(place, other, strict=True)) == 1

    neighbours = [x for x in standings[1:] if is_neighbour(x.setting)]
    return [standings[0], *neighbours[:_NEIGHBOURS]]
