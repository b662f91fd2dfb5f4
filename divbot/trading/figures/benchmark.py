"""What the market itself did while a run went on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from divbot.domain.events import Event, Marked


@dataclass(frozen=True, slots=True)
class MarketChange:
    """The prices of the benchmark at the first and the last valuation that know one."""

    since: int
    until: int
    """ms UTC."""
    first: Decimal
    last: Decimal

    @property
    def part(self) -> float:
        """Return the part by which the price has risen; below 0: fallen."""
        return float(self.last / self.first) - 1


def market_change(events: Iterable[Event]) -> MarketChange | None:
    """Return what the benchmark did; None where fewer than two valuations know its price."""
    seen = [
        (x.at, x.benchmark) for x in events if isinstance(x, Marked) and x.benchmark is not None
    ]
    if len(seen) < 2:
        return None
    (since, first), (until, last) = seen[0], seen[-1]
    return MarketChange(since, until, first, last)
