"""`divbot paper`: trade on paper until told to stop."""

from __future__ import annotations

import contextlib
import os
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from divbot.cli import flags
from divbot.cli.signals import AskedToStop
from divbot.domain.durations import duration_text
from divbot.domain.market import Market
from divbot.setting_table import GROUPS, SENDING, AlertSettings, IntervalSettings

if TYPE_CHECKING:
    from divbot.app.options import PaperOptions
    from divbot.app.paper import PaperRun
    from divbot.cli.banner import Setup
    from divbot.cli.watching import Watching
    from divbot.settings import Settings
    from divbot.trading.engine.snapshot import RunSnapshot
    from divbot.web.address import WebAddress


@flags.settings(*(x for x in GROUPS if x not in (AlertSettings, IntervalSettings)), *SENDING)
def paper(
    *,
    given: flags.Given,
    demo: flags.Demo = False,
    speed: flags.Speed = 1.0,
    duration: flags.ForSoLong = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start a new run; the old one is kept.")
    ] = False,
    journal: Annotated[
        Path | None, typer.Option(help="Keep the journal of the run in this file.", dir_okay=False)
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print a heading, a line per event and warning, and a summary; no live view.",
        ),
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per event, for programs.")
    ] = False,
    notify: Annotated[
        bool,
        typer.Option(
            "--notify",
            help="Send entries, exits, pauses, troubles and a daily summary to the addresses of "
            "notify_to.",
        ),
    ] = False,
    web: flags.Web = None,
    log_file: flags.LogFilePath = None,
) -> int:
    """Trade the signals of a background scanner on paper until Ctrl-C; no real orders."""
    stop = threading.Event()
    with AskedToStop(stop) as asked:
        # From here on, loading modules included, a first Ctrl-C is not raised in the middle.
        from divbot.app.options import PaperOptions
        from divbot.cli.compiling import tell_of_compiling
        from divbot.cli.log_file import LogFile
        from divbot.cli.rates import prepare_rates
        from divbot.cli.watching import Mode, Watching

        # Trades on candles of 5 minutes take hours: a demo should show some end.
        settings = given.load(demo=demo, quiet=quiet, defaults={"interval": "1m"} if demo else {})
        options = PaperOptions(demo=demo, speed=speed, fresh=fresh, journal=journal)
        log = LogFile(log_file) if log_file else None
        with Watching(Mode.of(quiet=quiet, jsonl=jsonl), stop.set, log) as watching:
            if not quiet:
                tell_of_compiling()
            prepare_rates(settings, quiet=quiet)
            _trade(settings, options, stop, watching, duration, web, notify=notify)
    # Whoever read us (head, less) has seen enough: that is no failure.
    if watching.lost and not (asked.exit_code or isinstance(watching.lost, BrokenPipeError)):
        raise watching.lost
    return asked.exit_code


def _trade(
    settings: Settings,
    options: PaperOptions,
    stop: threading.Event,
    watching: Watching,
    duration: timedelta | None,
    web: WebAddress | None,
    *,
    notify: bool,
) -> None:
    from divbot.app.alerting import required_sinks
    from divbot.app.paper import EAGER, open_paper
    from divbot.cli.banner import banner_text, summary_json, summary_text
    from divbot.cli.board.serving import open_listener, say_where, serving_run
    from divbot.cli.run_alerts import Audience, sending
    from divbot.cli.service_words import run_words
    from divbot.cli.terminal import stderr
    from divbot.domain.clock import SystemClock
    from divbot.service import ServiceManager
    from divbot.trading.engine.questions import Stopped

    sinks = required_sinks(settings, stderr().ring) if notify else ()
    if settings.check_interval < EAGER:
        watching.tell(
            f"a check interval below {duration_text(EAGER)} may exceed the venue's request limits: "
            "scans may have to wait for request weight",
            is_warning=True,
        )
    audience = Audience(watching)
    manager = ServiceManager.of(os.environ, SystemClock().monotonic)

    # Told to stop before there is a run: there is nothing to sum up.
    with contextlib.suppress(Stopped), ExitStack() as stack:
        listener = stack.enter_context(open_listener(web, settings)) if web else None
        run = stack.enter_context(
            open_paper(settings, options, stop, tell=audience.tell, on_event=audience.hear)
        )
        watching.now = run.trading.now
        began = run.journal.ledger
        watching.say(banner_text(_setup(run), began))
        manager.needs(run.gets_on)
        if sinks:
            manager.needs(stack.enter_context(sending(run, sinks, audience)).gets_on)
        if web and listener:
            say_where(watching, web, listener, settings)
            stack.enter_context(serving_run(run, settings, options, listener, audience))

        def show(snapshot: RunSnapshot) -> None:
            audience.show(snapshot)
            manager.lives(lambda: run_words(snapshot))

        def show_patience() -> None:
            # Others wait, too, while this thread may hang.
            if threading.current_thread() is threading.main_thread():
                manager.lives(run.source.budget.waiting_for)

        run.source.budget.on_wait = show_patience
        with watching.showing(run.source.budget.waiting_for):
            run.run(show, duration=duration)
        manager.ends()
        run.end()
        results = run.snapshot(), began, run.loop.lateness(), str(run.journal.path)
        watching.say(summary_text(*results), summary_json(*results))


def _setup(run: PaperRun) -> Setup:
    from divbot.cli.banner import Setup
    from divbot.version import __version__

    settings = run.settings
    return Setup(
        version=__version__,
        venue=run.snapshot().venue,
        market=settings.market,
        interval=settings.interval,
        is_simulated=run.trading.simulated,
        symbols=",".join(settings.symbols) or f"top {settings.top}",
        risk=settings.risk,
        leverage=1 if settings.market is Market.SPOT else settings.leverage,
        max_positions=settings.max_positions,
        check_interval=settings.check_interval,
        position_update_interval=settings.position_update_interval,
        journal=str(run.journal.path),
    )
