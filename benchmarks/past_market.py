"""A synthetic market of years for past.py, in a module of its own: its workers import it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from divbot.domain.market import Interval, Market
from divbot.history.columns import month_at, steps_of_month
from divbot.history.funding import FundingTrack
from divbot.recordings.track import Track

STEP = Interval.M5.milliseconds
START = 1_672_531_200_000
"""2023-01-01."""


@dataclass(frozen=True)
class Synthetic:
    """Random walks of as many symbols, month by month, from seeds."""

    count: int
    months: int
    market: Market = Market.USDM

    def symbols(self, _: Interval) -> tuple[str, ...]:
        """Return their names."""
        return tuple(f"S{number:03}USDT" for number in range(self.count))

    def span(self, _: str, interval: Interval) -> tuple[int, int]:
        """Return whole months."""
        first = month_at(START)
        return START, steps_of_month(first + self.months, interval)[0] * STEP

    def version(self, symbol: str, interval: Interval, start: int, end: int) -> str:
        """Return something that is always the same."""
        begin, stop = self.span(symbol, interval)
        return f"{symbol} {start}" if start < stop and end > begin else ""

    def candles(self, symbol: str, _: Interval, start: int, end: int) -> Track:
        """Return a month, or a part of it."""
        seed = int.from_bytes(hashlib.sha256(f"{symbol} {start}".encode()).digest()[:8], "big")
        random = np.random.default_rng(seed)
        times = np.arange(start, end, STEP)
        moves = random.normal(0, 0.002, len(times)).cumsum()
        close = np.round(100 * np.exp(moves - moves.mean()), 4)
        opened = np.concatenate([close[:1], close[:-1]])
        noise = np.round(random.exponential(0.05, (2, len(times))), 4)
        high = np.maximum(opened, close) + noise[0]
        low = np.minimum(opened, close) - noise[1]
        volume = random.exponential(1000.0 * (1 + seed % 97), len(times))
        prices = (opened, np.round(high, 4), np.round(low, 4), close)
        return Track(symbol, "synthetic", times, *prices, volume, quote_volume=volume * close)

    def funding(self, *_: object) -> FundingTrack:
        """Return no settlement."""
        return FundingTrack.of([], [])
