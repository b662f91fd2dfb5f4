"""What many plans make of each signal, in one pass over its candles.

The rules are those of the trader on a virtual clock (divbot.trading.engine, divbot.research.venue),
in floats: prices are not rounded to ticks. A look is at the open of each row.

- The entry is at the quote of its row, the last price with half a spread against the trader, worse
  by the slippage. There is none where that is beyond stop or target, where the way to the stop is
  less than what the trade costs, or where it promises too little.
- At each later look first the quote may stop it or bring it to its target; then, at its end or at
  an opposite signal, it is closed at the quote. Then comes the row's candle: a stop is touched at
  its price and fills at the worse of stop and open, a target is reached once the market trades
  beyond it; stop before target. Then a trailing stop follows.
- In the row of the entry only what goes beyond its open came after the entry.
- A stop that would fill beyond the liquidation price is a liquidation: all its margin is lost.
- Funding that was due by then is paid; of what was due within the last row only what costs.
- Results are in R, the loss of a plain stop with its costs (divbot.domain.risk).

Theory of operation. In a mirror, where a short trade is a long one, a stop is touched in the first
row whose lowest price so far is at or below it: running extremes only fall or rise, so that they
are made once for a signal, as far as some plan needs them, and each plan finds its rows by
bisection. Stops that move are followed row by row.

Gaps. NaN marks a missing candle: its quote is the last price. What is silent for more than a day is
closed at the next report's quote.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.kernels.jit import jit

SYMBOL, ENTRY, SIDE, KIND, UNTIL, OPPOSITE = range(6)
"""The columns of a signal: its symbol's line, the row of the entry, 1 to buy and -1 to sell, its
kind, the row from which on the candles are another contract's, and that of the next opposite
signal (a row beyond all others: none)."""
PIVOT, CLOSE, ATR = range(3)
"""Its prices: the extreme of the later pivot, the confirming close, the ATR there."""
STOP_ATR, REWARD_RISK, LEAST_REWARD_RISK, TRAIL_ATR, HOLDING, ON_OPPOSITE, KINDS = range(7)
FEE_IN, FEE, SLIPPAGE, LEVERAGE = range(7, 11)
"""The columns of a plan. TRAIL_ATR is NaN where the stop stays; HOLDING counts rows; KINDS has a
bit for each kind that is traded; FEE_IN is the entry's fee as a part of what is then held, FEE that
of every fill; LEVERAGE is the most, 0 where there is none."""
DUE, KNOWN, RATE, MARK = range(4)
"""The columns of a settlement: when it was due and known (ms UTC), its rate, its price or NaN."""

_MINUTE, _DAY = 60_000, 86_400_000
_AT_ONCE = 32
"""Rows by which running extremes are made longer."""
_FAR = 1e9
"""A row beyond all others."""
_MAINTENANCE = 0.025
_BUFFER = 0.05
"""Both as divbot.domain.margin and divbot.trading.engine.sizing have them."""

# Of each row, in a mirror for short trades: what a position could be closed at as it opens, the
# last price then, the lowest and the highest price in it; and the extremes of all so far.
_QUOTE, _SEEN, _LOW, _HIGH, _WORST, _BEST, _BEST_QUOTE = range(7)
_LAST_PRICE, _LAST_ROW, _SILENT = range(3)
_LOOK, _TARGET = 1, 2
"""How a trade ends: at a look's quote, not in a candle; at its target."""


class PathPrices(NamedTuple):
    """Candles of some symbols, each array of shape (symbols, rows); NaN for what is missing."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    first_open: int
    """When the first row opens, ms UTC."""
    length: int
    """Of a candle, in ms."""
    report_rows: int
    """Rows between two reports."""
    spread: Floats
    """Of each symbol, from bid to ask, as a part of the price."""
    settlements: Floats
    """In the order of time, symbol by symbol, shape (settlements, 4)."""
    settled_from: Integers
    """By symbol where its settlements begin; and one more: the end."""


def results_of(
    signals: Integers, levels: Floats, plans: Floats, prices: PathPrices
) -> tuple[Integers, Floats]:
    """Return the row in which each trade ended, and its result in R, both (plans, signals).

    `signals` is of shape (signals, 6), `levels` of shape (signals, 3), `plans` of shape (plans,
    11). The row is -1 and the result NaN where nothing was entered, or the rows end before.
    """
    ended = np.full((len(plans), len(signals)), -1, np.int64)
    results = np.full(ended.shape, np.nan)
    longest = int(plans[:, HOLDING].max()) if len(plans) else 0
    path = np.empty((7, min(longest, prices.open.shape[1]) + 1))
    _follow_each(signals, levels, plans, *prices, path, ended, results)
    return ended, results


@jit
def _follow_each(
    signals: Integers,
    levels: Floats,
    plans: Floats,
    opened: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    first_open: int,
    length: int,
    report_rows: int,
    spread: Floats,
    settlements: Floats,
    settled_from: Integers,
    path: Floats,
    ended: Integers,
    results: Floats,
) -> None:
    """Fill `ended` and `results`; `path` is room for one signal's rows."""
    bars = opened.shape[1]
    state = np.empty(3)
    for k in range(len(signals)):
        s, entry, side = signals[k, SYMBOL], signals[k, ENTRY], signals[k, SIDE]
        if entry >= bars or entry >= signals[k, UNTIL]:
            continue
        there = min(bars - entry, path.shape[1])
        own = min(signals[k, UNTIL] - entry, there)
        lines = opened[s, entry:], high[s, entry:], low[s, entry:], close[s, entry:]
        sight = lines, own, side, spread[s] / 2.0, _DAY // length, report_rows
        state[_LAST_PRICE], state[_LAST_ROW], state[_SILENT] = levels[k, CLOSE], -1.0, np.inf
        built = _extend(path, 0, 1, sight, state)
        paid = settlements[settled_from[s] : settled_from[s + 1]]
        for v in range(len(plans)):
            plan = plans[v]
            stop = side * levels[k, PIVOT] - plan[STOP_ATR] * levels[k, ATR]
            way = side * levels[k, CLOSE] - stop
            target = side * levels[k, CLOSE] + plan[REWARD_RISK] * way
            asked = side * path[_SEEN, 0] * (1.0 + side * spread[s] / 2.0)
            price = asked * (1.0 + side * plan[SLIPPAGE])
            is_asked_for = (int(plan[KINDS]) >> signals[k, KIND]) & 1 > 0
            if not (is_asked_for and _is_worth_it(price, way, stop, target, side, plan)):
                continue
            end = int(plan[HOLDING])
            if plan[ON_OPPOSITE] > 0.0:
                end = min(end, signals[k, OPPOSITE] - entry)
            trail = plan[TRAIL_ATR] * levels[k, ATR]
            built, found = _end_of(path, built, there, sight, state, end, stop, target, trail)
            row, how, out = found
            if row < 0:
                continue
            if not how & _TARGET:
                out *= 1.0 - side * plan[SLIPPAGE]
            result = _profit(price, side * out, side, plan, stop, how)
            result += _funding(path, paid, first_open + entry * length, row, how, side, length)
            ended[v, k] = entry + row
            results[v, k] = result / _risk(price, side * stop, side, plan)


@jit
def _end_of(
    path: Floats,
    built: int,
    there: int,
    sight: Any,
    state: Floats,
    end: int,
    stop: float,
    target: float,
    trail: float,
) -> tuple[int, tuple[int, int, float]]:
    """Return how many rows are made by now, and in which a trade ends, how, and at what price.

    The price is in the mirror, without slippage. A row of -1: those that are `there` do not tell.
    """
    row = 0
    while True:
        limit = min(end, int(min(state[_SILENT], _FAR)))
        known = min(built, limit)
        if trail != trail:
            found = _fixed(path, known, stop, target)
        else:
            found, stop = _moving(path, row, known, stop, target, trail)
            row = known
        if found[0] >= 0:
            return built, found
        if built > limit:
            # At its end it is closed at the quote, unless that is beyond its target.
            if path[_QUOTE, limit] >= target:
                return built, (limit, _LOOK | _TARGET, target)
            return built, (limit, _LOOK, path[_QUOTE, limit])
        if built >= there:
            return built, (-1, 0, 0.0)
        built = _extend(path, built, min(built + _AT_ONCE, there), sight, state)


@jit
def _extend(
    path: Floats,
    built: int,
    until: int,
    sight: Any,
    state: Floats,
) -> int:
    """Make the rows from `built` to before `until`, and return `until`.

    `sight` are the symbol's open, high, low and close from the entry on, how many of these rows are
    its own, the side, half the spread, and the rows of a day and between two reports.
    """
    (opened, high, low, close), own, side, half, a_day, report_rows = sight
    for i in range(built, until):
        present = i < own and close[i] == close[i]
        seen = opened[i] if present else state[_LAST_PRICE]
        path[_SEEN, i] = side * seen
        path[_QUOTE, i] = side * seen * (1.0 - side * half)
        path[_LOW, i], path[_HIGH, i] = np.inf, -np.inf
        if present:
            path[_LOW, i] = low[i] if side > 0 else -high[i]
            path[_HIGH, i] = high[i] if side > 0 else -low[i]
            state[_LAST_PRICE], state[_LAST_ROW] = close[i], i
        elif i % report_rows == 0 and i - state[_LAST_ROW] > a_day:
            state[_SILENT] = min(state[_SILENT], float(i))
        if i == 0:
            if path[_LOW, 0] >= path[_SEEN, 0]:
                path[_LOW, 0] = np.inf
            if path[_HIGH, 0] <= path[_SEEN, 0]:
                path[_HIGH, 0] = -np.inf
            path[_WORST, 0], path[_BEST, 0] = path[_LOW, 0], path[_HIGH, 0]
            path[_BEST_QUOTE, 0] = -np.inf
            continue
        path[_WORST, i] = min(path[_WORST, i - 1], path[_QUOTE, i], path[_LOW, i])
        path[_BEST, i] = max(path[_BEST, i - 1], path[_HIGH, i])
        path[_BEST_QUOTE, i] = max(path[_BEST_QUOTE, i - 1], path[_QUOTE, i])
    return until


@jit
def _fixed(path: Floats, rows: int, stop: float, target: float) -> tuple[int, int, float]:
    """Return the first of some rows that ends a trade whose stop stays; see `_end_of`."""
    last = rows - 1
    if rows == 0 or not _is_touched_by(path, last, stop, target):
        return -1, 0, 0.0
    first, end = 0, last
    while first < end:
        middle = (first + end) // 2
        if _is_touched_by(path, middle, stop, target):
            end = middle
        else:
            first = middle + 1
    how, out = _touched(path, first, stop, target)
    return first, how, out


@jit
def _moving(
    path: Floats, row: int, rows: int, stop: float, target: float, trail: float
) -> tuple[tuple[int, int, float], float]:
    """Return the same from `row` on where the stop follows, and where that is by then."""
    for i in range(row, rows):
        how, out = _touched(path, i, stop, target)
        if out == out:
            return (i, how, out), stop
        stop = max(stop, path[_HIGH, i] - trail)
    return (-1, 0, 0.0), stop


@jit
def _is_touched_by(path: Floats, row: int, stop: float, target: float) -> bool:
    """Tell whether a stop or a target was touched in `row` or before."""
    is_reached: bool = path[_BEST, row] > target or path[_BEST_QUOTE, row] >= target
    is_touched: bool = is_reached or path[_WORST, row] <= stop
    return is_touched


@jit
def _touched(path: Floats, row: int, stop: float, target: float) -> tuple[int, float]:
    """Tell how `row` ends a trade, and at what price; NaN: it does not."""
    if row > 0:
        if path[_QUOTE, row] <= stop:
            return _LOOK, path[_QUOTE, row]
        if path[_QUOTE, row] >= target:
            return _LOOK | _TARGET, target
    if path[_LOW, row] <= stop:
        return 0, min(stop, path[_SEEN, row])
    if path[_HIGH, row] > target:
        return _TARGET, target
    return 0, np.nan


@jit
def _is_worth_it(
    price: float, way: float, stop: float, target: float, side: int, plan: Floats
) -> bool:
    """Tell whether to enter at `price`; stop and target are in the mirror."""
    risk, reward = side * price - stop, target - side * price
    fees = 2.0 * plan[FEE] * price
    is_possible = way > 0.0 and side * stop > 0.0 and side * target > 0.0
    if not (is_possible and risk > 0.0 and reward > 0.0):
        return False
    out = side * stop * (1.0 - side * plan[SLIPPAGE])
    lost = side * (price - out) + plan[FEE] * (price + out)
    pays: bool = reward - fees >= plan[LEAST_REWARD_RISK] * lost
    return pays and risk >= float(fees + plan[SLIPPAGE] * price)


@jit
def _risk(price: float, stop: float, side: int, plan: Floats) -> float:
    out = stop * (1.0 - side * plan[SLIPPAGE])
    risk: float = side * (price - out) + plan[FEE_IN] * price + plan[FEE] * out
    return risk


@jit
def _profit(price: float, out: float, side: int, plan: Floats, stop: float, how: int) -> float:
    """Return what a trade of one piece came to, fees and all; `stop` is in the mirror."""
    if plan[LEVERAGE] > 0.0 and not how & _TARGET:
        leverage = _leverage(price, side * stop, side, plan[LEVERAGE])
        liquidation = _liquidation(price, side, leverage)
        if liquidation > 0.0 and side * (out - liquidation) <= 0.0:
            return -price / leverage - float(plan[FEE_IN]) * price
    profit: float = side * (out - price) - plan[FEE_IN] * price - plan[FEE] * out
    return profit


@jit
def _leverage(price: float, stop: float, side: int, most: float) -> float:
    """Return the most leverage whose liquidation lies beyond the stop, with a buffer."""
    leverage = most
    while leverage > 1.0:
        limit = _liquidation(price, side, leverage)
        if limit <= 0.0 or side * (stop - limit) >= _BUFFER * abs(price - limit):
            return leverage
        leverage -= 1.0
    return 1.0


@jit
def _liquidation(price: float, side: int, leverage: float) -> float:
    return (price / leverage - side * price) / (_MAINTENANCE - side)


@jit
def _funding(
    path: Floats, paid: Floats, at: int, row: int, how: int, side: int, length: int
) -> float:
    """Return what settlements brought until the look, or the candle, of `row`; below zero: cost."""
    now = at + row * length
    total = 0.0
    for j in range(np.searchsorted(paid[:, DUE], at, side="right"), len(paid)):
        due = paid[j, DUE]
        if due > now + length - _MINUTE:
            break
        price = paid[j, MARK]
        if price != price:
            price = side * path[_SEEN, int(min((due - at) // length, row))]
        amount = -side * paid[j, RATE] * price
        by_then = due <= now and paid[j, KNOWN] <= now
        is_paid = by_then if how & _LOOK else (due <= now or amount < 0.0)
        total += amount if is_paid else 0.0
    return total


def warm() -> None:
    """Compile or load the kernels, so that the first unit of work does not wait for them."""
    line = np.ones((1, 2))
    prices = PathPrices(
        *(line, line, line, line, 0, _MINUTE, 1),
        *(np.zeros(1), np.empty((0, 4)), np.zeros(2, np.int64)),
    )
    plan = np.zeros((1, 11))
    results_of(np.zeros((1, 6), np.int64), np.ones((1, 3)), plan, prices)
