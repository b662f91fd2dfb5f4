"""`divbot runs`: every paper run there is; save one, delete one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from divbot.cli import flags
from divbot.domain.errors import InputError, JournalError, OutputError

runs = typer.Typer(
    name="runs", help="List, save and delete runs: of paper, and backtests.", rich_markup_mode=None
)

WhichRun: TypeAlias = Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")]


@runs.callback(invoke_without_command=True)
def list_(context: typer.Context, *, as_json: flags.Json = False) -> int:
    """List every run, paper or backtest, and what it came to, the newest last."""
    if context.invoked_subcommand is not None:
        return 0
    from divbot.app.journals import open_runs
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.runs_text import runs_document, runs_text

    folder = open_runs()
    found, damaged = folder.read_all()
    destination = Destination(None)
    if as_json:
        destination.write(json_bytes(runs_document(found, damaged)))
    elif found or not damaged:
        destination.write(runs_text(found, folder.folder, destination.fit))
    for problem in damaged.values():
        print(f"divbot: {problem}", file=sys.stderr)
    return JournalError.exit_code if damaged else 0


@runs.command()
def save(
    run: WhichRun,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to: a new file.", dir_okay=False)
    ],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Save a whole run in one file, also while it goes on."""
    from divbot.app.journals import open_runs
    from divbot.cli.whole_file import WholeFile
    from divbot.trading.journal.journal import save as save_journal

    path = open_runs().named(run).path
    if file.exists() and not overwrite:
        raise OutputError(f"{file} exists: name another file, or replace it with --overwrite")
    if file.exists() and file.samefile(path):
        raise InputError(f"{file} is the run itself: name another file")
    WholeFile(file)  # which refuses what no file can be written to
    saved = save_journal(path, file)
    count = len(saved.ledger.closed)
    trades = f"{count} closed trade{'' if count == 1 else 's'}"
    print(f"divbot: {file} written: {len(saved.events)} events, {trades}", file=sys.stderr)


@runs.command()
def delete(
    run: WhichRun,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a run for good; one that goes on is refused."""
    from divbot.app.alerting import outbox_of_run
    from divbot.app.journals import open_runs
    from divbot.database import delete as delete_journal

    found = open_runs().named(run)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"deleting {found.name} is for good: add --yes")
        if not typer.confirm(f"delete {found.path} for good?", err=True):
            return
    delete_journal(found.path)
    if (outbox := outbox_of_run(found.path)).exists():
        delete_journal(outbox)
    print(f"divbot: {found.name} deleted", file=sys.stderr)
