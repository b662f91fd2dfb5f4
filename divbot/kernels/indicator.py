"""The inputs of TradingView's divergence indicator, and what follows from them; free of numba."""

from __future__ import annotations

from dataclasses import dataclass

_WARM_UP_OF_14 = 109
"""Candles after which the averages of length 14 no longer depend on where a window begins."""
_LEAST_CANDLES = 300
_ROOM = 120
"""Candles beyond warm-up and one divergence, for there to be any to find."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """How RSI, ATR, pivots and divergences are counted, in candles; by default as TradingView does.

    Everything that depends on one of these is said here: a reader of the analysis takes it from the
    indicator that the analysis was made with.
    """

    rsi_length: int = 14
    pivot_left: int = 5
    pivot_right: int = 5
    range_min: int = 5
    range_max: int = 60
    """From the bar after the previous pivot to the pivot, as TradingView counts."""
    atr_length: int = 14

    @property
    def nearest(self) -> int:
        """Return how far apart two pivots are at least."""
        return self.range_min + 1

    @property
    def farthest(self) -> int:
        """Return how far apart two pivots are at most."""
        return self.range_max + 1

    @property
    def warm_up(self) -> int:
        """Return how many candles come before a previous pivot that counts.

        By then neither RSI nor ATR depends any more on where the window begins: the longer their
        averages, the later. By default 114.
        """
        length = max(self.rsi_length, self.atr_length)
        return -(-_WARM_UP_OF_14 * length // 14) + self.pivot_left

    @property
    def minimum_candles(self) -> int:
        """Return below how many final candles a history carries no divergence; by default 300."""
        needed = self.warm_up + self.farthest + self.pivot_right + _ROOM
        return max(_LEAST_CANDLES, needed)


TRADINGVIEW = Indicator()
"""The inputs as TradingView's own indicator has them."""
