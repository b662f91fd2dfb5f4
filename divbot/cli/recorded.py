"""Which run a command is about, and how its name is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divbot.domain.errors import InputError, JournalError
from divbot.domain.events import Event, Started
from divbot.domain.ledger import Ledger
from divbot.trading.documents import SCHEMA


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the journal of a run holds."""

    events: tuple[Event, ...]
    ledger: Ledger
    path: Path


def find_run(run: str | None, journal: Path | None) -> Recorded:
    """Return the run called `run`, the one in the file `journal`, or else the newest.

    Raise InputError where there is none.
    """
    if run is not None and journal is not None:
        raise InputError("--run and --journal exclude each other: give one of them")
    raise InputError("no run yet: `divbot paper` starts one")


def is_held(recorded: Recorded) -> bool | None:  # noqa: ARG001 - the journal will tell
    """Tell whether a program writes to the run now; None: that cannot be told."""
    return None


def start_of(recorded: Recorded) -> Started:
    """Return how the run began."""
    start = recorded.ledger.start
    if start is None:
        raise JournalError(f"{recorded.path}: expected the start of a run, found nothing")
    return start


def title(recorded: Recorded) -> str:
    """Return what was traded where, in one line."""
    start = start_of(recorded)
    simulated = " - SIMULATED PRICES" if start.is_simulated else ""
    return f"{start.venue} {start.market.title}, {start.interval}{simulated}"


def heading(recorded: Recorded) -> str:
    """Return the same with the name of the run, in two lines."""
    return f"{title(recorded)}\npaper run {recorded.path.stem}"


def heading_document(recorded: Recorded) -> dict[str, Any]:
    """Return what every document begins with."""
    start = start_of(recorded)
    return {
        "schema": SCHEMA,
        "run": recorded.path.stem,
        "venue": start.venue,
        "market": start.market.value,
        "interval": start.interval,
        "simulated": start.is_simulated,
    }
