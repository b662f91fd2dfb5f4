"""A glance at one symbol: whether the venue shows a candle yet; one try each, or not at all."""

from __future__ import annotations

from divbot.binance.client import BinanceClient
from divbot.binance.protocol.endpoints import Endpoint, request_weight
from divbot.domain.market import Interval

TIMEOUT = 1.0
"""Seconds, for one that must not be late."""
MOST_WEIGHT = 10
"""That all glances at one close may cost."""
_NEWEST = 2
"""Candles: the one that forms, and the newest final one."""


class BinanceGlance:
    """Look at the newest candle of a symbol."""

    def __init__(self, client: BinanceClient, addresses: int) -> None:
        self._client = client
        weight = request_weight(client.market, Endpoint.KLINES, limit=_NEWEST)
        self.looks = MOST_WEIGHT // weight - (addresses - 1)
        """How many cost MOST_WEIGHT at most; the last may fail at each of the venue's addresses."""

    def newest_close(self, symbol: str, interval: Interval) -> int:
        """Return when the newest final candle closed, ms UTC; 0: there is none."""
        candles = self._client.final_candles(symbol, interval, _NEWEST)
        return interval.close_of(int(candles.open_time[-1])) if len(candles) else 0

    def close(self) -> None:
        """Close the connection."""
        self._client.session.close()
