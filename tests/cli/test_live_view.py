from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions

from divbot.cli import live
from divbot.cli.live import LiveView, can_show
from divbot.cli.progress import ScanProgress
from tests.cli.paper_runs import EMPTY, SNAPSHOT

LEAVE_SCREEN, SHOW_CURSOR = "\x1b[?1049l", "\x1b[?25h"


class StuckTerminal(io.StringIO):
    """A terminal whose reader has gone to sleep: nothing written gets on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_stuck = False
        self.waited = threading.Event()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        if self.is_stuck:
            self.waited.set()
            assert self.goes_on.wait(30)
        return super().write(text)


class LostTerminal(io.StringIO):
    """A terminal that hangs up."""

    is_lost = False
    tries = 0

    def write(self, text: str) -> int:
        self.tries += self.is_lost
        if self.is_lost:
            raise OSError(5, "Input/output error")
        return super().write(text)


def console_on(file: io.StringIO) -> Console:
    return Console(file=file, width=80, height=24, force_terminal=True, _environ={"TERM": "xterm"})


@contextmanager
def view_on(file: io.StringIO, console: Console | None = None) -> Iterator[LiveView]:
    with LiveView(console or console_on(file)) as view:
        yield view


@pytest.fixture(autouse=True)
def _frames_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no frame be drawn but those that a test asks for."""
    monkeypatch.setattr(live, "REFRESHES_PER_SECOND", 0.001)


def test_the_view_shows_the_newest_snapshot() -> None:
    terminal = io.StringIO()

    with view_on(terminal) as view:
        view.update(EMPTY)
        view.update(SNAPSHOT)
        view.draw()
        shown = terminal.getvalue()

    assert "starting" in shown
    assert "BTCUSDT" in shown
    assert "no open position" not in shown


def test_the_view_says_what_is_waited_for_while_nobody_brings_a_snapshot() -> None:
    terminal = io.StringIO()
    waits_for = ["waiting for request weight"]

    with view_on(terminal) as view:
        view.ask(lambda: waits_for[0])
        view.update(SNAPSHOT)
        view.draw()
        waiting = terminal.getvalue()
        waits_for[0] = ""
        view.draw()
        goes_on = terminal.getvalue().removeprefix(waiting)

    assert "waiting for request weight" in waiting
    assert "BTCUSDT" in goes_on
    assert "waiting for request weight" not in goes_on


def test_a_frame_overwrites_the_last_one_without_erasing_it() -> None:
    terminal = io.StringIO()

    with view_on(terminal) as view:
        view.update(SNAPSHOT)
        before = len(terminal.getvalue())
        view.draw()
        frame = terminal.getvalue()[before:]

    assert frame.startswith("\x1b[H")
    assert "\x1b[2J" not in frame
    assert "\x1b[K" not in frame
    assert [cell_len(plain(line)) for line in frame.split("\n")] == [80] * 24


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_a_terminal_that_changes_its_size_gets_the_next_frame_in_it() -> None:
    terminal = io.StringIO()
    console = console_on(terminal)

    with view_on(terminal, console) as view:
        view.update(SNAPSHOT)
        console.size = ConsoleDimensions(60, 16)
        before = len(terminal.getvalue())
        view.draw()
        frame = terminal.getvalue()[before:]

    assert [cell_len(plain(line)) for line in frame.split("\n")] == [60] * 16


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_the_terminal_is_given_back_however_the_run_ends(error: type[BaseException]) -> None:
    terminal = io.StringIO()

    with pytest.raises(error), view_on(terminal):
        raise error

    text = terminal.getvalue()
    assert text.rindex(LEAVE_SCREEN) > text.rindex("\x1b[?1049h")
    assert text.rindex(SHOW_CURSOR) > text.rindex("\x1b[?25l")


def test_the_terminal_is_given_back_when_ctrl_c_comes_too_early() -> None:
    class Hasty(io.StringIO):
        def write(self, text: str) -> int:
            written = super().write(text)
            if "starting" in text:
                raise KeyboardInterrupt
            return written

    terminal = Hasty()

    with pytest.raises(KeyboardInterrupt):
        LiveView(console_on(terminal)).__enter__()

    assert LEAVE_SCREEN in terminal.getvalue()
    assert SHOW_CURSOR in terminal.getvalue()


def test_a_bug_in_the_view_is_shown_and_outlived() -> None:
    terminal = io.StringIO()

    with view_on(terminal) as view:
        view.update(replace(SNAPSHOT, at=10**18))
        view.draw()
        view.update(SNAPSHOT)
        view.draw()

    assert "cannot show this: " in terminal.getvalue()
    assert "BTCUSDT" in terminal.getvalue()


def test_an_update_never_waits_for_the_terminal() -> None:
    terminal = StuckTerminal()
    with view_on(terminal) as view:
        terminal.is_stuck = True
        drawing = threading.Thread(target=view.draw)
        drawing.start()
        assert terminal.waited.wait(30)

        updating = threading.Thread(target=view.update, args=(SNAPSHOT,))
        updating.start()
        updating.join(10)
        has_waited = updating.is_alive()

        terminal.is_stuck = False
        terminal.goes_on.set()
        drawing.join()
        updating.join()

    assert not has_waited


def test_a_terminal_that_hangs_up_is_let_be() -> None:
    terminal = LostTerminal()

    with view_on(terminal) as view:
        terminal.is_lost = True
        for _ in range(5):
            view.update(SNAPSHOT)
            view.draw()
        tries = terminal.tries

    assert tries == 1


@pytest.mark.parametrize(
    ("is_terminal", "name", "expected"),
    [
        (True, "xterm-256color", True),
        (True, "", True),
        (True, "dumb", False),
        (False, "xterm-256color", False),
    ],
)
def test_a_live_view_is_for_terminals_that_can_move_text(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, name: str, expected: bool
) -> None:
    monkeypatch.setenv("TERM", name)
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal  # type: ignore[method-assign]

    assert can_show(stream) is expected


ENTER_SCREEN, HIDE_CURSOR = "\x1b[?1049h\x1b[H", "\x1b[?25l"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Ctrl-Z")
@pytest.mark.parametrize("is_progress", [False, True], ids=["live view", "progress bar"])
def test_ctrl_z_gives_the_terminal_back_until_the_program_goes_on(
    monkeypatch: pytest.MonkeyPatch, is_progress: bool
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TTY_INTERACTIVE", "1")
    while_stopped: list[str] = []

    def stop(_: int, number: int) -> None:
        view.draw() if isinstance(view, LiveView) else None
        assert signal.getsignal(number) is signal.SIG_DFL
        while_stopped.append(terminal.getvalue())

    monkeypatch.setattr(signal, "pthread_kill", stop)
    view: LiveView | ScanProgress
    with ScanProgress() if is_progress else LiveView(console_on(terminal)) as view:
        for _ in range(2):
            signal.raise_signal(signal.SIGTSTP)
        goes_on = terminal.getvalue()

    assert len(while_stopped) == 2
    shown = SHOW_CURSOR if is_progress else LEAVE_SCREEN + SHOW_CURSOR
    hidden = HIDE_CURSOR if is_progress else ENTER_SCREEN + HIDE_CURSOR
    assert while_stopped[0].endswith(shown)
    assert goes_on.removeprefix(while_stopped[1]).startswith(hidden)
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL


STOPPED = """
import signal, sys
from divbot.cli.live import LiveView

with LiveView():
    signal.raise_signal(signal.SIGTSTP)
"""


def shown_on(master: int) -> str:
    """Return all that was written to a terminal since the last look."""
    os.set_blocking(master, False)
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(master, 1 << 16):
            pieces.append(piece)
    return b"".join(pieces).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Ctrl-Z")
def test_a_program_is_really_stopped_and_goes_on_where_it_was() -> None:
    master, slave = pty.openpty()
    # In a group of its own, as a shell starts what it may stop.
    run = subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        stdin=slave,
        stdout=slave,
        process_group=0,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(slave)

    _, status = os.waitpid(run.pid, os.WUNTRACED)
    before = shown_on(master)
    os.kill(run.pid, signal.SIGCONT)
    code = run.wait(30)
    after = shown_on(master)
    os.close(master)

    assert os.WIFSTOPPED(status)
    assert before.endswith(LEAVE_SCREEN + SHOW_CURSOR)
    assert (code, after.startswith(ENTER_SCREEN)) == (0, True)
    assert after.endswith(LEAVE_SCREEN)
