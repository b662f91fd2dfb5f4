"""What a connection may do and how long it lasts, by market.

From the venue's documentation, but for three things: that futures end a connection over what they
cannot read was seen, as were the words of a close; how long before the end spot warns is hearsay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from divbot.domain.durations import DAY, MINUTE
from divbot.domain.market import Market

_SECOND = 1000


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """What a connection may do, and how long it lasts; times in ms."""

    messages: int
    """So many may come in a second: text, pings, and pongs that nobody asked for."""
    ping_every: int
    pong_within: int
    notice: int | None
    """How long before the end a client is warned; None: never."""
    nonsense_ends: bool
    """A binary frame, or text that is no JSON, ends the connection."""
    lifetime: int = DAY
    streams: int = 1024

    def aged(self, factor: float) -> ConnectionRules:
        """Return the rules of connections that age `factor` times as fast."""
        return replace(
            self,
            ping_every=round(self.ping_every / factor),
            pong_within=round(self.pong_within / factor),
            notice=None if self.notice is None else round(self.notice / factor),
            lifetime=round(self.lifetime / factor),
        )


RULES = {
    Market.SPOT: ConnectionRules(
        messages=5,
        ping_every=20 * _SECOND,
        pong_within=60 * _SECOND,
        notice=10 * MINUTE,
        nonsense_ends=False,
    ),
    Market.USDM: ConnectionRules(
        messages=10,
        ping_every=3 * MINUTE,
        pong_within=10 * MINUTE,
        notice=None,
        nonsense_ends=True,
    ),
}
