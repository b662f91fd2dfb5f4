"""A journal's writer to be killed: for every line `first path` on stdin, one forked process.

One whose `first` is below 0 kills itself before it executes that statement of SQL, or only opens.
It writes decision after decision, and tells of each on stdout once it is durable. Forked from here
and not from the tests: this process has one thread, and has all that is imported.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from itertools import count
from pathlib import Path

from divbot.domain.errors import DuplicateEvent
from divbot.domain.events import Event
from divbot.trading.journal import journal
from divbot.trading.journal.journal import Journal
from tests.trading.events import MINUTE, START, STARTED, entered, exited, marked


def decision(number: int) -> tuple[Event, ...]:
    """Return what is decided in step `number`, whoever asks: one trade ends, the next begins."""
    at = START + 10 * number * MINUTE
    ended = [exited(number - 1, at)] if number > 1 else []
    return *ended, marked(at), entered(number, at)


def write(first: int, path: Path) -> None:
    if first < 0:
        die_before(-first)
    writing = Journal.open(path) if path.exists() else Journal.create(path, STARTED)
    tell("open")
    if first < 0:
        return
    for number in count(first):
        try:
            writing.write(*decision(number))
        except DuplicateEvent:
            tell(f"again {number}")
        else:
            tell(f"done {number}")


def die_before(statement: int) -> None:
    connect, numbers = journal.connect_writing, count(1)

    def connect_to_die(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(
            lambda _: os.kill(os.getpid(), signal.SIGKILL) if next(numbers) == statement else None
        )
        return connection

    journal.connect_writing = connect_to_die


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # whole, and past any buffer that a kill would empty


def main() -> None:
    for line in sys.stdin:
        first, path = line.rstrip("\n").split(" ", 1)
        if (child := os.fork()) == 0:
            try:
                tell(f"pid {os.getpid()}")
                write(int(first), Path(path))
            except BaseException as error:
                tell(f"failed: {error!r}")
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        tell("gone")


if __name__ == "__main__":
    main()
