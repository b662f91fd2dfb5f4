"""One signal traded by the paper trader itself, on the past: what a search is held to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divbot.domain.events import Entered, Exited
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Kind, Opportunity, Side
from divbot.research.moments import Moments
from divbot.trading.engine.engine import TradingRules
from tests.research import fakes
from tests.research.fakes import Backtest, Candidates, FreshOnes, Glance
from tests.trading import fakes as trading

DAY = 86_400_000


@dataclass
class OneSignal:
    """Reports of one opportunity, at its own close alone, and of what then speaks against it."""

    opportunity: Opportunity
    opposite: int | None
    """The close of the next divergence of the other side."""
    interval: Interval
    end: int

    @property
    def symbols(self) -> tuple[str, ...]:
        return (self.opportunity.divergence.symbol,)

    @property
    def at(self) -> int:
        return self.opportunity.confirmed_at

    @property
    def closes(self) -> NDArray[np.int64]:
        length = self.interval.milliseconds
        return np.arange(self.at - length, self.end, length)

    def is_listed(self, close: int) -> NDArray[np.bool_]:
        return np.ones(1, np.bool_)

    def glance(
        self, close: int, held: Collection[str] = (), *, among: Collection[str] | None = None
    ) -> Glance:
        is_told = self.opposite is not None and self.opposite == close
        is_asked = among is None or self.symbols[0] in among
        return Glance(
            close,
            self.interval,
            (self.opportunity,) if close == self.at and is_asked else (),
            (self._against,) if is_told else (),
            {x: replace(trading.INSTRUMENT, symbol=x) for x in held},
        )

    @property
    def _against(self) -> Divergence:
        is_buy = self.opportunity.side is Side.BUY
        kind = Kind.REGULAR_BEARISH if is_buy else Kind.REGULAR_BULLISH
        opened = (self.opposite or 0) - self.interval.milliseconds
        return Divergence(self.symbols[0], kind, 1, 2, opened)

    def candidates(self, start: int, end: int) -> Candidates:
        there = [self.at] if start <= self.at < end else []
        confirmed_at = [self.opportunity.confirmed_at] * len(there)
        return Candidates(
            np.array(there, np.int64),
            np.zeros(len(there), np.int64),
            np.full(len(there), self.opportunity.side.sign, np.int8),
            np.array(confirmed_at, np.int64),
            np.full(len(there), 10.0),
        )

    def fresh(self, start: int, end: int) -> FreshOnes:
        own = [self.opposite] if self.opposite and start <= self.opposite < end else []
        side = -1 if self.opportunity.side is Side.BUY else 1
        return FreshOnes(
            np.array(own, np.int64),
            np.zeros(len(own), np.int32),
            np.full(len(own), side, np.int8),
        )


@dataclass(frozen=True)
class ExactTrade:
    entered: int
    closed: int
    r: float


def traded(
    prices: Any,
    opportunity: Opportunity,
    rules: TradingRules,
    path: Path,
    *,
    detail: Interval,
    opposite: int | None,
    spread: str,
    longest: int,
) -> ExactTrade | None:
    """Return what the engine makes of a signal; None where it enters not, or does not end it."""
    reports = OneSignal(opportunity, opposite, rules.interval, opportunity.confirmed_at + longest)
    entries = replace(
        rules.entries,
        min_score=0.0,
        max_age=0,
        max_positions=1,
        cooldown=0,
        max_daily_loss=Decimal(1),
        max_drawdown=Decimal(1),
        take_earlier=True,
        max_report_age=rules.interval.milliseconds,
    )
    run = Backtest(
        prices,
        reports,
        rules=replace(rules, entries=entries, mark_every=10 * DAY),
        minutes=longest // fakes.MINUTE,
        check_interval=rules.interval.milliseconds,
        detail=detail,
        spread=Decimal(spread),
    )
    path.unlink(missing_ok=True)
    # A run begins with a valuation, and no two events are of one time.
    events = run.run(path, Moments, start=reports.at - rules.interval.milliseconds)
    entered = next((x for x in events if isinstance(x, Entered)), None)
    exited = next((x for x in events if isinstance(x, Exited)), None)
    if entered is None or exited is None:
        return None
    profit = exited.returned - entered.margin - entered.fill.fee
    return ExactTrade(entered.at, exited.fill.basis_at, float(profit / entered.risk))
