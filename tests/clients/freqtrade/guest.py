"""A strategy that says which candles it is given, and buys while it may."""

import logging

from freqtrade.strategy import IStrategy

logger = logging.getLogger(__name__)


class Guest(IStrategy):
    """Enter with every candle."""

    timeframe = "1m"
    startup_candle_count = 100
    minimal_roi = {"0": 10}  # noqa: RUF012 # freqtrade reads a plain attribute
    stoploss = -0.5
    process_only_new_candles = True

    def populate_indicators(self, dataframe, metadata):
        last = dataframe.iloc[-1]
        logger.info(
            "GUEST %s %d candles until %s close %s",
            metadata["pair"],
            len(dataframe),
            last["date"].isoformat(),
            last["close"],
        )
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe
