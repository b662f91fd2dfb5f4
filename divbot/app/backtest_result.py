"""What a backtest came to: its run, its figures, and what hindsight would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from divbot.app.backtest import Traded, backtest
from divbot.app.options import BacktestOptions, TellStage
from divbot.domain.clock import utc_text

if TYPE_CHECKING:
    import pandas

    from divbot.history.spans import Span
    from divbot.research.port import PastMarket
    from divbot.settings import Settings
    from divbot.trading.figures.stats import Stats
    from divbot.trading.journal.journal import JournalCopy


@dataclass(frozen=True, slots=True, repr=False)
class Backtest:
    """One run through the past."""

    recorded: JournalCopy
    """Its journal, as `divbot trades` and `divbot stats` read it."""
    figures: Stats
    notes: tuple[str, ...]
    """What was assumed, as the history does not tell it."""
    holes: tuple[tuple[str, Span], ...]
    """By symbol what is missing of its candles, ms UTC."""
    unpaid: tuple[tuple[str, Span], ...]
    """By symbol what is missing of its funding, ms UTC; symbols of which there is none left out."""
    then: Stats | None
    """The figures on the list of each moment, where this run was traded on that of the end."""

    def __repr__(self) -> str:
        found = self.figures
        return (
            f"<Backtest: {utc_text(found.since)} to {utc_text(found.until)} UTC; "
            f"{found.closed.trades} trades, {found.total_return:+.2%}>"
        )

    @property
    def trades(self) -> pandas.DataFrame:
        """Return all trades, one row each: the columns of `divbot trades --csv`, times in UTC."""
        from divbot.app.frames import trades_frame

        return trades_frame(self.recorded.ledger.trades)

    @property
    def equity(self) -> pandas.Series[float]:
        """Return what the account was worth in USDT, each time that it was valued, in UTC."""
        from divbot.app.frames import equity_series

        return equity_series(self.figures.curve)

    @property
    def stats(self) -> dict[str, Any]:
        """Return all figures, by the names of `divbot stats --json`; money is Decimal."""
        from divbot.trading.figures.documents import stats_document

        return stats_document(self.figures)


def result_of(
    history: PastMarket,
    settings: Settings,
    options: BacktestOptions,
    progress: TellStage,
    tell: Callable[[str], None] = lambda _: None,
) -> Backtest:
    """Trade the past; on the list of the end, trade it on that of each moment besides.

    Raise what `backtest` does.
    """
    then = _then(history, settings, options, progress) if options.is_todays else None
    traded = backtest(history, settings, options, progress, tell)
    recorded, figures = _read(traded)
    return Backtest(recorded, figures, traded.notes, traded.holes, traded.unpaid, then)


def _then(
    history: PastMarket, settings: Settings, options: BacktestOptions, progress: TellStage
) -> Stats:
    """Return the figures of the same run on the list of each moment, which is not kept."""
    with TemporaryDirectory(prefix="divbot-") as folder:
        aside = replace(options, is_todays=False, journal=Path(folder) / "then.db")
        return _read(backtest(history, settings, aside, progress))[1]


def _read(traded: Traded) -> tuple[JournalCopy, Stats]:
    from divbot.trading.figures.stats import measure
    from divbot.trading.journal.journal import read

    recorded = read(traded.journal)
    return recorded, measure(recorded.events, recorded.ledger)
