"""How a page is served: who may see it, where, and that it is said where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from divbot.domain.clock import SystemClock
from divbot.domain.errors import InputError

if TYPE_CHECKING:
    import socket

    from divbot.alerts.alert import Alert
    from divbot.app.options import PaperOptions, WatchOptions
    from divbot.app.paper import PaperRun
    from divbot.app.watching import Watch
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import WatchProgram
    from divbot.cli.run_alerts import Audience
    from divbot.cli.watching import Watching
    from divbot.domain.notices import Tell
    from divbot.settings import Settings
    from divbot.web.address import WebAddress
    from divbot.web.port import Program


def open_listener(address: WebAddress, settings: Settings) -> socket.socket:
    """Return what listens; raise InputError where it cannot, or where others could see the page."""
    from divbot.processes import allow_files
    from divbot.web.address import listen
    from divbot.web.server import MOST_CONNECTIONS

    if not address.is_local and settings.web_token is None:
        raise InputError(
            f"other machines could reach the page on {address.host}: write web_token = ... (16 "
            "characters or more) into divbot.toml, or set DIVBOT_WEB_TOKEN; or serve on 127.0.0.1"
        )
    allow_files(MOST_CONNECTIONS)
    return listen(address)


@contextmanager
def serving(
    program: Program,
    answers: BoardAnswers,
    settings: Settings,
    listener: socket.socket,
    tell: Tell,
) -> Iterator[None]:
    """Serve the page of `program` for as long as the block lasts."""
    from divbot.cli.report.board import board_files
    from divbot.domain.hosts import is_loopback
    from divbot.web.clerk import Clerk
    from divbot.web.gatekeeper import Gatekeeper
    from divbot.web.port import Site
    from divbot.web.server import WebServer

    clock = SystemClock()
    clerk = Clerk(answers, clock, answers.looker)
    guard = Gatekeeper(
        is_loopback(listener.getsockname()[0]), frozenset(settings.web_hosts), settings.web_token
    )
    assets, missing = board_files()
    with WebServer(Site(program, assets, missing), clerk, listener, guard, clock, tell):
        yield


def say_where(
    watching: Watching, address: WebAddress, listener: socket.socket, settings: Settings
) -> None:
    """Say where the page is, never with its token."""
    url = address.url(listener.getsockname()[1])
    token = "; it asks for web_token" if settings.web_token else ""
    document = json.dumps({"event": "web", "at": watching.now(), "url": url})
    watching.say(f"  {'page':26}{url}{token}", document)


@contextmanager
def serving_run(
    run: PaperRun,
    settings: Settings,
    options: PaperOptions,
    listener: socket.socket,
    audience: Audience,
) -> Iterator[None]:
    """Serve the page of a paper run, which `audience` tells of."""
    from divbot.app.alerting import outbox_of_run
    from divbot.app.looking import Looker
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import RunProgram

    def told() -> int | None:
        return audience.alerts.told if audience.alerts else None

    program = RunProgram(run, options.speed, told)
    answers = BoardAnswers(
        Looker.of(settings, run.source), run.journal.path, (outbox_of_run(run.journal.path),)
    )
    audience.page = program
    try:
        with serving(program, answers, settings, listener, audience.watching.tell):
            yield
    finally:
        audience.page = None


class WatchAudience:
    """Pass on what a watch tells: to whoever is at the terminal, and to a page while there is one.

    Heard by the scanner's thread.
    """

    def __init__(self, watching: Watching) -> None:
        self.watching = watching
        self.told = 0
        self.page: WatchProgram | None = None

    def hear(self, alerts: Sequence[Alert]) -> None:
        """Pass on alerts."""
        self.told += len(alerts)
        for alert in alerts:
            self.watching.announce(alert)
        if self.page:
            self.page.hear(alerts)

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Pass on what is no alert."""
        self.watching.tell(text, is_warning=is_warning, is_detail=is_detail)
        if self.page:
            self.page.tell(text, is_warning=is_warning, is_detail=is_detail)


@contextmanager
def serving_watch(
    watch: Watch,
    settings: Settings,
    options: WatchOptions,
    listener: socket.socket,
    audience: WatchAudience,
) -> Iterator[None]:
    """Serve the page of a watch, which `audience` tells of."""
    from divbot.app.looking import Looker
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import WatchProgram

    program = WatchProgram(watch, settings, options.speed)
    answers = BoardAnswers(Looker.of(settings, watch.venue), outboxes=(watch.dispatch.outbox.path,))
    audience.page = program
    try:
        with serving(program, answers, settings, listener, audience.watching.tell):
            yield
    finally:
        audience.page = None
