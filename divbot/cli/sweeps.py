"""`divbot sweeps`: what was ever tried on which days, and whether that can be relied upon."""

from __future__ import annotations

import sys
from typing import Annotated, TypeAlias

import typer

from divbot.cli import flags
from divbot.domain.errors import InputError, JournalError

sweeps = typer.Typer(
    name="sweeps",
    help="List, show and verify what sweeps and backtests have tried.",
    rich_markup_mode=None,
)

Simulated: TypeAlias = Annotated[
    bool, typer.Option("--simulated", help="Those on prices that were made up.")
]


@sweeps.callback(invoke_without_command=True)
def overview(
    context: typer.Context, *, simulated: Simulated = False, as_json: flags.Json = False
) -> None:
    """List every trial, as `divbot sweeps list` does."""
    command = context.invoked_subcommand
    if command is None:
        list_(simulated=simulated, as_json=as_json)
    elif simulated or as_json:
        raise InputError(
            f"flags belong after the command: divbot sweeps {command} "
            + " ".join(["--simulated"] * simulated + ["--json"] * as_json)
        )


@sweeps.command("list")
def list_(*, simulated: Simulated = False, as_json: flags.Json = False) -> None:
    """List every sweep and backtest, on which days it was and what came of it; the newest last."""
    from divbot.app.trials import open_trials
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.trials_text import trials_document, trials_text

    ledger = open_trials(is_simulated=simulated)
    contents, destination = ledger.read(), Destination(None)
    if as_json:
        destination.write(json_bytes(trials_document(ledger.path, contents)))
        return
    destination.write(trials_text(ledger.path, contents, destination.fit))
    _warn(contents.problems)


@sweeps.command()
def show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the trial, as listed.")],
    *,
    simulated: Simulated = False,
    as_json: flags.Json = False,
) -> None:
    """Show a trial: days, settings, costs, hashes, looks, verdict, and what may be told of it."""
    from divbot.app.trials import open_trials
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.trials_text import trial_document, trial_text

    contents, destination = open_trials(is_simulated=simulated).read(), Destination(None)
    if as_json:
        destination.write(json_bytes(trial_document(contents, number)))
        return
    destination.write(trial_text(contents, number, destination.fit))
    _warn(contents.problems)


@sweeps.command()
def verify(
    *,
    head: Annotated[
        str | None,
        typer.Option(metavar="ENTRIES:HASH", help="A head of the ledger that was printed once."),
    ] = None,
    simulated: Simulated = False,
    as_json: flags.Json = False,
) -> int:
    """Check that no entry of the ledger was changed or removed; exit code 5 where one was."""
    from divbot.app.trials import open_trials
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.trials_text import verification_document, verification_text

    ledger = open_trials(is_simulated=simulated)
    contents = ledger.read()
    problems = (*contents.problems, *contents.against(head or ""))
    document = verification_document(ledger.path, contents, problems)
    text = verification_text(ledger.path, contents, problems)
    Destination(None).write(json_bytes(document) if as_json else text)
    return JournalError.exit_code if problems else 0


def _warn(problems: tuple[str, ...]) -> None:
    for problem in problems:
        print(f"divbot: looks are unknown: {problem}", file=sys.stderr)
