"""What is seen of a program, what it is asked that takes long, and the files of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from divbot.domain.market import Interval, Market
from divbot.domain.universe import ListStanding, Universe
from divbot.scanner.cache import Published
from divbot.scanner.report import Report
from divbot.scanner.thread import Condition
from divbot.trading.engine.snapshot import RunSnapshot


@dataclass(frozen=True, slots=True)
class Scans:
    """How the scans of one interval get on."""

    interval: Interval
    condition: Condition
    published: Published | None
    every: int
    """ms of the market from one scan to the next."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in words."""

    number: int
    at: int
    """ms UTC of the market."""
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Weight:
    """Request weight of the last minute."""

    used: int
    allowed: int
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Showing:
    """All that is shown of a program, as it is now; immutable."""

    program: str
    """watch, paper or web."""
    at: int
    """ms UTC of the market."""
    venue: str
    market: Market
    is_simulated: bool
    scans: tuple[Scans, ...] = ()
    run: RunSnapshot | None = None
    run_name: str = ""
    lines: tuple[Line, ...] = ()
    """What happened last, the newest last."""
    alerts: int | None = None
    """How many were told since the start; None: none are."""
    weight: Weight | None = None
    run_every: int = 0
    """ms of the market from one look at the account to the next."""
    patience: int = 60_000
    """ms of the market that a report, or a look at the account, may be late."""

    @property
    def interval(self) -> Interval:
        """Return the first that is scanned, or that of the run, as what one looks at."""
        if self.scans:
            return self.scans[0].interval
        return self.run.interval if self.run else Interval.M5

    def of(self, interval: Interval) -> Scans | None:
        """Return how the scans of `interval` get on; None where there are none."""
        return next((x for x in self.scans if x.interval is interval), None)


class Program(Protocol):
    """What is shown; asked from the web thread, several times a second."""

    def now(self) -> Showing:
        """Return how it is now, at once."""

    def universe(self) -> Universe | None:
        """Return the symbols of the last scan; None where there was none."""


@dataclass(frozen=True, slots=True)
class AskedSymbol:
    """One symbol, as somebody wants to see it; goes to another process."""

    symbol: str
    interval: Interval
    lease: int
    """What its request weight is spent from."""
    report: Report | None
    """That of its interval, without what is not needed; None: it is not scanned."""
    standing: ListStanding | None
    """In the report's universe; None: it is not scanned."""


class Answers(Protocol):
    """What takes long; sent to a process of its own, or asked in a thread.

    Each answer is a document, as JSON can hold it but for decimals. Raise InputError for what is
    not there, JournalError for what cannot be read.
    """

    def open(self) -> None:
        """Make ready, where the answers are given."""

    def symbol(self, asked: AskedSymbol) -> dict[str, Any]:
        """Return candles, RSI, divergences, plans, and each rule that was passed or not."""

    def alerts(self, most: int) -> dict[str, Any]:
        """Return the last `most` alerts, the newest first, and how far each has come."""

    def runs(self) -> dict[str, Any]:
        """Return every run."""

    def run(self, name: str) -> dict[str, Any]:
        """Return one run with its trades and its curve; of no name: the one that is shown."""

    def sweeps(self) -> dict[str, Any]:
        """Return every trial of the ledger."""

    def sweep(self, number: int) -> dict[str, Any]:
        """Return one of them."""


class LookSpending(Protocol):
    """What candles of one symbol cost; asked from the web thread."""

    def open_lease(self) -> int:
        """Set request weight aside for one look; return the lease's number."""

    def close_lease(self, lease: int) -> None:
        """Take back what is left of it."""

    def grant_weight(self) -> str:
        """Grant what is free to whoever waits."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page."""

    content_type: str
    body: Callable[[], bytes]
    """Read when it is asked for first."""


Assets = Mapping[str, Asset]
"""By path."""


@dataclass(frozen=True, slots=True)
class Site:
    """All that is served."""

    program: Program
    assets: Assets
    missing: Mapping[str, str] = field(default_factory=dict)
    """Paths of files that cannot be had here, and what to do about it."""
