"""Which alerts recorded candles are worth, said without divbot: PyneCore and a few comparisons.

What is compared is told in docs/scanning.md and docs/signals.md: the stop is half an ATR beyond the
later pivot, the target twice the way to it; an opportunity is one until either was touched; fewer
than 300 candles carry none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.oracles.pyne import ask

MAX_AGE = 5
LEAST = 300
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Series:
    """Candles of one symbol and interval, the oldest first."""

    open_time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


def read_market(path: Path) -> dict[str, pd.DataFrame]:
    """Return recorded candles by symbol."""
    found = pd.read_parquet(path).sort_values("open_time")
    return {str(symbol): rows for symbol, rows in found.groupby("symbol")}


def candles_of(rows: pd.DataFrame, milliseconds: int) -> Series:
    """Return the whole candles of that length that `rows`, which are shorter, come to."""
    opens = rows.open_time // milliseconds * milliseconds
    how: Any = {
        "open": "first",
        "high": "max",
        "low": "min",
        "close": "last",
        "volume": "sum",
        "open_time": "size",
    }
    found = rows.groupby(opens).agg(how)
    whole = found[found.open_time == found.open_time.max()]
    columns = [whole[x].to_numpy() for x in (*PRICES, "volume")]
    return Series(whole.index.to_numpy(), *columns)


def expected(
    series: Series, milliseconds: int, kinds: tuple[str, ...], tick: Decimal
) -> Mapping[tuple[str, int], tuple[int, ...]]:
    """Return at which closes (ms UTC) each divergence is worth an alert, by kind and candle."""
    answer = ask(*(getattr(series, x) for x in PRICES))
    found = {}
    for kind, _, pivot, bar in answer.divergences:
        if kind in kinds:
            ages = _open_at(series, kind, pivot, bar, float(answer.atr[bar]), tick)
            closes = tuple(int(series.open_time[bar + x]) + milliseconds for x in ages)
            if closes:
                found[kind, int(series.open_time[bar])] = closes
    return found


def _open_at(
    series: Series, kind: str, pivot: int, bar: int, atr: float, tick: Decimal
) -> list[int]:
    """Return at which ages stop and target have not been touched yet."""
    is_buy = kind.endswith("bullish")
    way = 1 if is_buy else -1
    stop = float((series.low if is_buy else series.high)[pivot]) - way * 0.5 * atr
    close = float(series.close[bar])
    target = close + 2 * (close - stop)
    if way * (close - stop) <= 0:
        return []
    below, above = (ROUND_FLOOR, ROUND_CEILING) if is_buy else (ROUND_CEILING, ROUND_FLOOR)
    levels = _rounded(stop, tick, below), _rounded(target, tick, above)
    if min(levels) <= 0:
        return []
    low, high = min(levels), max(levels)
    ages = []
    for age in range(min(MAX_AGE, len(series.close) - 1 - bar) + 1):
        since = slice(bar + 1, bar + age + 1)
        price = series.close[bar + age]
        lowest = min([price, *series.low[since]])
        highest = max([price, *series.high[since]])
        is_open = Decimal(repr(float(lowest))) > low and Decimal(repr(float(highest))) < high
        if is_open and bar + age + 1 >= LEAST:
            ages.append(age)
    return ages


def _rounded(price: float, tick: Decimal, rounding: str) -> Decimal:
    return (Decimal(repr(price)) / tick).to_integral_value(rounding) * tick
