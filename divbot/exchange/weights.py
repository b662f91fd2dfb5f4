"""The account of request weight: per market and minute of the real clock."""

from __future__ import annotations

from divbot.domain.clock import Clock
from divbot.domain.market import Market

_MINUTE_MS = 60_000


class WeightMeter:
    """Count what requests have cost in the current minute, for each market by itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = -1
        self._used: dict[Market, int] = {}

    def charge(self, market: Market, weight: int) -> int:
        """Add `weight` and return all that was used this minute."""
        minute = self._clock.now() // _MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        self._used[market] = self._used.get(market, 0) + weight
        return self._used[market]
