"""The verdict: all that may be told of a search, and its word."""

from __future__ import annotations

from dataclasses import dataclass

from divbot.evaluation.development import Search
from divbot.evaluation.effect import Effect
from divbot.evaluation.finding import Finding

_REASONS = {
    Finding.EVERY_SETTING_LOSES: "loses{too} (t = {t:.2f})",
    Finding.NO_EDGE_FOUND: "does no better than chance would (p = {p:.2f})",
    Finding.NOT_CONFIRMED: "fails on the holdout (look {look})",
    Finding.EDGE_CONFIRMED: "passes on the holdout (look {look})",
}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The winner over the runs of the holdout."""

    effect: Effect
    t: float
    p: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search came to, with all that may be told of it."""

    finding: Finding
    search: Search
    look: int
    """Which look at these days the holdout's opening is, or would have been."""
    level: float
    """Of the holdout's test at this look."""
    opened: bool
    """Whether the holdout was opened, so that the look counts."""
    holdout: Confirmation | None
    """None: sealed, or opened and failed, of which no figure is told.

    Where it is told, these days are spent: they may develop from now on, and never judge again.
    """

    @property
    def spent(self) -> bool:
        """Return whether figures of the holdout are told."""
        return self.holdout is not None

    @property
    def smallest_edge(self) -> float | None:
        """Return the R a trade below which an edge would usually be missed (found 8 in 10 times).

        It is that of the best setting: of its holdout where that is told, otherwise as its
        development lets one expect. None: this history could have confirmed none.
        """
        winner = self.search.winner
        if winner is None:
            return None
        seen = (
            self.holdout.effect
            if self.holdout
            else winner.effect.over(self.search.split.holdout_runs)
        )
        return seen.smallest_confirmable(self.level)

    def __str__(self) -> str:
        sentences = [f"{self.finding}: {self._reason}."]
        if self.holdout is not None:
            low, high = self.holdout.effect.interval
            sentences.append(
                f"On the holdout it earns {self.holdout.effect.r:.2f} R a trade "
                f"({low:.2f} to {high:.2f}, about 9 in 10)."
            )
        if self.smallest_edge is not None:
            sentences.append(f"An edge below {self.smallest_edge:.2f} R would usually be missed.")
        return " ".join(sentences)

    @property
    def _reason(self) -> str:
        winner = self.search.winner
        if winner is None:
            return str(self.search.shortage)
        others = self.search.settings > 1
        reason = _REASONS[self.finding].format(
            t=winner.t, p=winner.p, look=self.look, too=" as well" if others else ""
        )
        best = f", the best of {self.search.settings} settings," if others else ""
        return f"{winner.setting}{best} {reason}"
