"""The live view of a paper run on a terminal: how its parts share the screen, and who draws it.

`render` is pure. `LiveView` draws four times a second in a thread of its own, always the newest
snapshot: whoever brings one leaves it there and goes on, however slow the terminal is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.text import Text

from divbot.cli import terminal
from divbot.cli.columns import cut
from divbot.cli.job_control import GivenBack
from divbot.cli.live_panels import account_lines, event_lines, heading_lines, scanner_lines
from divbot.cli.live_tables import fewer_positions, opportunity_lines, position_lines
from divbot.trading.engine.snapshot import RunSnapshot

REFRESHES_PER_SECOND = 4

_OPPORTUNITIES = 5
_LEAST = (3, 3, 2)
"""Lines that positions, opportunities and events get before any of them gets more."""
_COMFORTABLE_EVENTS = 4
_PER_LINE = 6
"""So many lines of screen allow one more line of figures of the account."""


def can_show(stream: TextIO) -> bool:
    """Tell whether `stream` is a terminal on which text can be moved about."""
    return stream.isatty() and os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}


def render(snapshot: RunSnapshot, width: int, height: int) -> Text:
    """Return one screen of at most `height` lines, none wider than `width` cells."""
    most = max(height // _PER_LINE, 1)
    head = [*heading_lines(snapshot, width), *account_lines(snapshot, width, most)]
    scanner = scanner_lines(snapshot, width, most)
    positions = position_lines(snapshot, width)
    opportunities = opportunity_lines(snapshot, width)[: 1 + _OPPORTUNITIES]
    events = event_lines(snapshot, width)
    room = height - len(head) - len(scanner)
    comfortable = len(positions) + len(opportunities) + min(len(events), _COMFORTABLE_EVENTS)
    blank = [Text()] if room >= comfortable + 4 else []
    wanted = [len(positions), len(opportunities), len(events)]
    shares = _shares(wanted, _LEAST, room - 4 * len(blank))
    parts = [
        head,
        fewer_positions(snapshot, positions, width, shares[0]),
        opportunities[: shares[1]] if shares[1] > 1 or len(opportunities) == 1 else [],
        scanner,
        _newest(events, shares[2]),
    ]
    return _screen(_joined(parts, blank), width, height)


def _shares(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Share `room` lines: to each the least, then to each what it wants, the first ones first."""
    given = [0] * len(wanted)
    for limits in (least, wanted):
        for number, (limit, want) in enumerate(zip(limits, wanted, strict=True)):
            more = max(min(limit, want) - given[number], 0)
            given[number] += min(more, max(room - sum(given), 0))
    return given


def _newest(events: Sequence[Text], height: int) -> list[Text]:
    if len(events) <= height:
        return list(events)
    return [*events[:1], *events[len(events) - height + 1 :]] if height > 1 else []


def _joined(parts: Sequence[Sequence[Text]], blank: Sequence[Text]) -> Iterator[Text]:
    for number, part in enumerate(x for x in parts if x):
        if number:
            yield from blank
        yield from part


def _screen(lines: Iterator[Text], width: int, height: int) -> Text:
    shown = list(lines)[: max(height, 1)]
    for line in shown:
        line.rstrip()
        line.truncate(max(width, 1), overflow="ellipsis")
    screen = Text("\n").join(shown)
    screen.no_wrap, screen.overflow = True, "crop"
    return screen


class LiveView:
    """Show snapshots on a terminal from entry to exit, and give it back as it was."""

    def __init__(self, console: Console | None = None) -> None:
        self._frame = _Frame()
        self._live = _Drawing(
            self._frame,
            console=console or terminal.stdout().console(),
            screen=True,
            refresh_per_second=REFRESHES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._given_back = GivenBack(self._live.give_back, self._live.take)

    def update(self, snapshot: RunSnapshot) -> None:
        """Let `snapshot` be what is drawn next; takes no lock and waits for nothing."""
        self._frame.snapshot = snapshot

    def draw(self) -> None:
        """Draw at once, besides the frames of the view's own thread; waits for the terminal."""
        self._live.refresh()

    def ask(self, waits_for: Callable[[], str]) -> None:
        """Let each drawing ask what requests wait for."""
        self._frame.waits_for = waits_for

    def __enter__(self) -> Self:
        try:
            self._given_back.begin()
            self._live.start(refresh=True)
        except BaseException:
            # Ctrl-C has come between the first escape sequence and here.
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._given_back.end()
        # A terminal that is gone cannot be given back, and need not be.
        with contextlib.suppress(OSError):
            self._live.stop()


class _Drawing(Live):
    _is_gone = False
    _is_given_back = False

    def give_back(self) -> None:
        """Show the terminal as it was before, until `take`; nothing is drawn meanwhile."""
        with self._lock:
            self._is_given_back = True
            self._show(is_ours=False)

    def take(self) -> None:
        """Show the view again."""
        with self._lock:
            self._is_given_back = False
            self._show(is_ours=True)
            self.refresh()

    def _show(self, *, is_ours: bool) -> None:
        if self.is_started:
            self.console.set_alt_screen(is_ours)
            self.console.show_cursor(not is_ours)

    def refresh(self) -> None:
        """Draw, unless the terminal is gone: the paper run goes on without one."""
        if self._is_gone or self._is_given_back:
            return
        try:
            super().refresh()
        except OSError:
            # rich would keep all that it could not write, and try again with every frame.
            self._is_gone = True


class _Frame:
    """Draw the newest snapshot in the size that the terminal has by then."""

    def __init__(self) -> None:
        self.snapshot: RunSnapshot | None = None
        self.waits_for: Callable[[], str] = str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width, height = options.max_width, options.height or console.height
        snapshot = self.snapshot
        if snapshot is None:
            yield cut("starting", width)
            return
        try:
            # Asked here: who waits brings no newer snapshot meanwhile.
            yield render(replace(snapshot, waits_for=self.waits_for()), width, height)
        except Exception as error:
            # The view's own thread: a bug in it must not leave a frozen screen behind.
            yield cut(f"cannot show this: {type(error).__name__}: {error}", width, "red")
