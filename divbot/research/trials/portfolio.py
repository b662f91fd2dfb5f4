"""A setting as a portfolio, beside all its signals: what an account can hold of an edge."""

from __future__ import annotations

from dataclasses import dataclass

from divbot.evaluation import DailyResults, Effect, Split, effects_of, run_sums
from divbot.research.trials.backtests import portfolio_results
from divbot.trading.figures.stats import measure
from divbot.trading.journal.journal import JournalCopy


@dataclass(frozen=True, slots=True)
class PortfolioBeside:
    """One setting on the days of development."""

    setting: str
    signals: Effect
    """Of all its signals, each traded by itself."""
    portfolio: Effect | None
    """Of the trades that an account entered; None: it entered none."""
    total_return: float
    """Of the account, as a part of what it began with."""
    max_drawdown: float
    """As a part of the peak."""

    @property
    def holds(self) -> bool:
        """Return whether the account earned too where all signals did."""
        earned = self.portfolio is not None and self.portfolio.r > 0 and self.total_return > 0
        return earned or self.signals.r <= 0


def beside(setting: str, signals: Effect, run: JournalCopy, split: Split) -> PortfolioBeside:
    """Return what a backtest of the days of development came to, beside all signals."""
    stats = measure(run.events, run.ledger)
    results = portfolio_results(run.ledger.closed, split.development)
    return PortfolioBeside(
        setting,
        signals,
        _effect(results, split.run),
        stats.total_return,
        stats.drawdown.depth if stats.drawdown else 0.0,
    )


def _effect(results: DailyResults, run: int) -> Effect | None:
    if not results.trades.any():
        return None
    return effects_of(run_sums(results.net_r, run), run_sums(results.trades, run))[0]
