"""One symbol looked at closely: its candles, its RSI, and all its divergences with their ends.

What a chart shows. The same kernels and rules as in a scan, on the same candles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.candle_arrays import Candles
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence
from divbot.kernels.analysis import Analysis, analyse
from divbot.kernels.divergence import PIVOT, PREVIOUS
from divbot.recordings.grid import steps_of
from divbot.scanner.block import Block, build_block
from divbot.scanner.evidence.samples import OUTCOMES
from divbot.scanner.evidence.trial import try_divergences
from divbot.scanner.signals.measurement import divergences_of, plans, prices_at
from divbot.scanner.signals.plan import PlanRules


@dataclass(frozen=True, slots=True)
class TriedDivergence:
    """A divergence, and what became of it as a trade; times are open times of candles, ms UTC."""

    divergence: Divergence
    rsi_previous: float
    rsi: float
    price_previous: float
    price: float
    """At the two pivots."""
    stop: float
    target: float
    outcome: str
    """One of evidence.samples.OUTCOMES."""
    ended: int | None
    """The candle in which it ended; None without an end."""
    result: float | None
    """In R, after fees and slippage; None without an end."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Arrays with one element for each step of the interval; NaN where there is no candle."""

    symbol: str
    interval: Interval
    open_time: Integers
    """ms UTC."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """In the base asset."""
    rsi: Floats
    atr: Floats
    divergences: tuple[TriedDivergence, ...]
    """All that pass the warm-up rule, in the order of confirmation."""


def examine(
    symbol: str, candles: Candles, interval: Interval, rows: int, rules: PlanRules
) -> Examination:
    """Return what the newest `rows` steps of `candles`, of which there are some, show."""
    block = build_block({symbol: candles}, interval, rows)
    analysis = analyse(block.high, block.low, block.close, rules.indicator)
    steps = np.arange(len(block.close))
    volume = np.full(len(steps), np.nan)
    rows_of = steps_of(candles.open_time, interval) - block.first_step
    volume[rows_of[rows_of >= 0]] = candles.volume[rows_of >= 0]
    return Examination(
        symbol=symbol,
        interval=interval,
        open_time=block.open_times(steps, np.zeros_like(steps)),
        open=block.open[:, 0],
        high=block.high[:, 0],
        low=block.low[:, 0],
        close=block.close[:, 0],
        volume=volume,
        rsi=analysis.rsi[:, 0],
        atr=analysis.atr[:, 0],
        divergences=tuple(_tried(block, analysis, analysis.after_warm_up(), rules)),
    )


def _tried(
    block: Block, analysis: Analysis, divergences: Integers, rules: PlanRules
) -> Iterator[TriedDivergence]:
    samples = try_divergences(block, analysis, divergences, rules)
    previous, pivot = divergences[:, PREVIOUS], divergences[:, PIVOT]
    ended = block.open_times(analysis.confirmed(divergences) + samples.held, np.zeros_like(pivot))
    stops, targets = plans(block, analysis, divergences, rules)
    earlier, later = prices_at(block, divergences, PREVIOUS), prices_at(block, divergences, PIVOT)
    for row, divergence in enumerate(divergences_of(block, analysis, divergences)):
        has_ended = bool(samples.held[row])
        yield TriedDivergence(
            divergence=divergence,
            rsi_previous=float(analysis.rsi[previous[row], 0]),
            rsi=float(analysis.rsi[pivot[row], 0]),
            price_previous=float(earlier[row]),
            price=float(later[row]),
            stop=float(stops[row]),
            target=float(targets[row]),
            outcome=OUTCOMES[samples.outcome[row]],
            ended=int(ended[row]) if has_ended else None,
            result=float(samples.result[row]) if has_ended else None,
        )
