"""`divbot watch`: be told of each new opportunity, once."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.cli.signals import AskedToStop
from divbot.domain.errors import InputError
from divbot.setting_table import GROUPS, PaperSettings

if TYPE_CHECKING:
    from divbot.app.options import WatchOptions
    from divbot.cli.watching import Watching
    from divbot.settings import Settings
    from divbot.web.address import WebAddress

_OF_PAPER = (
    "min_score",
    "min_confidence",
    "min_reward_risk",
    "check_interval",
    "fee",
    "slippage",
)


@flags.settings(
    *(x for x in GROUPS if x is not PaperSettings),
    *_OF_PAPER,
    without=("interval",),  # one is several intervals, too
)
def watch(
    *,
    given: flags.Given,
    watch_list: Annotated[
        Path | None,
        typer.Option(help="Watch the symbols that this file names.", dir_okay=False),
    ] = None,
    test_notify: Annotated[
        bool,
        typer.Option("--test-notify", help="Send a test to every address of notify_to, and end."),
    ] = False,
    refused: Annotated[
        bool,
        typer.Option("--refused", help="List the alerts that an address refused, and end."),
    ] = False,
    demo: flags.Demo = False,
    speed: flags.Speed = 1.0,
    duration: flags.ForSoLong = None,
    outbox: Annotated[
        Path | None,
        typer.Option(
            help="Keep in this file what was told, instead of the user's own folder.",
            dir_okay=False,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print a heading, a line per alert and warning, and a summary."
        ),
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per alert, for programs.")
    ] = False,
    web: flags.Web = None,
    log_file: flags.LogFilePath = None,
) -> int:
    """Tell of each new opportunity once, until Ctrl-C; on the terminal and to notify_to."""
    stop = threading.Event()
    with AskedToStop(stop) as asked:
        from divbot.app.options import WatchOptions
        from divbot.cli.compiling import tell_of_compiling
        from divbot.cli.log_file import LogFile
        from divbot.cli.rates import prepare_rates
        from divbot.cli.watching import Mode, Watching

        settings = given.load(
            demo=demo,
            quiet=quiet,
            defaults={"interval": "1m"} if demo else {},
            **given.one_interval,
            **_wanted(given, watch_list),
        )
        if test_notify:
            return _test(settings)
        if refused:
            return _list_refused(settings, outbox)
        options = WatchOptions(demo=demo, speed=speed, outbox=outbox)
        log = LogFile(log_file) if log_file else None
        mode = Mode.of(quiet=quiet, jsonl=jsonl, may_be_live=False)
        with Watching(mode, stop.set, log) as watching:
            if not quiet:
                tell_of_compiling()
            prepare_rates(settings, quiet=quiet)
            _watch(settings, options, stop, watching, duration, web)
    # Whoever read us (head, less) has seen enough: that is no failure.
    if watching.lost and not (asked.exit_code or isinstance(watching.lost, BrokenPipeError)):
        raise watching.lost
    return asked.exit_code


def _wanted(given: flags.Given, watch_list: Path | None) -> dict[str, Any]:
    from divbot.domain.watch_list import read_watch_list

    if watch_list is None:
        return {}
    if given.settings.get("symbols"):
        raise InputError("--watch-list and --symbols exclude each other: give one of them")
    return {"symbols": read_watch_list(watch_list)}


def _test(settings: Settings) -> int:
    from divbot.app.alerting import send_test
    from divbot.cli.terminal import stderr

    failed = False
    for address, problem in send_test(settings, stderr().ring):
        failed |= bool(problem)
        print(f"{address}: {f'not sent: {problem}' if problem else 'sent'}", flush=True)
    return PARTIAL if failed else 0


def _list_refused(settings: Settings, outbox: Path | None) -> int:
    from divbot.app.alerting import refused_alerts
    from divbot.cli.figures import harmless
    from divbot.domain.clock import utc_text

    alerts = refused_alerts(settings, outbox)
    if not alerts:
        print("divbot: no alert is set aside", file=sys.stderr)
    for name, found in alerts:
        line = f"{utc_text(found.at, seconds=True)}  {name}: {found.reason}: {found.alert.brief}"
        print(harmless(line), flush=True)
    return 0


def _watch(
    settings: Settings,
    options: WatchOptions,
    stop: threading.Event,
    watching: Watching,
    duration: timedelta | None,
    web: WebAddress | None,
) -> None:
    from divbot.app.watching import open_watch
    from divbot.cli.board.serving import WatchAudience, open_listener, say_where, serving_watch
    from divbot.cli.service_words import watch_words
    from divbot.cli.terminal import stderr
    from divbot.cli.watch_text import banner_text, summary_json, summary_text
    from divbot.domain.clock import SystemClock
    from divbot.service import ServiceManager
    from divbot.trading.engine.questions import Stopped

    audience = WatchAudience(watching)
    manager = ServiceManager.of(os.environ, SystemClock().monotonic)
    # Told to stop before it watches: there is nothing to sum up.
    with contextlib.suppress(Stopped), ExitStack() as stack:
        listener = stack.enter_context(open_listener(web, settings)) if web else None
        found = stack.enter_context(
            open_watch(
                settings,
                options,
                stop,
                ring=stderr().ring,
                tell=audience.tell,
                on_alerts=audience.hear,
            )
        )
        watching.now = found.clock.now
        began = watching.now()
        watching.say(banner_text(found, settings))
        if web and listener:
            say_where(watching, web, listener, settings)
            stack.enter_context(serving_watch(found, settings, options, listener, audience))
        manager.needs(found.gets_on)
        found.run(duration, lambda: manager.lives(lambda: watch_words(found, audience.told)))
        manager.ends()
        found.end()
        results = found, watching.now() - began, audience.told
        watching.say(summary_text(*results), summary_json(*results))
