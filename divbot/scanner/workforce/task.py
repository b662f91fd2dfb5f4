"""What goes to a worker process and what comes back: small, and free of kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from divbot.candle_arrays import Candles
from divbot.domain.errors import DivbotError
from divbot.domain.market import Interval
from divbot.domain.signals import Divergence, Signal, Stance
from divbot.scanner.signals.plan import PlanRules

LATEST_LAG = 1
"""Steps that a symbol may be off what others had when it was fetched: a bar may just close."""


@dataclass(frozen=True, slots=True)
class BlockTask:
    """What to scan, and how old a divergence may be to become a signal (in candles)."""

    symbols: tuple[str, ...]
    interval: Interval
    limit: int
    max_age: int
    trade: PlanRules
    """How past divergences are tried."""
    at: int = 0
    """The venue's time when the task was made, ms UTC."""
    with_divergences: bool = True
    """Bring back all divergences that are found, too, and not only the signals."""
    with_outcomes: bool = True
    """Bring back what became of past divergences, too."""
    charted: frozenset[str] | None = None
    """Bring back the candles of these symbols, and of those with a signal; None: none at all."""
    with_stances: bool = False
    """Bring back what the interval says of each symbol, for what shorter ones find."""
    lease: int = 0
    """What to spend request weight from; told when the task is handed to a worker."""

    def halves(self) -> list[BlockTask]:
        """Return the task in two, or in one where it has a single symbol."""
        middle = len(self.symbols) // 2
        parts = (self.symbols[:middle], self.symbols[middle:])
        return [replace(self, symbols=part) for part in parts if part]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found of one symbol's history."""

    symbol: str
    candles: int
    missing: int
    """Candles that the venue never made, between the first and the last one found."""
    last_open_time: int
    """Of the newest final candle, ms UTC; 0 where there is none."""
    fetched_at: float
    """When its answer came, on the machine's monotonic clock."""
    outcomes: tuple[int, ...] = ()
    """How many of its divergences that pass the warm-up rule ended in each of samples.OUTCOMES."""

    @property
    def divergences(self) -> int:
        """Return how many divergences there are."""
        return sum(self.outcomes)

    @property
    def span(self) -> int:
        """Return how many candles lie from the first to the last one, missing ones included."""
        return self.candles + self.missing


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a symbol could not be scanned."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a worker says of one block."""

    coverage: tuple[Coverage, ...]
    failures: tuple[Failure, ...]
    signals: tuple[Signal, ...]
    divergences: tuple[Divergence, ...]
    """All of the windows that pass the warm-up rule, where the task asks for them."""
    worker: int
    download_seconds: float
    """Until the last answer came."""
    analysis_seconds: float
    """Most of them while answers were still on their way."""
    candles: Mapping[str, Candles] = field(default_factory=dict)
    """By symbol, as they were analysed, where the task asks for them."""
    stances: Mapping[str, Stance] = field(default_factory=dict)
    """By symbol, where the task asks for them."""


Done: TypeAlias = tuple[BlockTask, BlockResult | DivbotError]
"""What became of a task."""
