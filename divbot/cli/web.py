"""`divbot web`: a page of runs and sweeps, of a running bot's too."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from divbot.cli import flags
from divbot.cli.signals import AskedToStop
from divbot.domain.errors import InputError, JournalError
from divbot.setting_table import IndicatorInputs, PlanSettings, WebSettings
from divbot.web.address import ListenOn, WebAddress

if TYPE_CHECKING:
    from divbot.app.looking import Looker
    from divbot.domain.events import Started
    from divbot.settings import Settings

_LOOK_SECONDS = 2.0
_REST = 20
"""Times what a look takes: a long journal must not keep a core from who writes it."""
_ADDRESS = ListenOn()


def _read_address(text: str) -> WebAddress:
    try:
        return _ADDRESS.read(text)
    except ValueError as error:
        raise InputError(str(error)) from None


@flags.settings(
    "market", "interval", "limit", "base_url", IndicatorInputs, PlanSettings, WebSettings
)
def web(
    address: Annotated[
        WebAddress | None,
        typer.Argument(
            metavar=_ADDRESS.metavar,
            parser=_read_address,
            help="Where to listen. [127.0.0.1:8420]",
            show_default=False,
        ),
    ] = None,
    *,
    given: flags.Given,
    run: flags.RunName = None,
    journal: flags.JournalFile = None,
    outbox: Annotated[
        Path | None,
        typer.Option(
            help="Show the alerts that this file keeps, instead of the user's own.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
) -> int:
    """Serve a read-only page of runs, backtests and sweeps, beside a running bot too."""
    from divbot.alerts.outbox import Outbox
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import FileProgram
    from divbot.cli.board.serving import open_listener, serving
    from divbot.cli.watching import Mode, Watching
    from divbot.domain.clock import SystemClock
    from divbot.domain.notices import Outage
    from divbot.trading.journal.journal import start_of

    where, clock, stop = address or WebAddress(), SystemClock(), threading.Event()
    shown = _journal(run, journal)
    start = None if shown is None else start_of(shown)
    settings = given.load(defaults=_defaults(start))
    if outbox is not None:
        Outbox.last(outbox, 1)  # whoever names another file is told now
    with AskedToStop(stop) as asked, ExitStack() as stack:
        listener = stack.enter_context(open_listener(where, settings))
        program = FileProgram(lambda: _journal(run, journal), settings.market)
        program.refresh(clock.now())
        watching = Watching(Mode.QUIET, stop.set)
        answers = BoardAnswers(
            _looker(settings, start, stack), shown, None if outbox is None else (outbox,)
        )
        stack.enter_context(serving(program, answers, settings, listener, watching.tell))
        print(f"the page is at {where.url(listener.getsockname()[1])}", flush=True)
        outage = Outage(watching.tell)
        pause = _LOOK_SECONDS
        while not clock.wait(pause, stop):
            began = clock.monotonic()
            try:
                program.refresh(clock.now())
            except JournalError as error:
                outage.note(str(error), back="the journal can be read again", now=clock.now())
            else:
                outage.end(clock.now())
            pause = max(_LOOK_SECONDS, _REST * (clock.monotonic() - began))
    return asked.exit_code


def _journal(run: str | None, journal: Path | None) -> Path | None:
    """Return the journal to show: the one that was asked for, or else that of the newest run."""
    from divbot.cli.recorded import find_journal

    found = find_journal(run, journal, include_history=False)
    return found or find_journal(run, journal, include_history=True)


def _defaults(start: Started | None) -> dict[str, Any]:
    """Return where the charts of a run come from: from the market that it was on."""
    from divbot.domain.events import DEMO

    if start is None:
        return {}
    is_local = start.is_simulated and start.address not in (None, DEMO)
    address = {"base_url": start.address} if is_local else {}
    return {"market": start.market.value, "interval": start.interval, **address}


def _looker(settings: Settings, start: Started | None, stack: ExitStack) -> Looker | None:
    """Return who looks at symbols; nobody where the market of the run has ended with it."""
    from divbot.app.looking import Looker
    from divbot.app.scanning import open_source
    from divbot.domain.events import DEMO

    if start is not None and start.address == DEMO and not settings.base_url:
        return None
    return Looker.of(settings, open_source(settings, stack))
