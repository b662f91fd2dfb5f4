"""How benchmarks are started and how they end: what is wrong in one line, Ctrl-C without a word."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from divbot.domain.durations import Duration

USAGE, FAILED, INTERRUPTED, TERMINATED = 2, 1, 130, 143


class BenchmarkFailed(Exception):
    """There is nothing to measure, for a reason told in one line."""


class Parser(argparse.ArgumentParser):
    """Tell what is wrong with the flags in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(USAGE)


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return what takes a flag's text for a whole number in this range."""

    def number(text: str) -> int:
        if text.strip().isdecimal() and lowest <= int(text) <= highest:
            return int(text)
        raise argparse.ArgumentTypeError(
            f"expected a whole number from {lowest} to {highest}, found {text!r}"
        )

    return number


def time_in(unit: str, least: str, most: str) -> Callable[[str], float]:
    """Return what takes a flag's text, such as 50ms, for a time, counted in `unit`."""

    def time(text: str) -> float:
        try:
            return Duration(least, most, unit).read(text) / Duration("0", "1d").read(f"1{unit}")
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return time


milliseconds = time_in("ms", "0", "60s")
"""Takes a flag's text for a latency."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hear Ctrl-C and SIGTERM only afterwards: nobody could end a process that is half started."""
    heard: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {x: signal.signal(x, lambda number, _: heard.append(number)) for x in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in heard:
            signal.raise_signal(number)


def run(main: Callable[[], None]) -> NoReturn:
    """Run a benchmark and leave with its exit code; what it has opened is closed in any case."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BenchmarkFailed as error:
        print(f"{sys.argv[0].rpartition('/')[2]}: {error}", file=sys.stderr)
        sys.exit(FAILED)
    sys.exit(0)
