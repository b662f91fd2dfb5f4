"""What closed trades come to: the figures that a trader judges a method by."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from divbot.domain.ledger import ZERO
from divbot.domain.money import round_down
from divbot.domain.trades import ClosedTrade
from divbot.trading.figures.costs import Paid, paid_for

Z_95 = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of some closed trades; a figure that they do not allow is None."""

    trades: int
    won: int
    lost: int
    profit: Decimal
    """Of all trades, after all costs."""
    won_sum: Decimal
    """Of the trades that were won."""
    lost_sum: Decimal
    """Of the trades that were lost; 0 or below."""
    average_r: float | None
    """The mean profit in R, the loss planned at the first stop: the expectancy in R.

    Source: Tharp, "Trade Your Way to Financial Freedom" (1998). Trades without a risk are left out.
    """
    best: ClosedTrade | None
    worst: ClosedTrade | None
    longest_winning_run: int
    longest_losing_run: int
    """Most trades won, or lost, one after the other, in the order in which they were closed."""
    average_holding_ms: int | None
    """From entry to exit, in ms."""
    average_holding_won_ms: int | None
    """The same of the trades that were won."""
    average_holding_lost_ms: int | None
    """The same of the trades that were lost."""
    paid: Paid

    @property
    def profit_before_costs(self) -> Decimal:
        """Return what the trades would have brought at the middle prices, without any cost."""
        return self.profit + self.paid.total

    @property
    def win_rate(self) -> float | None:
        """Return the part of the trades that was won."""
        return self.won / self.trades if self.trades else None

    @property
    def win_rate_interval(self) -> tuple[float, float] | None:
        """Return the bounds of the 95 % interval of the win rate.

        Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
        Journal of the American Statistical Association 22 (1927). It takes trades for independent;
        trades of one market move are not, so that in truth less is known.
        """
        return wilson_interval(self.won, self.trades) if self.trades else None

    @property
    def profit_factor(self) -> float | None:
        """Return all gains over all losses; None where no trade was lost."""
        return float(self.won_sum / -self.lost_sum) if self.lost_sum else None

    @property
    def expectancy(self) -> Decimal | None:
        """Return the mean profit of a trade."""
        return _mean(self.profit, self.trades)

    @property
    def average_win(self) -> Decimal | None:
        """Return the mean profit of the trades that were won."""
        return _mean(self.won_sum, self.won)

    @property
    def average_loss(self) -> Decimal | None:
        """Return the mean profit, below 0, of the trades that were lost."""
        return _mean(self.lost_sum, self.lost)


def tally(trades: Iterable[ClosedTrade]) -> Tally:
    """Return the figures of `trades`, whatever their order."""
    ordered = sorted(trades, key=lambda x: (x.closed_at, x.number))
    gains = [x.profit for x in ordered if x.is_won]
    losses = [x.profit for x in ordered if x.is_lost]
    multiples = [float(x.r_multiple) for x in ordered if x.r_multiple is not None]
    return Tally(
        trades=len(ordered),
        won=len(gains),
        lost=len(losses),
        profit=sum((x.profit for x in ordered), ZERO),
        won_sum=sum(gains, ZERO),
        lost_sum=sum(losses, ZERO),
        average_r=statistics.fmean(multiples) if multiples else None,
        best=max(ordered, key=lambda x: x.profit, default=None),
        worst=min(ordered, key=lambda x: x.profit, default=None),
        longest_winning_run=_longest_run([x.is_won for x in ordered]),
        longest_losing_run=_longest_run([x.is_lost for x in ordered]),
        average_holding_ms=_average_holding(ordered),
        average_holding_won_ms=_average_holding([x for x in ordered if x.is_won]),
        average_holding_lost_ms=_average_holding([x for x in ordered if x.is_lost]),
        paid=paid_for(ordered),
    )


def wilson_interval(successes: int, cases: int, z: float = Z_95) -> tuple[float, float]:
    """Return the bounds of the interval for a share of which `successes` of `cases` were seen."""
    share = successes / cases
    middle = share + z * z / (2 * cases)
    reach = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    scale = 1 + z * z / cases
    return max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0)


def _mean(total: Decimal, count: int) -> Decimal | None:
    return round_down(total / count) if count else None


def _average_holding(trades: Sequence[ClosedTrade]) -> int | None:
    held = [x.closed_at - x.opened_at for x in trades]
    return round(statistics.fmean(held)) if held else None


def _longest_run(among: Sequence[bool]) -> int:
    return max((len(list(run)) for is_one, run in groupby(among) if is_one), default=0)
