"""SIGINT and SIGTERM, which end a server in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heeding_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on either of them within the block; on the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def hear(number: int, _: FrameType | None) -> None:
        stop.set()
        # A second one ends at once, whatever is being answered.
        signal.signal(number, before[signal.Signals(number)])

    for each, handler in before.items():
        # A child whose parent decides when it ends ignores Ctrl-C: keep it so.
        if handler is not signal.SIG_IGN:
            signal.signal(each, hear)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
