"""Random price paths that are the same, to the last bit, on every machine.

Hazard: exp, log, pow and the usual normal generators come from the platform's mathematics library
and differ in their last bits between machines, and so does a sum whose order SIMD may change. Here
are only + - * / sqrt, comparisons and integer operations, which IEEE 754 defines exactly. Random
numbers are splitmix64 (Steele, Lea, Flood 2014) of a key and a counter.

Helpers stay in this file: numba's cache sees no change of a function in another file.
"""

from __future__ import annotations

import numpy as np

from divbot.arrays import Floats, Integers
from divbot.domain.durations import MINUTE
from divbot.exchange.market.tape import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    OPEN_TIME,
    QUOTE_VOLUME,
    TAKER_QUOTE_VOLUME,
    TAKER_VOLUME,
    TRADES,
    VOLUME,
    Rows,
)
from divbot.kernels.jit import jit

MINUTES = 1440
_SEGMENT = 180  # minutes of one mood: trend or range
_MOOD_DAYS = 14

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_S16, _S32, _S48 = np.uint64(16), np.uint64(32), np.uint64(48)
_LOW16 = np.uint64(0xFFFF)
_SHOCK_SCALE = 3.0**0.5 / 65536.0  # four uniforms of width 65536 have deviation 65536 / sqrt(3)
_SIXTEENTH = 1.0 / 65536.0

_MORNING = (1.25, 1.1, 1.0, 0.9, 0.85, 0.8, 0.8, 0.9, 1.0, 1.0, 0.95, 0.95)
_AFTERNOON = (1.05, 1.3, 1.5, 1.45, 1.35, 1.2, 1.05, 1.0, 0.95, 0.9, 0.85, 0.9)
_ACTIVITY = np.array((*_MORNING, *_AFTERNOON))
"""How lively each hour of the day is, UTC: the opening of New York most."""


@jit
def draw(key: np.uint64, counter: np.uint64) -> np.uint64:
    """Return 64 random bits."""
    z = key + counter * _GOLDEN
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@jit
def _shock(bits: np.uint64) -> float:
    """Return a number of mean 0 and deviation near 1, seldom a large one."""
    total = (bits & _LOW16) + ((bits >> _S16) & _LOW16) + ((bits >> _S32) & _LOW16)
    shock = (np.float64(total + (bits >> _S48)) - 131070.0) * _SHOCK_SCALE
    return shock * (2.6 if (bits & np.uint64(31)) == np.uint64(0) else 0.92)


@jit
def _part(bits: np.uint64, shift: np.uint64) -> float:
    """Return 16 of the bits as a number in [0, 1)."""
    return np.float64((bits >> shift) & _LOW16) * _SIXTEENTH


@jit
def _bounded(value: float, low: float, high: float) -> float:
    return low if value < low else (high if value > high else value)


@jit
def walk_market(key: np.uint64, sigma: float, out: Floats) -> None:
    """Fill `out`, shape (days, 2), with the market's return and deviation of each day."""
    for day in range(out.shape[0]):
        mood = _part(draw(key, np.uint64(2 * (day // _MOOD_DAYS) + 1)), _S16)
        spread = sigma * (0.5 + 1.6 * mood * mood)
        out[day, 0] = spread * _shock(draw(key, np.uint64(2 * day)))
        out[day, 1] = spread


@jit
def walk_days(
    key: np.uint64,
    market: Floats,
    price: float,
    beta: float,
    sigma: float,
    out: Floats,
) -> None:
    """Fill `out`, shape (days, 2), with a symbol's first price and deviation of each day.

    `market` is what `walk_market` gave; `price` is where the walk starts and what it is drawn
    back to, so that years of it stay within a small multiple; `sigma` is its own deviation.
    """
    heat = 1.0
    now = price
    for day in range(out.shape[0]):
        own = sigma * np.sqrt(heat)
        shock = _shock(draw(key, np.uint64(2 * day)))
        trend = _part(draw(key, np.uint64(2 * (day // _MOOD_DAYS) + 1)), _S32) - 0.5
        pull = 0.02 * (price - now) / (price + now)
        back = beta * market[day, 1]
        out[day, 0] = now
        out[day, 1] = np.sqrt(own * own + back * back)
        change = beta * market[day, 0] + own * (shock + 0.5 * trend) + pull
        now = now * (1.0 + _bounded(change, -0.3, 0.4))
        heat = _bounded(0.12 + 0.78 * heat + 0.1 * shock * shock, 0.3, 6.0)


@jit
def draw_market_minutes(key: np.uint64, sigma: float, out: Floats) -> None:
    """Fill `out`, shape (MINUTES,), with the market's returns; `sigma` is the day's deviation."""
    heat = 1.0
    scale = sigma / 38.0  # sqrt(1440)
    for minute in range(MINUTES):
        shock = _shock(draw(key, np.uint64(minute)))
        out[minute] = scale * _ACTIVITY[minute // 60] * np.sqrt(heat) * shock
        heat = 0.06 + 0.88 * heat + 0.06 * shock * shock


@jit
def _draw_path(
    key: np.uint64,
    market: Floats,
    first: float,
    sigma: float,
    beta: float,
    path: Floats,
    scales: Floats,
) -> None:
    """Fill `path` with prices at each minute's end, `scales` with each minute's deviation."""
    price = first
    heat = 1.0
    anchor = first
    drift = 0.0
    hold = 0.0
    for minute in range(MINUTES):
        bits = draw(key, np.uint64(3 * minute))
        if minute % _SEGMENT == 0:
            mood = draw(key, np.uint64(3 * minute + 2))
            is_range = (mood & np.uint64(1)) == np.uint64(0)
            hold = 0.02 if is_range else 0.0
            drift = 0.0 if is_range else (_part(mood, _S32) - 0.5) * 0.3
            anchor = price
        shock = _shock(bits)
        scale = sigma / 38.0 * _ACTIVITY[minute // 60] * np.sqrt(heat)
        change = beta * market[minute] + scale * (shock + drift)
        change -= hold * (price / anchor - 1.0)
        price = price * (1.0 + _bounded(change, -0.1, 0.1))
        path[minute] = price
        scales[minute] = scale
        heat = 0.05 + 0.87 * heat + 0.08 * shock * shock


@jit
def draw_day(
    keys: tuple[np.uint64, np.uint64],
    open_time: int,
    market: Floats,
    prices: tuple[float, float, float, float],
    trading: tuple[float, float, float, float, float],
    out: Rows,
) -> None:
    """Fill `out`, shape (MINUTES, COLUMNS), with the candles of one symbol and day.

    `keys`: of the path of closes, and of all else (wicks, volumes). `prices`: the day's first
    price, the next day's, the symbol's own deviation over the day, its beta. `trading`: units of
    price per 1, units of volume per 1, units of quote volume per 1, quote volume per minute,
    and the likelihood of a minute without a trade.
    """
    first, following, sigma, beta = prices
    price_units, volume_units, quote_units, turnover, quiet = trading
    path = np.empty(MINUTES)
    scales = np.empty(MINUTES)
    _draw_path(keys[0], market, first, sigma, beta, path, scales)
    # Bent so that the day ends where the next one begins; a factor keeps prices above zero.
    bend = (following / path[MINUTES - 1] - 1.0) / MINUTES
    before = first
    shown = np.int64(np.floor(first * price_units + 0.5))
    for minute in range(MINUTES):
        row = out[minute]
        row[OPEN_TIME] = open_time + minute * MINUTE
        after = path[minute] * (1.0 + bend * (minute + 1))
        after = following if minute == MINUTES - 1 else after
        wick = draw(keys[1], np.uint64(2 * minute))
        bits = draw(keys[1], np.uint64(2 * minute + 1))
        # The last minute of a day trades always, so that the next day can open at its close.
        if _part(bits, _S48) < quiet and minute < MINUTES - 1:
            row[OPEN:VOLUME] = shown
            row[VOLUME:] = 0
            continue
        start = shown
        gap = wick >> _S48
        if gap < np.uint64(2500):
            start += np.int64(1 if gap < np.uint64(1250) else -1)
        shown = np.int64(np.floor(after * price_units + 0.5))
        start = start if start > 1 else np.int64(1)
        shown = shown if shown > 1 else np.int64(1)
        row[OPEN] = start
        row[CLOSE] = shown
        _stretch(row, wick, before, after, 1.6 * scales[minute], price_units)
        move = after - before if after > before else before - after
        activity = _ACTIVITY[minute // 60]
        burst = 0.25 + 0.28 / (_part(bits, np.uint64(0)) + 0.04)
        spent = turnover * activity * burst * (0.5 + 0.6 * move / (before * scales[minute]))
        _trade(row, spent, bits, price_units, volume_units, quote_units)
        before = after


@jit
def _stretch(
    row: Integers,
    wick: np.uint64,
    before: float,
    after: float,
    reach: float,
    price_units: float,
) -> None:
    """Fill in high and low of a candle whose price moves from `before` to `after`.

    On its way, at each quarter of the minute, it swings by up to half of `reach` either way.
    """
    high = row[OPEN] if row[OPEN] > row[CLOSE] else row[CLOSE]
    low = row[OPEN] if row[OPEN] < row[CLOSE] else row[CLOSE]
    for quarter in range(1, 4):
        swing = reach * (_part(wick, np.uint64(16 * (quarter - 1))) - 0.5)
        level = before + (after - before) * (0.25 * quarter)
        step = np.int64(np.floor(level * (1.0 + swing) * price_units + 0.5))
        high = step if step > high else high
        low = step if step < low else low
    row[HIGH] = high
    row[LOW] = low if low > 1 else 1


@jit
def _trade(
    row: Integers,
    spent: float,
    bits: np.uint64,
    price_units: float,
    volume_units: float,
    quote_units: float,
) -> None:
    """Fill in volumes and trades of a candle on which about `spent` is traded."""
    mean = np.float64(row[OPEN] + row[HIGH] + row[LOW] + row[CLOSE]) * 0.25 / price_units
    volume = np.floor(spent / mean * volume_units) + 1.0
    side = 0.1 if row[CLOSE] > row[OPEN] else (-0.1 if row[CLOSE] < row[OPEN] else 0.0)
    taken = 0.5 + side + 0.4 * (_part(bits, _S16) - 0.5)
    taker = np.floor(volume * taken)
    row[VOLUME] = np.int64(volume)
    row[QUOTE_VOLUME] = np.int64(np.floor(volume / volume_units * mean * quote_units + 0.5))
    row[TRADES] = 1 + np.int64(spent / (200.0 + 600.0 * _part(bits, _S32)))
    row[TAKER_VOLUME] = np.int64(taker)
    row[TAKER_QUOTE_VOLUME] = np.int64(np.floor(taker / volume_units * mean * quote_units))
