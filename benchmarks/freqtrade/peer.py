"""A strategy that computes RSI and ATR of every pair, tells when it is done, and never buys."""

import logging
import os
import time

import talib.abstract as ta
from freqtrade.strategy import IStrategy

logger = logging.getLogger(__name__)
PAIRS = int(os.environ["PEER_PAIRS"])


class Peer(IStrategy):
    """Ask for 1000 candles of each pair."""

    timeframe = "5m"
    startup_candle_count = 999
    minimal_roi = {"0": 10}  # noqa: RUF012 # freqtrade reads a plain attribute
    stoploss = -0.5
    process_only_new_candles = True
    seen = 0
    began = 0.0

    def bot_start(self, **_):
        self.began = time.perf_counter()

    def populate_indicators(self, dataframe, metadata):
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        dataframe["atr"] = ta.ATR(dataframe, timeperiod=14)
        self.seen += 1
        if self.seen == PAIRS:
            seconds = time.perf_counter() - self.began
            logger.info("PEER %d candles %.6f seconds", len(dataframe), seconds)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 0
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe
