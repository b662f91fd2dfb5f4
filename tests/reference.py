"""A slow, obvious twin of every kernel, for one symbol: the specification that can be run.

Candles that the venue never made are simply not in the lists, as on a chart; where time matters,
`step` gives the number of each candle on the interval's grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from divbot.kernels.indicator import Indicator


def wilder(values: list[float], n: int) -> list[float | None]:
    """The plain mean of the first n values, then Wilder's smoothing."""
    averages: list[float | None] = []
    total = 0.0
    for i, value in enumerate(values):
        if i < n:
            total += value
            averages.append(total / n if i == n - 1 else None)
        else:
            averages.append((averages[-1] * (n - 1) + value) / n)
    return averages


def rsi(close: list[float], n: int = 14) -> list[float | None]:
    changes = [b - a for a, b in pairwise(close)]
    ups = wilder([max(change, 0.0) for change in changes], n)
    downs = wilder([max(-change, 0.0) for change in changes], n)
    values: list[float | None] = [None] * min(1, len(close))
    for up, down in zip(ups, downs, strict=True):
        if up is None:
            values.append(None)
        elif down <= 1e-10:
            values.append(100.0)
        elif up <= 1e-10:
            values.append(0.0)
        else:
            values.append(100.0 - 100.0 / (1.0 + up / down))
    return values


def atr(high: list[float], low: list[float], close: list[float], n: int = 14) -> list[float | None]:
    ranges = []
    for i in range(len(close)):
        ranges.append(high[i] - low[i])
        if i > 0:
            ranges[i] = max(ranges[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
    return wilder(ranges, n)


def low_pivots(values: list[float | None], left: int = 5, right: int = 5) -> list[int]:
    found = []
    for p in range(left, len(values) - right):
        before = [x for x in values[p - left : p] if x is not None]
        after = values[p + 1 : p + 1 + right]
        if values[p] is None or None in after:
            continue
        if all(values[p] <= x for x in before) and all(values[p] < x for x in after):
            found.append(p)
    return found


def high_pivots(values: list[float | None], left: int = 5, right: int = 5) -> list[int]:
    return low_pivots([None if x is None else -x for x in values], left, right)


@dataclass(frozen=True, order=True)
class Event:
    """A divergence, by the numbers of its candles in the lists."""

    kind: str
    previous: int
    pivot: int


def divergences(
    strength: list[float | None],
    high: list[float],
    low: list[float],
    step: list[int],
    indicator: Indicator,
) -> list[Event]:
    left, right = indicator.pivot_left, indicator.pivot_right
    events = []
    lows = low_pivots(strength, left, right)
    for q, p in pairwise(lows):
        if low[p] < low[q] and strength[p] - strength[q] > 1e-10:
            events.append(Event("regular_bullish", q, p))
        if low[p] > low[q] and strength[q] - strength[p] > 1e-10:
            events.append(Event("hidden_bullish", q, p))
    highs = high_pivots(strength, left, right)
    for q, p in pairwise(highs):
        if high[p] > high[q] and strength[q] - strength[p] > 1e-10:
            events.append(Event("regular_bearish", q, p))
        if high[p] < high[q] and strength[p] - strength[q] > 1e-10:
            events.append(Event("hidden_bearish", q, p))
    return [
        event
        for event in events
        if indicator.range_min + 1 <= event.pivot - event.previous <= indicator.range_max + 1
        and event.previous >= left
        and step[event.pivot + right] - step[event.previous - left]
        == event.pivot - event.previous + left + right
    ]


@dataclass(frozen=True)
class Outcome:
    """How a trade ended: at which candle, and with what in multiples of a plain stop's loss."""

    outcome: str
    ended: int = -1
    result: float = math.nan


def outcome(
    candles: list[tuple[float, float, float, float] | None],
    confirmed: int,
    side: str,
    stop: float,
    target: float,
    *,
    fee: float,
    slippage: float,
    horizon: int,
) -> Outcome:
    """Trade one divergence on (open, high, low, close) by row; None where there is no candle."""
    entry = confirmed + 1
    if entry >= len(candles):
        return Outcome("unresolved")
    if candles[entry] is None:
        return Outcome("not entered")
    if side == "SELL":
        stop, target = -stop, -target

    def seen(row: int) -> tuple[float, float, float, float] | None:
        """A short is a long in a mirror, but for its costs: they are parts of the true price."""
        c = candles[row]
        return c and (-c[0], -c[2], -c[1], -c[3]) if side == "SELL" else c

    opened = seen(entry)[0]
    price = opened + abs(opened) * slippage
    way = price - stop
    stopped = stop - abs(stop) * slippage
    risk = price - stopped + fee * (abs(price) + abs(stopped))
    costs = 2 * fee * abs(price) + slippage * abs(price)
    if opened <= stop or price >= target or way <= 0 or way < costs:
        return Outcome("not entered")

    def ended(outcome: str, row: int, out: float) -> Outcome:
        paid = out if outcome == "target" else out - abs(out) * slippage
        profit = paid - price - fee * (abs(price) + abs(paid))
        return Outcome(outcome, row, profit / risk)

    for row in range(entry, len(candles)):
        if candles[row] is None:
            continue
        opened, high, low, close = seen(row)
        if row >= entry + horizon:
            return ended("expired", row, opened)
        if low <= stop:
            return ended("stop", row, min(opened, stop))
        if high > target:
            return ended("target", row, target)
        if row == entry + horizon - 1:
            return ended("expired", row, close)
    return Outcome("unresolved")


@dataclass(frozen=True)
class Plan:
    """How a signal is traded; fees, slippage and spread are parts of a price, times are ms."""

    side: int
    pivot: float
    close: float
    atr: float
    stop_atr: float = 0.5
    reward_risk: float = 2.0
    least_reward_risk: float = 0.0
    trail_atr: float | None = None
    holding: int = 100
    """Rows."""
    opposite: int | None = None
    """The row at whose open the next opposite signal is told."""
    until: int | None = None
    """The row from which on the candles are another contract's."""
    fee_in: float = 0.0
    fee: float = 0.0
    slippage: float = 0.0
    spread: float = 0.0
    leverage: int = 0


def followed(  # noqa: PLR0912 - one way out for each end
    candles: list[tuple[float, float, float, float] | None],
    plan: Plan,
    settlements: list[tuple[int, int, float, float]],
    *,
    length: int,
    report_rows: int,
) -> tuple[int, float] | None:
    """Trade one signal from row 0 on, look by look; return the row of its end, and its R.

    Row 0 opens at time 0; settlements are (due, known, rate, mark price or NaN).
    """
    s, half = plan.side, plan.spread / 2
    candles = [
        None if plan.until is not None and row >= plan.until else candle
        for row, candle in enumerate(candles)
    ]
    stop = plan.pivot - s * plan.stop_atr * plan.atr
    target = plan.close + plan.reward_risk * (plan.close - stop)
    if s * (plan.close - stop) <= 0 or stop <= 0 or target <= 0 or not candles:
        return None
    seen = [candles[0][0] if candles[0] else plan.close]
    price = seen[0] * (1 + s * half) * (1 + s * plan.slippage)
    stopped = stop * (1 - s * plan.slippage)
    risk, reward = s * (price - stop), s * (target - price)
    costs = 2 * plan.fee * price
    lost = s * (price - stopped) + plan.fee * (price + stopped)
    if risk <= 0 or reward <= 0 or risk < costs + plan.slippage * price:
        return None
    if reward - costs < plan.least_reward_risk * lost:
        return None

    first_stop = stop

    def liquidated_at() -> tuple[float, int]:
        for leverage in range(plan.leverage, 0, -1):
            limit = (price / leverage - s * price) / (0.025 - s)
            if limit <= 0 or s * (first_stop - limit) >= 0.05 * abs(price - limit) or leverage == 1:
                return limit, leverage
        return 0.0, 1

    def ended(row: int, out: float, *, by: str) -> tuple[int, float]:
        """`by` is look or candle, and whether it is a target."""
        if "target" not in by:
            out *= 1 - s * plan.slippage
        result = s * (out - price) - plan.fee_in * price - plan.fee * out
        limit, leverage = liquidated_at()
        if plan.leverage and "target" not in by and limit > 0 and s * (out - limit) <= 0:
            result = -price / leverage - plan.fee_in * price
        now = row * length
        for due, known, rate, mark in settlements:
            at = mark if not math.isnan(mark) else seen[min(due // length, row)]
            paid = -s * rate * at
            by_then = 0 < due <= now and ("candle" in by or known <= now)
            may_be = "candle" in by and now < due <= now + length - 60_000 and paid < 0
            result += paid if by_then or may_be else 0
        of_risk = s * (price - stopped) + plan.fee_in * price + plan.fee * stopped
        return row, result / of_risk

    last_row = 0 if candles[0] else -1
    for row, candle in enumerate(candles):
        if row > 0:
            before = candles[row - 1]
            seen.append(candle[0] if candle else before[3] if before else seen[-1])
            quote = seen[row] * (1 - s * half)
            if s * (stop - quote) >= 0:
                return ended(row, quote, by="look")
            if s * (quote - target) >= 0:
                return ended(row, target, by="look target")
            is_silent = not candle and row % report_rows == 0
            is_gone = is_silent and (row - last_row) * length > 86_400_000
            if row in (plan.holding, plan.opposite) or is_gone:
                return ended(row, quote, by="look")
        if candle is None:
            continue
        last_row = row
        opened, high, low, _ = candle
        adverse, favourable = (low, high) if s > 0 else (high, low)
        if (row > 0 or s * (opened - adverse) > 0) and s * (stop - adverse) >= 0:
            return ended(row, min(stop * s, opened * s) * s, by="candle")
        if row > 0 or s * (favourable - opened) > 0:
            if s * (favourable - target) > 0:
                return ended(row, target, by="candle target")
            if plan.trail_atr is not None:
                moved = favourable - s * plan.trail_atr * plan.atr
                stop = moved if s * (moved - stop) > 0 else stop
    return None
