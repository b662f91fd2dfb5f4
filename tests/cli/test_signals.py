"""A signal ends a command wherever it finds it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys, threading, weakref
from divbot.cli.signals import AskedToStop, Terminated, heed

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
    with AskedToStop(threading.Event()) as asked:
        signal.raise_signal({number})
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
