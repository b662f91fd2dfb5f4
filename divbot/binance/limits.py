"""How the venue sees this machine: request weight used and left, clock, latency."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from divbot.binance.client import BinanceClient
from divbot.binance.protocol.endpoints import WEIGHT_PER_MINUTE
from divbot.binance.server_clock import ServerClock
from divbot.domain.clock import Clock

_READINGS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What one market of a venue allows and shows, at one time."""

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

    def left_to(self, share: float) -> int:
        """Return the same for a program that keeps to this `share` of the limit."""
        return max(int(share * self.limit) - self.used, 0)


def measure_limits(client: BinanceClient, clock: Clock, allow: Callable[[int], None]) -> Limits:
    """Ask the venue for its limits, and several times for its time; `allow` hears the first."""
    limit = client.exchange_info().weight_limit
    if limit is not None:
        allow(limit)
    server_clock = ServerClock(clock)
    latencies = []
    for _ in range(_READINGS):
        started = clock.monotonic()
        venue_time = client.server_time()
        latencies.append(clock.monotonic() - started)
        server_clock.saw(venue_time, latencies[-1])
    return Limits(
        used=client.session.used_weight or 0,
        limit=limit or WEIGHT_PER_MINUTE[client.market],
        clock_offset=server_clock.offset,
        latency=1000 * statistics.median(latencies),
        simulated=client.simulated,
    )
