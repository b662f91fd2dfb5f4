"""How a run is watched: a live view, a line for each event, or JSON lines for machines."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from divbot.cli.figures import harmless
from divbot.cli.lines import LogLevel, event_json, event_line, json_line, log_line
from divbot.cli.live import LiveView, can_show
from divbot.cli.notices import notice_json, notice_line
from divbot.domain.clock import SystemClock
from divbot.domain.events import SessionBegan

if TYPE_CHECKING:
    from divbot.alerts.alert import Alert
    from divbot.cli.log_file import LogFile
    from divbot.domain.events import Event
    from divbot.domain.ledger import Ledger
    from divbot.trading.engine.snapshot import RunSnapshot


class Mode(Enum):
    """What is shown."""

    LIVE = "live"
    LINES = "lines"
    QUIET = "quiet"
    JSONL = "jsonl"

    @classmethod
    def of(cls, *, quiet: bool, jsonl: bool, may_be_live: bool = True) -> Mode:
        """Return what the flags and the terminal call for."""
        if jsonl:
            return cls.JSONL
        if quiet:
            return cls.QUIET
        return cls.LIVE if may_be_live and can_show(sys.stdout) else cls.LINES


class Watching:
    """Show what happens; heard by the scanner's thread and the trader's.

    Whatever becomes of the streams, neither thread hears of it: without stdout nobody watches, and
    `on_lost` is called once; without stderr there are no notices any more. A `log`, where there is
    one, gets the lines of all events and notices, whatever else is shown.
    """

    def __init__(self, mode: Mode, on_lost: Callable[[], None], log: LogFile | None = None) -> None:
        self._mode = mode
        self._on_lost = on_lost
        self._log = log
        self._view = LiveView() if mode is Mode.LIVE else None
        self._is_showing = False
        # Guards the streams, and `_lost`: lines come whole, whichever thread they come from.
        self._lock = threading.Lock()
        self._lost: dict[TextIO, OSError] = {}
        self.now: Callable[[], int] = SystemClock().now
        """The market's time, once it is known."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._log:
            if error is not None:
                words = harmless(str(error)) or type(error).__name__
                self._log.write(log_line(self.now(), words, LogLevel.ERROR))
            self._log.close()

    def showing(self, waits_for: Callable[[], str]) -> AbstractContextManager[object]:
        """Show the live view, where there is one, and in it what is waited for, within a block."""
        if self._view is None:
            return nullcontext()
        self._view.ask(waits_for)
        self._is_showing = True
        return self._view

    def show(self, snapshot: RunSnapshot) -> None:
        """Show the run as it is now."""
        if self._view is not None:
            self._view.update(snapshot)

    def hear(self, event: Event, ledger: Ledger) -> None:
        """Show an event."""
        line = event_line(event, ledger)
        if line and self._log:
            self._log.write(line)
        if self._mode is Mode.JSONL:
            self._print(event_json(event, ledger))
        elif isinstance(event, SessionBegan):
            pass  # the banner says so
        elif line and not self._is_showing:
            self._print(line)

    def announce(self, alert: Alert) -> None:
        """Show an alert."""
        line = log_line(self.now(), harmless(alert.brief))
        if self._log:
            self._log.write(line)
        if self._mode is Mode.JSONL:
            self._print(json_line({"event": "alert", **alert.document()}))
        else:
            self._print(line)

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Show what is no event."""
        now = self.now()
        line = notice_line(now, text, is_warning=is_warning)
        if self._log and not is_detail:
            self._log.write(line)
        if self._mode is Mode.JSONL:
            self._print(notice_json(now, text, is_warning=is_warning, is_detail=is_detail))
        elif is_detail or self._is_showing:
            pass
        elif is_warning or self._mode is Mode.LINES:
            self._print(line, to_stderr=True)

    def say(self, text: str, document: str = "") -> None:
        """Show `text`, a banner or a summary, to people, and `document`, if any, to machines."""
        self._is_showing = False
        if self._log:
            for line in text.splitlines():
                self._log.write(log_line(self.now(), line))
        if said := document if self._mode is Mode.JSONL else text.removesuffix("\n"):
            self._print(said)

    @property
    def lost(self) -> OSError | None:
        """Return why stdout cannot be written to any more; None: it can."""
        return self._lost.get(sys.stdout)

    def _print(self, text: str, *, to_stderr: bool = False) -> None:
        stream = sys.stderr if to_stderr else sys.stdout
        with self._lock:
            if stream in self._lost:
                return
            try:
                stream.write(f"{text}\n")
                stream.flush()
            except OSError as error:
                self._lost[stream] = error
                _let_go_of(stream)
                if not to_stderr:
                    self._on_lost()


def _let_go_of(stream: TextIO) -> None:
    """Lead what is still written to `stream`, the rest in its buffer too, to nowhere."""
    with contextlib.suppress(OSError), open(os.devnull, "w") as nowhere:  # noqa: PTH123 - no path
        os.dup2(nowhere.fileno(), stream.fileno())
