"""Ctrl-Z: a terminal is given back while this program is stopped, and taken again afterwards."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType

_STOP = getattr(signal, "SIGTSTP", None)
"""Windows knows no such thing."""


class GivenBack:
    """Call `give` before this program is stopped and `take` afterwards, from `begin` to `end`.

    Only the main thread hears signals, and who wants this one ignored is left alone.
    """

    def __init__(self, give: Callable[[], None], take: Callable[[], None]) -> None:
        self._give = give
        self._take = take
        self._is_heard = False

    def begin(self) -> None:
        """Hear of Ctrl-Z."""
        is_main = threading.current_thread() is threading.main_thread()
        if _STOP is not None and is_main and signal.getsignal(_STOP) is signal.SIG_DFL:
            self._is_heard = True
            signal.signal(_STOP, self._stop)

    def end(self) -> None:
        """Hear of it no more; safe to call twice."""
        if _STOP is not None and self._is_heard:
            self._is_heard = False
            signal.signal(_STOP, signal.SIG_DFL)

    def _stop(self, number: int, _: FrameType | None) -> None:
        # A terminal that is gone cannot be given back.
        with contextlib.suppress(OSError):
            self._give()
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_kill(threading.get_ident(), number)  # here it stands until SIGCONT
        signal.signal(number, self._stop)
        with contextlib.suppress(OSError):
            self._take()
