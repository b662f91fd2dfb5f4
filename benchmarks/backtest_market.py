"""Synthetic markets, written to stores for backtest.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from divbot.domain.market import Interval
from divbot.history.columns import month_at, steps_of_month
from divbot.history.parts import RowSource
from divbot.history.store import Store
from divbot.recordings.track import Track

_MINUTE = Interval.M1.milliseconds
START = 1_672_531_200_000
"""2023-01-01."""
_SOURCE = RowSource("benchmark")


def fill(store: Store, symbols: int, months: int, *, with_minutes: bool = True) -> None:
    """Write candles of 5m, and of 1m, as far as they are not there yet."""
    first = month_at(START)
    spans = [steps_of_month(first + x, Interval.M1) for x in range(months)]
    with store.locked():
        for symbol in (f"S{number:03}USDT" for number in range(symbols)):
            there = store.span(symbol, Interval.M5)
            for begin, end in spans:
                if there is None or begin * _MINUTE >= there.end:
                    minutes = _walk(symbol, begin * _MINUTE, end * _MINUTE, Interval.M1)
                    if with_minutes:
                        store.write(symbol, Interval.M1, minutes, _SOURCE)
                    store.write(symbol, Interval.M5, _joined(minutes), _SOURCE)


def fill_with(store: Store, symbols: Iterable[str], interval: Interval, candles: int) -> None:
    """Write so many candles of each symbol to an empty store."""
    end = START + candles * interval.milliseconds
    with store.locked():
        for symbol in symbols:
            store.write(symbol, interval, _walk(symbol, START, end, interval), _SOURCE)


def _walk(symbol: str, start: int, end: int, interval: Interval) -> Track:
    seed = int.from_bytes(hashlib.sha256(f"{symbol} {start}".encode()).digest()[:8], "big")
    random = np.random.default_rng(seed)
    times = np.arange(start, end, interval.milliseconds)
    of_each = 0.0009 * (interval.milliseconds / _MINUTE) ** 0.5
    moves = random.normal(0, of_each, len(times)).cumsum()
    close = np.round(100 * np.exp(moves - np.linspace(0, moves[-1], len(moves))), 3)
    opened = np.concatenate([close[:1], close[:-1]])
    noise = random.exponential(0.02, (2, len(times)))
    high = np.round(np.maximum(opened, close) + noise[0], 3)
    low = np.round(np.minimum(opened, close) - noise[1], 3)
    volume = np.round(random.exponential(200.0 * (1 + seed % 97), len(times)), 1)
    return Track(
        symbol, "made", times, opened, high, low, close, volume, np.round(volume * close, 2)
    )


def _joined(minutes: Track) -> Track:
    """Return candles of five minutes."""

    def fives(values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, 5)

    assert minutes.quote_volume is not None
    return Track(
        minutes.symbol,
        minutes.source,
        fives(minutes.open_time)[:, 0],
        fives(minutes.open)[:, 0],
        fives(minutes.high).max(axis=1),
        fives(minutes.low).min(axis=1),
        fives(minutes.close)[:, -1],
        fives(minutes.volume).sum(axis=1),
        fives(minutes.quote_volume).sum(axis=1),
    )
