"""What a run is told besides its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch, besides the settings."""

    demo: bool = False
    speed: float = 1.0
    """Market seconds per second, on a local exchange."""
    outbox: Path | None = None
    """Keep alerts in this file instead of the user's folder."""
