"""How the venue sees this machine: request weight used and left, clock, latency."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from divbot.binance.client import BinanceClient
from divbot.binance.endpoints import WEIGHT_PER_MINUTE
from divbot.domain.clock import Clock

_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """One look at one market of a venue."""

    used: int
    """Request weight that this address has used in the current minute, by all its programs."""
    limit: int
    """Request weight that the venue allows a minute."""
    clock_offset: float
    """By how many ms the venue's clock is ahead of this machine's; half a round trip is the
    most that it can be off by."""
    latency: float
    """Median ms from question to answer."""
    simulated: bool

    @property
    def left(self) -> int:
        """Return the request weight left in the current minute."""
        return max(self.limit - self.used, 0)


def measure_limits(client: BinanceClient, clock: Clock) -> Limits:
    """Ask the venue for its limits, and several times for its time."""
    limit = client.exchange_info().weight_limit
    looks = sorted(_look(client, clock) for _ in range(_LOOKS))
    return Limits(
        used=client.used_weight or 0,
        limit=limit or WEIGHT_PER_MINUTE[client.market],
        # Of the fastest answer: it left the least room for the clock to be misread.
        clock_offset=looks[0][1],
        latency=statistics.median(latency for latency, _ in looks),
        simulated=client.simulated,
    )


def _look(client: BinanceClient, clock: Clock) -> tuple[float, float]:
    """Return the round trip and the offset, both in ms."""
    asked_at, started = clock.now(), clock.monotonic()
    venue_time = client.server_time()
    latency = 1000 * (clock.monotonic() - started)
    return latency, venue_time - (asked_at + latency / 2)
