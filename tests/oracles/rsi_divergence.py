"""@pyne

RSI, ATR, the RSI's pivots and its divergences, in Pine. Python does not import this file: PyneCore
rewrites it and runs it bar by bar, and `pyne.ask` is the way in.

Every `ta.barssince` and `ta.valuewhen` stands in a statement of its own: each call keeps its own
state, and behind an `and` that stops early it would miss bars.
"""

from pynecore.lib import bar_index, close, high, low, na, script, ta
from pynecore.types import Series

LENGTH = 14
LOOKBACK_LEFT = 5
LOOKBACK_RIGHT = 5
RANGE_LOWER = 5
RANGE_UPPER = 60


def in_range(condition: bool) -> bool:
    bars = ta.barssince(condition)
    return RANGE_LOWER <= bars <= RANGE_UPPER


@script.indicator(title="RSI divergence oracle")
def main() -> dict[str, float]:
    rsi: Series[float] = ta.rsi(close, LENGTH)
    atr = ta.atr(LENGTH)
    pivot_bar = bar_index - LOOKBACK_RIGHT
    pivot_rsi = rsi[LOOKBACK_RIGHT]
    pivot_low = low[LOOKBACK_RIGHT]
    pivot_high = high[LOOKBACK_RIGHT]

    low_found: Series[bool] = not na(ta.pivotlow(rsi, LOOKBACK_LEFT, LOOKBACK_RIGHT))
    low_in_range = in_range(low_found[1])
    before_low = ta.valuewhen(low_found, pivot_low, 1)
    before_low_rsi = ta.valuewhen(low_found, pivot_rsi, 1)
    before_low_bar = ta.valuewhen(low_found, pivot_bar, 1)

    high_found: Series[bool] = not na(ta.pivothigh(rsi, LOOKBACK_LEFT, LOOKBACK_RIGHT))
    high_in_range = in_range(high_found[1])
    before_high = ta.valuewhen(high_found, pivot_high, 1)
    before_high_rsi = ta.valuewhen(high_found, pivot_rsi, 1)
    before_high_bar = ta.valuewhen(high_found, pivot_bar, 1)

    lows = low_found and low_in_range
    regular_bullish = lows and pivot_low < before_low and pivot_rsi > before_low_rsi
    hidden_bullish = lows and pivot_low > before_low and pivot_rsi < before_low_rsi
    highs = high_found and high_in_range
    regular_bearish = highs and pivot_high > before_high and pivot_rsi < before_high_rsi
    hidden_bearish = highs and pivot_high < before_high and pivot_rsi > before_high_rsi

    return {
        "rsi": rsi,
        "atr": atr,
        "low_pivot": pivot_bar if low_found else na,
        "high_pivot": pivot_bar if high_found else na,
        "regular_bullish": before_low_bar if regular_bullish else na,
        "hidden_bullish": before_low_bar if hidden_bullish else na,
        "regular_bearish": before_high_bar if regular_bearish else na,
        "hidden_bearish": before_high_bar if hidden_bearish else na,
    }
