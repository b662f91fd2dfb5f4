"""What a local exchange is told when it is started; importing this loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market


@dataclass(frozen=True, slots=True)
class ExchangeOptions:
    """Say which market a local exchange serves, from when on, and how.

    Raise InputError when a value is out of range.
    """

    markets: tuple[Market, ...] = (Market.SPOT, Market.USDM)
    symbols: int = 400
    """How many symbols a synthetic market lists."""
    seed: int = 1
    """The same seed gives the same synthetic market on every machine."""
    recorded: Path | None = None
    """A recording to serve instead of a synthetic market."""
    interval: Interval | None = None
    """The interval of the recording; None finds it in the data."""
    at: int | None = None
    """The exchange's time at its start, in ms UTC; None: now, or the end of the recording."""
    speed: float = 1.0
    """How fast the exchange's time runs; 0 stands still."""
    latency: float = 0.0
    """Seconds added to every reply."""
    host: str = "127.0.0.1"
    port: int = 0
    """The port to listen on; 0 takes a free one."""
    compress: bool = False
    """Compress replies for clients that accept gzip."""

    def __post_init__(self) -> None:
        for held, message in (
            (bool(self.markets), "expected at least one market, found none"),
            (1 <= self.symbols <= 5000, f"expected 1 to 5000 symbols, found {self.symbols}"),
            (0 <= self.seed < 2**63, f"expected a seed from 0 to 2**63 - 1, found {self.seed}"),
            (0 <= self.speed < float("inf"), f"expected a speed from 0 up, found {self.speed}"),
            (0 <= self.latency <= 60, f"expected 0 to 60 s of latency, found {self.latency}"),
            (0 <= self.port <= 65535, f"expected a port from 0 to 65535, found {self.port}"),
        ):
            if not held:
                raise InputError(message)
