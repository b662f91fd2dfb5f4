"""A strategy that buys bullish divergences of the RSI and sells at bearish ones.

As far as two extremes of windows tell; as divbot does, it ends a position at the opposite, too.
"""

import talib.abstract as ta
from freqtrade.strategy import IStrategy


class PastPeer(IStrategy):
    """Buy where the lowest price of ten candles is below that of ten before, and its RSI is not."""

    timeframe = "15m"
    startup_candle_count = 100
    minimal_roi = {"0": 0.02}  # noqa: RUF012 # freqtrade reads a plain attribute
    stoploss = -0.01
    use_exit_signal = True

    def populate_indicators(self, dataframe, metadata):
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        dataframe["atr"] = ta.ATR(dataframe, timeperiod=14)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        low, rsi = dataframe["low"].rolling(10).min(), dataframe["rsi"].rolling(10).min()
        is_lower = low < low.shift(10)
        is_higher = rsi > rsi.shift(10)
        dataframe.loc[is_lower & is_higher, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        high, rsi = dataframe["high"].rolling(10).max(), dataframe["rsi"].rolling(10).max()
        is_higher = high > high.shift(10)
        is_lower = rsi < rsi.shift(10)
        dataframe.loc[is_higher & is_lower, "exit_long"] = 1
        return dataframe
