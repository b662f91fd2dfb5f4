"""Which run a command is about, and how its name is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from divbot.app.journals import open_runs
from divbot.cli.figures import harmless
from divbot.domain.errors import InputError, JournalError
from divbot.domain.events import Nature, Started
from divbot.trading.figures.documents import SCHEMA
from divbot.trading.journal.journal import JournalCopy, read


def find_run(run: str | None, journal: Path | None, *, include_history: bool = True) -> JournalCopy:
    """Return the run called `run`, the one in the file `journal`, or else the newest.

    The newest is a backtest only with `include_history`.

    Raise InputError where there is none.
    """
    path = find_journal(run, journal, include_history=include_history)
    if path is None:
        raise InputError("no run yet: `divbot paper` starts one")
    return read(path)


def find_journal(name: str | None, journal: Path | None, *, include_history: bool) -> Path | None:
    """Return the file of that run, or `journal`, or the file of the newest run; None: none yet."""
    if name is not None and journal is not None:
        raise InputError("--run and --journal exclude each other: give one of them")
    if journal is not None:
        return journal
    runs = open_runs()
    run = runs.latest(include_history=include_history) if name is None else runs.named(name)
    return run.path if run else None


def start_of(recorded: JournalCopy) -> Started:
    """Return how the run began."""
    start = recorded.ledger.start
    if start is None:
        raise JournalError(f"{recorded.path}: expected the start of a run, found nothing")
    return start


def title(recorded: JournalCopy) -> str:
    """Return what was traded where, in one line."""
    start = start_of(recorded)
    return f"{harmless(start.venue)} {start.market.title}, {start.interval} - {start.notice}"


def heading(recorded: JournalCopy) -> str:
    """Return the same with the name of the run, in two lines."""
    return f"{title(recorded)}\n{run_name(recorded)}"


def run_name(recorded: JournalCopy) -> str:
    """Return what the run is, and what it is called."""
    is_past = start_of(recorded).nature is Nature.HISTORY
    return f"{'backtest' if is_past else 'paper run'} {recorded.path.stem}"


def heading_document(recorded: JournalCopy) -> dict[str, Any]:
    """Return what every document begins with."""
    start = start_of(recorded)
    return {
        "schema": SCHEMA,
        "run": recorded.path.stem,
        "venue": start.venue,
        "market": start.market.value,
        "interval": start.interval,
        "simulated": start.is_simulated,
        "nature": start.nature.value,
    }
