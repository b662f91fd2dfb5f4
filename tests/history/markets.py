"""Small markets for the store."""

from __future__ import annotations

from typing import Any

import numpy as np

from divbot.domain.clock import parse_time
from divbot.domain.market import Interval
from divbot.recordings.track import Track

START = parse_time("2024-01-30")
HOUR = 3_600_000
DAY = 24 * HOUR


def candles(
    count: int = 100,
    *,
    symbol: str = "BTCUSDT",
    start: int = START,
    interval: Interval = Interval.H1,
    seed: int = 1,
    **columns: Any,
) -> Track:
    """Return `count` candles in a row; `columns` replace some of theirs."""
    random = np.random.default_rng(seed)
    opened = np.round(100 + random.normal(size=count).cumsum() / 50, 4)
    close = np.round(opened + random.normal(size=count) / 50, 4)
    volume = np.round(random.uniform(0, 1000, count), 3)
    values: dict[str, Any] = {
        "open_time": start + interval.milliseconds * np.arange(count),
        "open": opened,
        "high": np.maximum(opened, close) + 0.25,
        "low": np.minimum(opened, close) - 0.25,
        "close": close,
        "volume": volume,
        "quote_volume": np.round(volume * opened, 4),
        "trades": np.rint(volume),
        "taker_volume": volume / 2,
        "taker_quote_volume": np.round(volume * opened / 2, 4),
    }
    return Track(symbol, "a test", **(values | columns))


def equal(one: Track, other: Track) -> bool:
    """Tell whether two tracks hold the same candles, to the last bit."""
    names = ("open_time", "open", "high", "low", "close", "volume")
    optional = ("quote_volume", "trades", "taker_volume", "taker_quote_volume")
    pairs = [(getattr(one, x), getattr(other, x)) for x in (*names, *optional)]
    return all(
        a is b if a is None or b is None else np.array_equal(a, b, equal_nan=True) for a, b in pairs
    )
