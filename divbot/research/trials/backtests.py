"""A backtest, or a check, as a trial: whoever has seen its figures has seen its days."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from divbot.domain.market import Interval
from divbot.domain.trades import ClosedTrade
from divbot.evaluation import DailyResults
from divbot.evaluation.daily import DAY
from divbot.history.port import PastCandles
from divbot.research.trials.conclusion import TrialOrigin, fingerprint_of, number_of
from divbot.research.trials.entries import Trial, TrialSource
from divbot.research.trials.ledger import TrialLedger

_NAME = "portfolio"


def days_of(start: int, end: int) -> range:
    """Return the UTC days that have a part in `start` to before `end`, ms UTC."""
    return range(start // DAY, -(-end // DAY))


def portfolio_results(closed: Sequence[ClosedTrade], days: range) -> DailyResults:
    """Return the net R of trades by the day of their entry; one without a risk is 0 R."""
    net_r, trades = np.zeros((1, len(days))), np.zeros((1, len(days)), np.int64)
    for trade in closed:
        day = trade.opened_at // DAY - days.start
        net_r[0, day] += float(trade.r_multiple or 0)
        trades[0, day] += 1
    return DailyResults((_NAME,), days, net_r, trades)


def data_hash(history: PastCandles, intervals: Iterable[Interval], start: int, end: int) -> str:
    """Return what changes whenever candles of a range do."""
    digest = hashlib.sha256()
    for interval in intervals:
        for symbol in history.symbols(interval):
            told = f"{interval} {symbol} {history.version(symbol, interval, start, end)}\n"
            digest.update(told.encode())
    return digest.hexdigest()


def keep_backtest(ledger: TrialLedger, results: DailyResults, origin: TrialOrigin) -> None:
    """Write down that these days were seen, unless the very same backtest stands there."""
    _keep(ledger, TrialSource.BACKTEST, results.settings, results.days, origin, results)


def keep_check(ledger: TrialLedger, name: str, days: range, origin: TrialOrigin) -> None:
    """Write down that figures of these days were told, by the check of this name."""
    _keep(ledger, TrialSource.CHECK, (name,), days, origin)


def _keep(
    ledger: TrialLedger,
    source: TrialSource,
    settings: Sequence[str],
    days: range,
    origin: TrialOrigin,
    results: DailyResults | None = None,
) -> None:
    fingerprint = fingerprint_of(source, settings, days, origin)
    with ledger.open() as book:
        if number_of(book.contents.written, fingerprint) is not None:
            return
        trial = Trial(
            source=source,
            fingerprint=fingerprint,
            days=days,
            known=days,
            settings=len(settings),
            basis=origin.basis,
            costs=origin.costs,
            seed=origin.seed,
            code=origin.code,
            data=origin.data,
            version=origin.version,
        )
        book.append(trial, results)
