"""Divergences of a block measured: their places, prices and figures, one per row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.signals import Divergence, Kind, Signal, Stance
from divbot.kernels.analysis import Analysis
from divbot.kernels.divergence import (
    HIDDEN_BEARISH,
    HIDDEN_BULLISH,
    KIND,
    PIVOT,
    PREVIOUS,
    REGULAR_BEARISH,
    REGULAR_BULLISH,
    SYMBOL,
)
from divbot.kernels.sight import lines_of_sight
from divbot.scanner.block import Block
from divbot.scanner.signals.plan import PlanRules, stop_and_target
from divbot.scanner.signals.score import TREND_BARS

Plans = tuple[Floats, Floats]

KINDS = {
    REGULAR_BULLISH: Kind.REGULAR_BULLISH,
    HIDDEN_BULLISH: Kind.HIDDEN_BULLISH,
    REGULAR_BEARISH: Kind.REGULAR_BEARISH,
    HIDDEN_BEARISH: Kind.HIDDEN_BEARISH,
}


def divergences_of(block: Block, analysis: Analysis, divergences: Integers) -> Iterator[Divergence]:
    """Yield `divergences`, rows of a kernel, by symbol, kind and times, in their order."""
    columns = divergences[:, SYMBOL]
    places = divergences[:, PREVIOUS], divergences[:, PIVOT], analysis.confirmed(divergences)
    times = (block.open_times(rows, columns).tolist() for rows in places)
    for column, kind, *moments in zip(
        columns.tolist(), divergences[:, KIND].tolist(), *times, strict=True
    ):
        yield Divergence(block.symbols[column], KINDS[kind], *moments)


def signals_of(block: Block, analysis: Analysis, divergences: Integers) -> tuple[Signal, ...]:
    """Return `divergences` with the figures around them, in their order."""
    column, previous, pivot = (divergences[:, x] for x in (SYMBOL, PREVIOUS, PIVOT))
    confirmed = analysis.confirmed(divergences)
    last = last_rows(block)[column]
    close = block.close[confirmed, column]
    figures = {
        "rsi_previous": analysis.rsi[previous, column],
        "rsi": analysis.rsi[pivot, column],
        "price_previous": prices_at(block, divergences, PREVIOUS),
        "price": prices_at(block, divergences, PIVOT),
        "confirmed_close": close,
        "confirmed_atr": analysis.atr[confirmed, column],
        "highest_since": _since(block.high, confirmed, column, close, np.fmax),
        "lowest_since": _since(block.low, confirmed, column, close, np.fmin),
        "last_close": block.close[last, column],
        "last_atr": analysis.atr[last, column],
        "extreme": extremes(analysis, divergences),
        "trend": trends(block, analysis, divergences),
        "line_of_sight": clearness(block, analysis, divergences),
    }
    rows = zip(*(values.tolist() for values in figures.values()), strict=True)
    return tuple(
        Signal(divergence, **dict(zip(figures, row, strict=True)))
        for divergence, row in zip(divergences_of(block, analysis, divergences), rows, strict=True)
    )


def last_rows(block: Block) -> Integers:
    """Return the row of each symbol's newest candle."""
    present = block.close == block.close
    rows: Integers = len(present) - 1 - present[::-1].argmax(axis=0)
    return rows


def _since(
    prices: Floats, confirmed: Integers, column: Integers, close: Floats, extreme: np.ufunc
) -> Floats:
    """Return the extreme of the candles after each confirming one; of none, its close."""
    from_here: Floats = extreme.accumulate(prices[::-1])[::-1]
    after = np.append(from_here[1:], np.full_like(prices[:1], np.nan), axis=0)[confirmed, column]
    return np.where(np.isnan(after), close, after)


def plans(block: Block, analysis: Analysis, divergences: Integers, rules: PlanRules) -> Plans:
    """Return stop and target of each divergence, unrounded."""
    columns, confirmed = divergences[:, SYMBOL], analysis.confirmed(divergences)
    return stop_and_target(
        sides(divergences).astype(np.float64),
        prices_at(block, divergences, PIVOT),
        block.close[confirmed, columns],
        analysis.atr[confirmed, columns],
        rules,
    )


def sides(divergences: Integers) -> Integers:
    """Return 1 for each divergence that says to buy, -1 for each that says to sell."""
    return np.where(divergences[:, KIND] <= HIDDEN_BULLISH, 1, -1)


def prices_at(block: Block, divergences: Integers, pivot: int) -> Floats:
    """Return the price at each divergence's PREVIOUS or PIVOT: the low to buy, the high to sell."""
    row, column = divergences[:, pivot], divergences[:, SYMBOL]
    return np.where(sides(divergences) > 0, block.low[row, column], block.high[row, column])


def extremes(analysis: Analysis, divergences: Integers) -> Floats:
    """Return the more extreme RSI of the two pivots; of a short, 100 less it."""
    first = analysis.rsi[divergences[:, PREVIOUS], divergences[:, SYMBOL]]
    second = analysis.rsi[divergences[:, PIVOT], divergences[:, SYMBOL]]
    is_long = sides(divergences) > 0
    return np.where(is_long, np.minimum(first, second), 100 - np.maximum(first, second))


def trends(block: Block, analysis: Analysis, divergences: Integers) -> Floats:
    """Return how far the price went in each divergence's direction, up to its confirming close.

    Over TREND_BARS candles, in ATRs times their square root: what chance makes of a price is about
    0.6. 0 where a candle or the ATR is missing.
    """
    column, row = divergences[:, SYMBOL], analysis.confirmed(divergences)
    return sides(divergences) * _ways(block, analysis, row, column)


def _ways(block: Block, analysis: Analysis, row: Integers, column: Integers) -> Floats:
    """Return how far the price of each column went up to the close at its row; see trends."""
    went = block.close[row, column] - block.close[np.maximum(row - TREND_BARS, 0), column]
    with np.errstate(divide="ignore", invalid="ignore"):
        way = went / (analysis.atr[row, column] * math.sqrt(TREND_BARS))
    return np.where(np.isfinite(way), way, 0.0)


def stances_of(
    block: Block, analysis: Analysis, divergences: Integers, horizon: int
) -> dict[str, Stance]:
    """Return what the candles say of each symbol now; a divergence counts for `horizon` candles.

    Of several that one candle confirmed, the kernel's last one.
    """
    last = last_rows(block)
    columns = np.arange(len(last))
    confirmed = analysis.confirmed(divergences)
    order = np.argsort(confirmed, kind="stable")
    newest = {int(divergences[x, SYMBOL]): int(x) for x in order}
    opens = block.open_times(last, columns).tolist()
    ways = _ways(block, analysis, last, columns).tolist()
    found = {}
    for column, symbol in enumerate(block.symbols):
        stance = Stance(
            block.interval, block.interval.close_of(opens[column]), round(ways[column], 3)
        )
        place = newest.get(column)
        age = 0 if place is None else int(last[column] - confirmed[place])
        if place is not None and age <= horizon:
            stance = replace(stance, kind=KINDS[int(divergences[place, KIND])], age=age)
        found[symbol] = stance
    return found


def clearness(block: Block, analysis: Analysis, divergences: Integers) -> Floats:
    """Return how clear the lines from pivot to pivot of each divergence are: 1, 0.5 or 0."""
    lines = np.column_stack([divergences[:, [SYMBOL, PREVIOUS, PIVOT]], sides(divergences)])
    return lines_of_sight(lines, analysis.rsi, block.high, block.low, block.close)
