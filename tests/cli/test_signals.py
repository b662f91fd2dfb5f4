"""A signal ends a command wherever it finds it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from divbot.cli.signals import AskedToStop, Terminated, heed
from divbot.domain.clock import ManualClock


@pytest.fixture
def heeded() -> Iterator[None]:
    """Heed signals as a command does, and as before thereafter."""
    before = {x: signal.getsignal(x) for x in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hook = sys.unraisablehook
    heed()
    yield
    sys.unraisablehook = hook
    for each, handler in before.items():
        signal.signal(each, handler)


PROGRAM = """
import signal, sys, threading, weakref
from divbot.cli.signals import AskedToStop, Terminated, heed
from divbot.domain.clock import ManualClock

class Dying:
    def __del__(self):
        signal.raise_signal({number})

class Held:
    pass

def lose_it():
    held = Held()
    watch = weakref.ref(held, lambda _: signal.raise_signal({number}))
    Dying()
    del held

heed()
try:
    clock = ManualClock()
    with AskedToStop(threading.Event(), clock) as asked:
        signal.raise_signal({number})
        clock.advance(1)
        lose_it()
        threading.Event().wait(30)
except (KeyboardInterrupt, Terminated) as error:
    print(type(error).__name__, asked.exit_code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")]
)
def test_a_second_signal_is_not_lost_where_it_cannot_be_raised(number: int, raised: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(number=int(number))],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (run.stdout, run.stderr) == (f"{raised} {128 + number}\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_come_together_ask_once_and_a_later_one_ends_it(number: int) -> None:
    clock, stop = ManualClock(), threading.Event()

    with AskedToStop(stop, clock) as asked:
        for _ in range(3):
            signal.raise_signal(number)
            clock.advance(0.05)
        has_stopped = stop.is_set()
        clock.advance(1.0)
        with pytest.raises((KeyboardInterrupt, Terminated)):
            signal.raise_signal(number)

    assert has_stopped
    assert asked.exit_code == 128 + number


def test_what_else_cannot_be_raised_is_still_told() -> None:
    program = """
from divbot.cli.signals import heed

class Dying:
    def __del__(self):
        raise ValueError("in vain")

heed()
Dying()
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert "ValueError: in vain" in run.stderr
