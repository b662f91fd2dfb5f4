"""@pyne

RSI, ATR, the RSI's pivots and its divergences, in Pine. Python does not import this file: PyneCore
rewrites it and runs it bar by bar, and `pyne.ask` is the way in.

Every `ta.barssince` and `ta.valuewhen` stands in a statement of its own: each call keeps its own
state, and behind an `and` that stops early it would miss bars.
"""

from pynecore.lib import bar_index, close, high, input, low, na, script, ta
from pynecore.types import Series


def in_range(condition: bool, lower: int, upper: int) -> bool:
    bars = ta.barssince(condition)
    return lower <= bars <= upper


@script.indicator(title="RSI divergence oracle")
def main(
    rsi_length=input.int(14),
    pivot_left=input.int(5),
    pivot_right=input.int(5),
    range_min=input.int(5),
    range_max=input.int(60),
    atr_length=input.int(14),
) -> dict[str, float]:
    rsi: Series[float] = ta.rsi(close, rsi_length)
    atr = ta.atr(atr_length)
    pivot_bar = bar_index - pivot_right
    pivot_rsi = rsi[pivot_right]
    pivot_low = low[pivot_right]
    pivot_high = high[pivot_right]

    low_found: Series[bool] = not na(ta.pivotlow(rsi, pivot_left, pivot_right))
    low_in_range = in_range(low_found[1], range_min, range_max)
    before_low = ta.valuewhen(low_found, pivot_low, 1)
    before_low_rsi = ta.valuewhen(low_found, pivot_rsi, 1)
    before_low_bar = ta.valuewhen(low_found, pivot_bar, 1)

    high_found: Series[bool] = not na(ta.pivothigh(rsi, pivot_left, pivot_right))
    high_in_range = in_range(high_found[1], range_min, range_max)
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
