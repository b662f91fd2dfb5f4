"""Every past divergence of a block tried as a trade; run by workers, who have the candles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from divbot.kernels.analysis import Analysis
from divbot.kernels.divergence import HIDDEN_BULLISH, KIND, PIVOT, PREVIOUS, SYMBOL
from divbot.kernels.outcomes import BEST, ENDED, FATE, RESULT, WORST, outcomes
from divbot.kernels.pivots import RIGHT
from divbot.scanner.block import Block
from divbot.scanner.cases import Cases
from divbot.scanner.likeness import trend_of, zone_of
from divbot.scanner.plan import TradeRules, stop_and_target

TREND_BARS = 100
"""Candles over which a trend is measured."""

Floats = NDArray[np.float64]
Events = NDArray[np.int64]


def try_divergences(block: Block, analysis: Analysis, events: Events, rules: TradeRules) -> Cases:
    """Return what became of each of `events`, entered at the open after its confirmation."""
    columns, confirmed = events[:, SYMBOL], events[:, PIVOT] + RIGHT
    side = sides(events)
    stop, target = stop_and_target(
        side.astype(np.float64),
        pivot_prices(block, events),
        block.close[confirmed, columns],
        analysis.atr[confirmed, columns],
        rules,
    )
    ends, results = outcomes(
        np.column_stack([columns, confirmed + 1, side]),
        np.column_stack([stop, target]),
        *(block.open, block.high, block.low, block.close),
        rules.fee,
        rules.slippage,
        rules.horizon,
    )
    return Cases(
        symbols=block.symbols,
        symbol=columns.astype(np.int16),
        kind=events[:, KIND].astype(np.int8),
        zone=zone_of(extremes(analysis, events)).astype(np.int8),
        trend=trend_of(trends(block, analysis, events)).astype(np.int8),
        fate=ends[:, FATE].astype(np.int8),
        entered=block.open_times(confirmed + 1, columns),
        held=np.maximum(ends[:, ENDED] - confirmed, 0).astype(np.int32),
        result=results[:, RESULT].astype(np.float32),
        best=results[:, BEST].astype(np.float32),
        worst=results[:, WORST].astype(np.float32),
    )


def sides(events: Events) -> Events:
    """Return 1 for each event that says to buy, -1 for each that says to sell."""
    return np.where(events[:, KIND] <= HIDDEN_BULLISH, 1, -1)


def pivot_prices(block: Block, events: Events) -> Floats:
    """Return the price at each event's later pivot: the low to buy, the high to sell."""
    row, column = events[:, PIVOT], events[:, SYMBOL]
    return np.where(sides(events) > 0, block.low[row, column], block.high[row, column])


def extremes(analysis: Analysis, events: Events) -> Floats:
    """Return the more extreme RSI of the two pivots; of a short, 100 less it."""
    first = analysis.rsi[events[:, PREVIOUS], events[:, SYMBOL]]
    second = analysis.rsi[events[:, PIVOT], events[:, SYMBOL]]
    is_long = sides(events) > 0
    return np.where(is_long, np.minimum(first, second), 100 - np.maximum(first, second))


def trends(block: Block, analysis: Analysis, events: Events) -> Floats:
    """Return how far the price went in each event's direction, up to its confirming close.

    Over TREND_BARS candles, in ATRs times their square root: what chance makes of a price is about
    0.6. 0 where a candle or the ATR is missing.
    """
    column, row = events[:, SYMBOL], events[:, PIVOT] + RIGHT
    went = block.close[row, column] - block.close[np.maximum(row - TREND_BARS, 0), column]
    with np.errstate(divide="ignore", invalid="ignore"):
        trend = sides(events) * went / (analysis.atr[row, column] * math.sqrt(TREND_BARS))
    return np.where(np.isfinite(trend), trend, 0.0)


def line_of_sight(block: Block, analysis: Analysis, event: NDArray[np.int64]) -> float:
    """Return how clear the lines from pivot to pivot are: 1, 0.5 or 0.

    One half for each of price and RSI: no close beyond the line of the prices between the pivots,
    no RSI beyond that of the RSI.
    """
    column, first, last = event[SYMBOL], event[PREVIOUS], event[PIVOT]
    is_long = event[KIND] <= HIDDEN_BULLISH
    prices = (block.low if is_long else block.high)[:, column]
    sign = 1.0 if is_long else -1.0
    clear = [
        _is_clear(sign * prices[[first, last]], sign * block.close[first : last + 1, column]),
        _is_clear(
            sign * analysis.rsi[[first, last], column],
            sign * analysis.rsi[first : last + 1, column],
        ),
    ]
    return sum(clear) / 2


def _is_clear(ends: Floats, between: Floats) -> bool:
    line = np.linspace(ends[0], ends[1], len(between))
    return bool((between[1:-1] >= line[1:-1]).all())
