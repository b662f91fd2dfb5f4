"""What a sweep found, as far as it may be told: settings, daily results, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from divbot.domain.timerange import dates_of
from divbot.evaluation import LIMITS, Effect, Standing, Verdict
from divbot.evaluation.daily import DAY
from divbot.research.sweep.run import Searched
from divbot.research.trials.conclusion import Conclusion, Swept, TrialOrigin
from divbot.research.trials.portfolio import PortfolioBeside

if TYPE_CHECKING:
    import pandas as pd

_SCHEMA = 1
_NO_EDGE = "This history could have confirmed no edge, however large."


@dataclass(frozen=True, slots=True, eq=False)
class SweepReport:
    """A sweep that was judged; nothing of a sealed day is in it."""

    title: str
    conclusion: Conclusion
    axes: Mapping[str, tuple[str, ...]]
    """The values of each setting that was searched, in their order."""
    values: Mapping[str, Mapping[str, str]]
    """By the name of a setting in the verdict: what it sets."""
    ledger: Path
    portfolios: tuple[PortfolioBeside, ...] = ()
    """The winner, then its neighbours."""
    notes: tuple[str, ...] = ()
    """What stood in for what the history does not tell."""

    @property
    def verdict(self) -> Verdict:
        """Return the verdict, with all figures that may be told."""
        return self.conclusion.verdict

    @property
    def winner(self) -> Standing | None:
        """Return the best setting of development; None: none could be judged."""
        return self.verdict.search.winner

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return the verdict in words, the smallest edge always, and whether looks are known."""
        said = [str(self.verdict)]
        if self.verdict.smallest_edge is None:
            said.append(_NO_EDGE)
        said += [
            f"LOOKS UNKNOWN: {x}; how often these days were looked at cannot be told, so the "
            "chance of a false claim is not known to be below 5 %."
            for x in self.conclusion.problems
        ]
        if self.portfolios and not self.portfolios[0].holds:
            said.append(unheld(self.portfolios[0]))
        return tuple(said)

    def __str__(self) -> str:
        return " ".join(self.sentences)

    @property
    def settings(self) -> pd.DataFrame:
        """Return a row for each setting that could be judged, the best first."""
        import pandas as pd

        rows = [_row(x) | dict(self.values[x.setting]) for x in self.verdict.search.standings]
        return pd.DataFrame(rows, columns=[*_COLUMNS, *self.axes])

    @property
    def daily(self) -> pd.DataFrame:
        """Return net R by UTC day of entry, a column for each setting.

        Of development alone; where figures of the holdout are told, the winner's stand there too.
        """
        import pandas as pd

        parts = [self.conclusion.development]
        if self.conclusion.winner is not None:
            parts.append(self.conclusion.winner)
        frames = [
            pd.DataFrame(
                x.net_r.T,
                index=pd.to_datetime([day * DAY for day in x.days], unit="ms", utc=True),
                columns=list(x.settings),
            )
            for x in parts
        ]
        return pd.concat(frames) if len(frames) > 1 else frames[0]

    def to_document(self) -> dict[str, Any]:
        """Return all of it as `divbot sweep --json` prints it: plain values, for any program."""
        search, verdict, luck = self.verdict.search, self.verdict, self.verdict.search.luck
        split = search.split
        return {
            "schema": _SCHEMA,
            "title": self.title,
            "finding": verdict.finding.value,
            "verdict": list(self.sentences),
            "settings": search.settings,
            "tried_before": self.conclusion.tried,
            "searched": {name: list(values) for name, values in self.axes.items()},
            "development": dates_of(split.development),
            "holdout": dates_of(split.holdout),
            "runs": {
                "days": split.run,
                "gap": split.gap,
                "development": split.development_runs,
                "holdout": split.holdout_runs,
            },
            "standings": [
                _row(x) | {"values": dict(self.values[x.setting])} for x in search.standings
            ],
            "on_plateau": search.on_plateau,
            "luck": luck
            and {
                "edges": list(luck.edges),
                "counts": list(luck.counts),
                "usual": luck.usual,
                "rare": luck.rare,
            },
            "look": verdict.look,
            "level": verdict.level,
            "opened": verdict.opened,
            "winner": self.winner and self.winner.setting,
            "winner_on_holdout": verdict.holdout
            and {
                "p": verdict.holdout.p,
                "t": verdict.holdout.t,
                **_effect_document(verdict.holdout.effect),
            },
            "smallest_edge": verdict.smallest_edge,
            "portfolios": [_portfolio_document(x) for x in self.portfolios],
            "notes": list(self.notes),
            "limits": list(LIMITS),
            "ledger": {
                "path": str(self.ledger),
                "head": str(self.conclusion.head),
                "trial": self.conclusion.number,
                "is_repeated": self.conclusion.is_repeated,
                "looks_are_known": not self.conclusion.problems,
                "problems": list(self.conclusion.problems),
            },
        }


def unheld(portfolio: PortfolioBeside) -> str:
    """Say that an account cannot hold what all signals earn."""
    came_to = (
        "the account entered no trade"
        if portfolio.portfolio is None
        else f"the {portfolio.portfolio.trades:,} trades that the account had room for came to "
        f"{portfolio.portfolio.r:.2f} R each"
    )
    return (
        f"An account does not hold what its signals earned: on development all of them came to "
        f"{portfolio.signals.r:.2f} R a trade, and {came_to}, a return of "
        f"{100 * portfolio.total_return:+.1f}%."
    )


def swept_of(found: Searched, origin: TrialOrigin, *, is_grid: bool) -> Swept:
    """Return what a search ran, to be judged."""
    places = np.array([x.place for x in found.variants], np.int64) if is_grid else None
    return Swept(found.results, found.longest, origin, places)


_COLUMNS = ("setting", "r", "low", "high", "trades", "runs", "t", "p")


def _row(standing: Standing) -> dict[str, Any]:
    return {
        "setting": standing.setting,
        **_effect_document(standing.effect),
        "runs": standing.active_runs,
        "t": standing.t,
        "p": standing.p,
    }


def _effect_document(effect: Effect) -> dict[str, Any]:
    low, high = effect.interval
    return {"r": effect.r, "low": low, "high": high, "trades": effect.trades}


def _portfolio_document(portfolio: PortfolioBeside) -> dict[str, Any]:
    own = portfolio.portfolio
    return {
        "setting": portfolio.setting,
        "signals": _effect_document(portfolio.signals),
        "portfolio": own and _effect_document(own),
        "total_return": portfolio.total_return,
        "max_drawdown": portfolio.max_drawdown,
        "holds": portfolio.holds,
    }
