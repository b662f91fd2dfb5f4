"""Every divergence of a month of history, and every place where a live window may show one.

A live scan looks at a window of candles that ends at the close; here a month is looked at as a
whole, with as many candles before it as a window has. So what is found depends on no range. What
the two show differs where a comparison hangs on the last digits of an RSI (see kernels.near): these
places are listed besides.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from divbot.arrays import Floats, Integers
from divbot.history.columns import CLOSE, HIGH, LOW, OPEN, Columns, month_name
from divbot.history.kept import name_of, used, write_array
from divbot.kernels import analysis as kernels
from divbot.kernels.analysis import Analysis, analyse
from divbot.kernels.divergence import KIND, PIVOT, PREVIOUS, SYMBOL
from divbot.kernels.indicator import Indicator
from divbot.kernels.near import DISTANCE, EXTREME, RISE, near_divergences
from divbot.kernels.near import PIVOT as NEAR_PIVOT
from divbot.kernels.near import SIDE as NEAR_SIDE
from divbot.kernels.near import SYMBOL as NEAR_SYMBOL
from divbot.kernels.rows import transposed
from divbot.scanner.block import Block
from divbot.scanner.evidence import trial
from divbot.scanner.signals import measurement
from divbot.scanner.signals.measurement import clearness, extremes, prices_at, sides, trends
from divbot.scanner.signals.score import TREND_BARS

UNSURE = -1
"""The kind of what may be a divergence of its side, or none."""
FOUND = np.dtype(
    [
        ("confirmed", np.int64),  # the step of the confirming candle
        ("symbol", np.int32),
        ("kind", np.int8),
        ("side", np.int8),
        ("candles", np.int32),  # of its life up to there, as far as a window reaches at least
        ("pivot", np.float64),  # the price at the later pivot
        ("close", np.float64),  # those of the confirming candle
        ("atr", np.float64),
        ("trend", np.float64),
        ("rsi", np.float64),  # the differences of the two pivots; the more extreme RSI
        ("distance", np.float64),
        ("extreme", np.float64),
        ("clear", np.float64),  # the lines of sight
    ]
)

_FORMAT = 3
TOGETHER = 64
"""Symbols that are looked at together: some 10 MB of each array."""
_DOUBT = 1e4
"""RSI points at the beginning of a window: 100 times what an RSI can be off, for averages that
began 100 times as large as they are."""

Found = NDArray[np.void]


def tolerance_of(indicator: Indicator) -> float:
    """Return how far the RSI at the end of a live window may be off that of a longer history.

    A fresh divergence has at least so many candles of its window before it.
    """
    reach = indicator.pivot_left + indicator.farthest + indicator.pivot_right
    before = indicator.minimum_candles - reach
    return max(float(_DOUBT * (1 - 1 / indicator.rsi_length) ** before), 1e-9)


def signals_of_month(
    columns: Columns, place: int, indicator: Indicator, limit: int, folder: Path
) -> Path:
    """Return the file of what was confirmed in the month at `place`; made if it is not there.

    `limit` is how many candles a live window has.
    """
    month = columns.months[place]
    start = max(month.first - overlap(limit), columns.first)
    parts = [x.path.name for x in columns.months if x.first < month.end and x.end > start]
    symbols = symbols_of(columns, place)
    rows = [life_rows(columns, x, start, month.end) for x in symbols]
    name = name_of(_FORMAT, sources(), parts, start, rows, astuple(indicator))
    path = folder / f"{month_name(month.number)}-{name}.signals.npy"
    if path.exists():
        used([path])
    else:
        ends = (start, month.first, month.end)
        found = [np.empty(0, FOUND)]
        for first in range(0, len(symbols), TOGETHER):
            part = _look(columns, symbols[first : first + TOGETHER], ends, indicator)
            part["symbol"] += first
            found.append(part)
            columns.let_go(columns.end)
        joined = np.concatenate(found)
        # Of two kinds at one candle the kernels' own order stays.
        order = np.lexsort((joined["symbol"], joined["confirmed"]))
        write_array(path, joined[order])
    return path


def symbols_of(columns: Columns, place: int) -> list[int]:
    """Return whom the places in the file of a month stand for."""
    number = columns.number
    return [number[x] for x in columns.months[place].symbols if x in number]


def overlap(limit: int) -> int:
    """Return how many rows are looked at before the first of a month."""
    return limit + TREND_BARS


@cache
def sources() -> str:
    """Return a hash of all that decides what is found, and of what counts outcomes."""
    files = kernels.__file__, trial.__file__, measurement.__file__
    folders = [Path(x).parent for x in files]
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sorted(path for folder in folders for path in folder.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _look(
    columns: Columns, symbols: list[int], ends: tuple[int, int, int], indicator: Indicator
) -> Found:
    """Return what is found of some symbols; `symbol` is the place among them."""
    block, owner = block_of(columns, symbols, ends[0], ends[2])
    if not len(owner):
        return np.empty(0, FOUND)
    analysis = analyse(block.high, block.low, block.close, indicator)
    events = analysis.after_warm_up()
    events = events[analysis.confirmed(events) >= ends[1] - ends[0]]
    near, possible = near_divergences(
        analysis.rsi, block.high, block.low, indicator, tolerance_of(indicator)
    )
    is_new = near[:, NEAR_PIVOT] + indicator.pivot_right >= ends[1] - ends[0]
    unsure = _unsure(block, analysis, near[is_new], possible[is_new])
    found = np.concatenate([_sure(block, analysis, events), unsure])
    found["symbol"] = owner[found["symbol"]]
    found["confirmed"] += ends[0]
    return found


def block_of(
    columns: Columns, symbols: list[int], first: int, end: int, *, with_open: bool = False
) -> tuple[Block, Integers]:
    """Return candles, each life in a column of its own; and whose each column is, by its place.

    Only for outcomes does anybody look at what a candle opened at; without, it is the close.
    """
    lines: list[tuple[int, int, int]] = []
    for line, symbol in enumerate(symbols):
        lines += [(line, *rows) for rows in life_rows(columns, symbol, first, end)]
    owner = np.array([line for line, _, _ in lines], np.int64)

    def laid(column: int) -> Floats:
        wide = columns.wide(symbols, column, first, end)
        own = np.full((len(lines), end - first), np.nan)
        for place, (line, start, stop) in enumerate(lines):
            own[place, start:stop] = wide[line, start:stop]
        return transposed(own)

    high, low, close = (laid(x) for x in (HIGH, LOW, CLOSE))
    opened = laid(OPEN) if with_open else close
    chosen = np.array(symbols, np.int64)[owner]
    names, offsets = tuple(columns.symbols[x] for x in chosen), columns.offsets[chosen]
    block = Block(names, columns.interval, first, offsets, opened, high, low, close)
    return block, owner


def life_rows(columns: Columns, symbol: int, first: int, end: int) -> list[tuple[int, int]]:
    """Return which rows from step `first` to before `end` each life of a symbol has."""
    found = []
    for life in columns.lives[symbol]:
        start = max(columns.step_of(life.start), first)
        stop = end if life.until is None else min(columns.step_of(life.until), end)
        if start < stop:
            found.append((start - first, stop - first))
    return found


def _sure(block: Block, analysis: Analysis, events: Integers) -> Found:
    column, confirmed = events[:, SYMBOL], analysis.confirmed(events)
    found = _at(block, analysis, column, confirmed, events)
    found["kind"] = events[:, KIND]
    found["side"] = sides(events)
    found["pivot"] = prices_at(block, events, PIVOT)
    found["distance"] = np.abs(found["pivot"] - prices_at(block, events, PREVIOUS))
    first, second = (analysis.rsi[events[:, x], column] for x in (PREVIOUS, PIVOT))
    found["rsi"] = np.abs(second - first)
    found["extreme"] = extremes(analysis, events)
    found["clear"] = clearness(block, analysis, events)
    return found


def _unsure(
    block: Block,
    analysis: Analysis,
    near: Integers,
    possible: Floats,
) -> Found:
    """Return places at which the former pivot is not known, with the most that is possible."""
    side = near[:, NEAR_SIDE]
    as_events = np.zeros((len(near), 5), np.int64)
    as_events[:, SYMBOL] = near[:, NEAR_SYMBOL]
    as_events[:, PREVIOUS] = as_events[:, PIVOT] = near[:, NEAR_PIVOT]
    as_events[:, KIND] = np.where(side > 0, 0, 2)
    found = _at(block, analysis, near[:, NEAR_SYMBOL], analysis.confirmed(as_events), as_events)
    found["kind"] = UNSURE
    found["side"] = side
    found["pivot"] = prices_at(block, as_events, PIVOT)
    found["rsi"], found["distance"] = possible[:, RISE], possible[:, DISTANCE]
    found["extreme"] = possible[:, EXTREME]
    found["clear"] = 1.0
    known: Found = found[found["close"] == found["close"]]
    return known


def _at(
    block: Block,
    analysis: Analysis,
    column: Integers,
    confirmed: Integers,
    events: Integers,
) -> Found:
    found = np.zeros(len(column), FOUND)
    found["confirmed"] = confirmed
    found["symbol"] = column
    found["candles"] = np.cumsum(block.close == block.close, axis=0, dtype=np.int32)[
        confirmed, column
    ]
    found["close"] = block.close[confirmed, column]
    found["atr"] = analysis.atr[confirmed, column]
    found["trend"] = trends(block, analysis, events)
    return found
