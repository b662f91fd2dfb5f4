"""How a command hears that it should end: by Ctrl-C, by SIGTERM, by the end of its terminal.

What whoever started this program wants to be ignored stays ignored, as under nohup.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import NoReturn, Self

from divbot.domain.clock import Clock, SystemClock

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no terminal that hangs up.
_HEEDED = (signal.SIGINT, *_ENDING)
SIGNALLED = 128
"""What a shell adds to a signal's number in the exit code of a program that it ended."""
_SHORTLY = 0.02
"""Seconds, in which what cannot raise a signal is left."""
_TOGETHER = 0.25
"""Seconds in which nobody asks twice on purpose."""
_CLOCK = SystemClock()
_to_be_sent = threading.Event()
"""A lost signal is about to be sent once more: another one that is lost adds nothing."""


class Terminated(BaseException):
    """Unwind as Ctrl-C does, so that processes and files are put in order."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.exit_code = SIGNALLED + number


def heed() -> None:
    """Let every signal that ends a program be raised, as KeyboardInterrupt or as Terminated."""
    sys.unraisablehook = _raise_again
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in _ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _terminate)


def ignore() -> None:
    """Let nothing come between here and the end, which is near."""
    for each in _HEEDED:
        signal.signal(each, signal.SIG_IGN)


class AskedToStop:
    """Let a first signal set `stop`, within a `with` block; a second one is raised at once.

    Those that come together with the first are one with it: `timeout` tells a program and then its
    group, and a terminal that closes tells it beside the shell.
    """

    def __init__(self, stop: threading.Event, clock: Clock = _CLOCK) -> None:
        self._stop = stop
        self._clock = clock
        self._received: int | None = None
        self._received_at = 0.0

    @property
    def exit_code(self) -> int:
        """Return what a shell expects of a program that was ended by that signal; 0 for none."""
        return 0 if self._received is None else SIGNALLED + self._received

    def __enter__(self) -> Self:
        handlers = {each: signal.getsignal(each) for each in _HEEDED}
        self._before = {each: x for each, x in handlers.items() if callable(x)}
        for each in self._before:
            signal.signal(each, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._received is None:
            self._received, self._received_at = number, self._clock.monotonic()
        elif self._clock.monotonic() - self._received_at >= _TOGETHER:
            self._before[signal.Signals(number)](number, frame)
        self._stop.set()


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    raise Terminated(number)


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal once more that came where nothing can be raised, as while an object dies."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        number = int(signal.SIGINT)
    elif isinstance(lost.exc_value, Terminated):
        number = lost.exc_value.number
    else:
        sys.__unraisablehook__(lost)
        return
    while not _to_be_sent.is_set():
        try:
            _to_be_sent.set()
            again = threading.Timer(_SHORTLY, _send, [number])
            again.daemon = True
            again.start()
        except (KeyboardInterrupt, Terminated):  # it would be lost here too
            _to_be_sent.clear()


def _send(number: int) -> None:
    _to_be_sent.clear()
    if hasattr(signal, "pthread_kill"):
        # To the thread that hears signals: one sent to another would not end its wait.
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
