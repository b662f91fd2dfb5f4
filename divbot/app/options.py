"""What runs are told besides their settings; commands load it for their help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from divbot.domain.bounds import Bounds, Reader
from divbot.domain.errors import InputError
from divbot.domain.market import Interval

T = TypeVar("T")

USUAL_SPREAD = Decimal("0.0004")
SPREAD = Bounds(Decimal, 0, "0.1", is_part=True)
"""What a spread may be, as a part of the price."""
SAMPLE = Bounds(int, 1, 100_000)
SEED = Bounds(int, 0, 2**31 - 1)

TellStage = Callable[[str, int, int], None]
"""Hears what is done, how much of it is done, and how much there is to do."""


@dataclass(frozen=True, slots=True)
class PaperOptions:
    """How to run, besides the settings."""

    demo: bool = False
    speed: float = 1.0
    """Market seconds per second, on a local exchange."""
    fresh: bool = False
    """Begin a new run, and keep the old one."""
    journal: Path | None = None
    """Keep the run in this file instead of the user's folder of runs."""


class UniverseOf(StrEnum):
    """Whose list of symbols is taken at a moment of the past."""

    THEN = "then"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """What to trade on, besides the settings."""

    start: int | None = None
    end: int | None = None
    """From `start` to before `end`, ms UTC; None: as far as there are candles."""
    detail: Interval | None = None
    """The candles between two closes; None: 1m, and of a recording the shortest that there are."""
    is_todays: bool = False
    """Take the list of symbols of the end at every close."""
    spread: Decimal = USUAL_SPREAD
    """From bid to ask, as a part of the price."""
    journal: Path | None = None
    """Keep the run in this file instead of the user's folder of runs."""
    is_counted: bool = True
    """Keep in the ledger of trials that these days were seen."""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch, besides the settings."""

    demo: bool = False
    speed: float = 1.0
    """Market seconds per second, on a local exchange."""
    outbox: Path | None = None
    """Keep alerts in this file instead of the user's folder."""


def read_given(name: str, reader: Reader[T], given: object) -> T:
    """Return what an argument of a script says; InputError, with its name, where it cannot be."""
    try:
        return reader.read(given)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """What to search and how, besides the settings that all share."""

    sets: tuple[str, ...] = ()
    """Such as `stop_atr=0.25,0.5,1`."""
    space: Path | None = None
    """More of them, in a TOML file."""
    sample: int | None = None
    """Draw so many points; None: all."""
    seed: int = 0
    start: int | None = None
    end: int | None = None
    """From `start` to before `end`, ms UTC; None: as far as there are candles."""
    detail: Interval | None = None
    is_todays: bool = False
    spread: Decimal = USUAL_SPREAD
    scheduler: str | None = None
    """Address of a Dask scheduler; None: this machine."""
    data: str | None = None
    """Folder or URL of a store that all workers can read; None: they share this user's cache."""
    is_resumed: bool = False
    """Go on with a sweep that was interrupted; refuse to begin one."""
    reveal: bool = False
    """Open the holdout and tell its figures, whatever comes of it: that spends its days."""
    with_portfolios: bool = True
