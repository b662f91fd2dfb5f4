"""What a search takes, said before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from divbot.domain.market import Interval
from divbot.evaluation.daily import DAY
from divbot.research.sweep.market import SearchedHistory
from divbot.research.sweep.variants import Variant

_PER_CANDLE = 2.4e-7
"""Seconds of one core for each candle and set of signals, as measured by benchmarks/sweep.py."""
_PER_PLAN = 2.4e-9
"""Seconds for each candle and setting besides."""
_PER_MONTH = 3e-3
"""For each month and set of signals, however few candles it has."""
_PER_COLUMN = 4.5e-7
"""For each candle, of the interval or of the detail, that columns are made of."""
_DAYS_OF_MONTH = 30
_BYTES = 2.5e8
"""Of this process, and of the one that starts workers, as measured by benchmarks/sweep.py."""
_BYTES_A_WORKER = 1.8e8
_BYTES_A_CANDLE = 24
"""Of each worker, for each candle of a month."""
_BYTES_A_DAY = 64
"""Of each setting's results, while they are judged."""


@dataclass(frozen=True, slots=True)
class SearchEstimate:
    """How large a search is, and about what it takes."""

    settings: int
    candles: int
    """Of all intervals together."""
    seconds: float
    """By so many workers, on a machine that does nothing else; of candles in columns already."""
    first: float
    """Seconds that making columns takes, where nobody has searched these candles before."""
    memory: float
    """Bytes of all processes together."""


def seconds_of(candles: int, months: int, signal_sets: int, settings: int) -> float:
    """Return about how many seconds one core needs for so many of each."""
    return signal_sets * (candles * _PER_CANDLE + months * _PER_MONTH) + (
        settings * candles * _PER_PLAN
    )


def estimate(
    history: SearchedHistory,
    variants: Sequence[Variant],
    days: range,
    workers: int,
    detail: Interval | None = None,
) -> SearchEstimate:
    """Return about what a search of these variants takes; trades end by candles of `detail`."""
    start, end = days.start * DAY, days.stop * DAY
    candles, most, columns, seconds = 0, 0, 0, 0.0
    sets = {x.signal for x in variants}
    for interval in {x.interval for x in sets}:
        spans = (history.span(x, interval) for x in history.symbols(interval))
        lengths = (min(end, x[1]) - max(start, x[0]) for x in spans if x is not None)
        own = sum(max(length, 0) // interval.milliseconds for length in lengths)
        candles += own
        columns += own
        if detail not in (None, interval):
            columns += own * interval.milliseconds // detail.milliseconds
        most = max(most, own)
        seconds += seconds_of(
            own,
            -(-len(days) // _DAYS_OF_MONTH),
            sum(x.interval is interval for x in sets),
            sum(x.signal.interval is interval for x in variants),
        )
    of_month = most * _DAYS_OF_MONTH / len(days)
    return SearchEstimate(
        len(variants),
        candles,
        seconds / workers,
        columns * _PER_COLUMN / workers,
        _BYTES
        + workers * (_BYTES_A_WORKER + of_month * _BYTES_A_CANDLE)
        + len(variants) * len(days) * _BYTES_A_DAY,
    )
