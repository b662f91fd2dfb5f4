"""What a local exchange is told when it is started; importing this loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divbot.domain.bounds import Bounds
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.exchange.archive.defect_kinds import DefectPlan, parse_defect_plan
from divbot.exchange.bounds import BOUNDS, LATEST
from divbot.exchange.faults.schedule import FaultPlan, parse_plan
from divbot.exchange.market.edge_plan import EdgePlan, parse_edge
from divbot.exchange.rest.rate_window import WindowShape


@dataclass(frozen=True, slots=True)
class ExchangeOptions:
    """Say which market a local exchange serves, from when on, and how.

    Raise InputError when a value is out of range.
    """

    markets: tuple[Market, ...] = (Market.SPOT, Market.USDM)
    symbols: int = 400
    """How many ordinary symbols a synthetic market lists."""
    awkward: bool = True
    """Let a synthetic market list one of every awkward kind besides; see `awkward.py`."""
    delist_after: float | None = None
    """Minutes of the market's time after which one of those is delisted; None: never."""
    seed: int = 1
    """The same seed gives the same synthetic market on every machine."""
    edge: str | None = None
    """An edge in the candles of a synthetic market, such as drift=1.5,from=2024-01-01; see
    `divbot.exchange.market.edge`."""
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
    publish_lag: int = 0
    """Ms of the market's time for which a candle that has just opened is not shown, and the one
    before it is not final."""
    outages: bool = False
    """Let rows of all symbols be missing now and then, as when a venue was down."""
    compress: bool = False
    """Compress replies for clients that accept gzip."""
    weight_limit: int | None = None
    """Request weight granted in a minute, by each market; None: as much as the venue grants. Where
    the market's time runs faster, so much more."""
    window: WindowShape = WindowShape.FIXED
    """What a minute of weight is: one of the clock, or the last 60 s."""
    patience: int = 10
    """How many calls over the limit in a row are refused (429) before a ban (418)."""
    aging: float = 1.0
    """How many times as fast connections to streams age: pings, missing pongs, the end after a
    day."""
    faults: str | None = None
    """A seeded plan of faults, such as seed=7,rate=0.02; see `divbot.exchange.faults.kinds`."""
    archive_defects: str | None = None
    """A seeded plan of what is wrong in the archive, such as seed=7,rate=0.03; see
    `divbot.exchange.archive.defect_kinds`."""

    def __post_init__(self) -> None:
        if not self.markets:
            raise InputError("expected at least one market, found none")
        if self.at is not None and not 0 <= self.at <= LATEST:
            raise InputError(f"expected a time from 1970 to 2100, found {self.at} ms since 1970")
        for name, bounds in BOUNDS.items():
            if (value := getattr(self, name)) is not None:
                _check(name, bounds, value)
        if self.delist_after is not None and (not self.awkward or self.recorded is not None):
            raise InputError(
                "expected awkward listings of a synthetic market to delist one of, found none"
            )
        if self.edge is not None:
            parse_edge(self.edge)
            if self.recorded is not None:
                raise InputError(
                    "an edge is planted in synthetic markets only: leave out one of the two"
                )
        if self.interval is not None and self.recorded is None:
            raise InputError(
                "expected a recording whose candles are that long, found an interval alone"
            )
        if self.faults is not None:
            parse_plan(self.faults)
        if self.archive_defects is not None:
            parse_defect_plan(self.archive_defects)

    @property
    def plan(self) -> FaultPlan | None:
        """Return the plan that `faults` describes."""
        return None if self.faults is None else parse_plan(self.faults)

    @property
    def edge_plan(self) -> EdgePlan | None:
        """Return the edge that `edge` describes."""
        return None if self.edge is None else parse_edge(self.edge)

    @property
    def defect_plan(self) -> DefectPlan | None:
        """Return the plan that `archive_defects` describes."""
        text = self.archive_defects
        return None if text is None else parse_defect_plan(text)


def _check(name: str, bounds: Bounds[Any], value: object) -> None:
    try:
        bounds.read(value)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
