"""What a scan starts from, counted before it begins: it may take a while after a download."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache, partial
from typing import TYPE_CHECKING

from divbot.cli import past

if TYPE_CHECKING:
    from divbot.app.options import TellStage
    from divbot.settings import Settings


def prepare_rates(settings: Settings, *, quiet: bool = False) -> None:
    """Count the store's base rate where that is due, with a bar where somebody looks."""
    from divbot.app.scan_rules import prepare_rate

    with ExitStack() as stack:

        @cache
        def bar() -> TellStage:
            return stack.enter_context(past.progress(quiet=quiet))

        def show(what: str, done: int, count: int) -> None:
            bar()(what, done, count)

        prepare_rate(settings, partial(past.tell, quiet=quiet), show)
