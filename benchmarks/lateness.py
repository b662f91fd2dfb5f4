"""How late the trader's price checks begin while scans run back to back, against a local exchange.

    python benchmarks/lateness.py --duration 60s --repeats 3

A paper run as `divbot paper` composes it runs in this process; the exchange has one of its own.
Three ways: without any scan, with scans back to back (the check interval is far shorter than a
scan), and with scans back to back while a live view is drawn. A price check is late by how many
wall ms after its time it begins; those that follow a slow one at once were not waited for and do
not count, and how long they take is told beside it.

Last, one more run with a page, whose readers (50, `--readers`) come and go every ten seconds: what
else is on the machine changes more slowly, so that it meets both alike. Told are both and their
ratio, with 90 % of what it is where stretches are drawn again by chance. Linux only.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from commandline import time_in

QUIET, SCANS, LIVE = "no scan", "scans back to back", "scans and a live view"
UNREAD, READ = "scans and a page", "scans and readers"
TURN = 10.0
"""Seconds for which readers stay, or stay away."""
_SETTLE = 1.0
"""Seconds of each turn that are not counted: in them streams are opened or closed."""


def main() -> None:
    # Here, so that worker processes, which import this script, load none of it.
    from machine import NOISY
    from venue import open_exchange

    options = parse_arguments()
    if options.switch_interval:
        sys.setswitchinterval(options.switch_interval / 1000)
    with open_exchange("usdm", options.symbols, is_nice=True) as exchange:
        for _ in range(options.warm_up):
            measure(options, exchange.url, SCANS, 8.0)
        runs = [
            measure(options, exchange.url, way, options.duration)
            for _ in range(options.repeats)
            for way in options.ways
        ]
        turns = measure_readers(options, exchange.url) if options.readers else None
    if options.json:
        told = {"runs": [asdict(run) for run in runs], "readers": turns and turns.document()}
        print(json.dumps(told))
    else:
        if runs:
            show(options, runs)
        if turns:
            turns.show()
    worst = max((run.others for run in runs), default=0.0)
    if worst > NOISY:
        print(f"noisy: others used up to {worst:.0%} of the cores", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures, in ms where nothing else is said."""

    way: str
    steps: int
    median: float
    p99: float
    worst: float
    own_p99: float
    """Without what the trader's thread waited for a core."""
    check: float
    """What one price check takes, in the median."""
    longest_check: float
    scans: int
    scan_seconds: float
    """The last one's."""
    others: float
    """The part of the cores that other programs used meanwhile."""


def measure(options: argparse.Namespace, url: str, way: str, seconds: float) -> Run:
    """Run for `seconds`; return how late its price checks began."""
    # Here, so that worker processes, which import this script, load none of it.
    from machine import Others

    others, began = Others(os.getpid()), time.perf_counter()
    with ExitStack() as stack:
        run, probe, _ = stack.enter_context(paper_run(options, url))
        watch = stack.enter_context(live_view()) if way == LIVE else ignore
        if way == QUIET:
            run.scanner.ask_to_stop()
        run.run(watch, duration=timedelta(seconds=seconds))
        condition, late = run.scanner.condition, run.loop.lateness()
    return Run(
        way=way,
        steps=late.steps,
        median=late.median,
        p99=late.p99,
        worst=late.worst,
        own_p99=p99([x.late - x.core for x in probe.waits]),
        check=statistics.median(probe.checks),
        longest_check=max(probe.checks),
        scans=condition.scans,
        scan_seconds=condition.seconds,
        others=others.share(time.perf_counter() - began),
    )


@contextmanager
def paper_run(options: argparse.Namespace, url: str) -> Iterator[tuple[Any, Probe, Any]]:
    """Provide a paper run that scans back to back, with a probe in it, and its settings."""
    from divbot.app.options import PaperOptions
    from divbot.app.paper import open_paper
    from divbot.settings import load_settings

    settings = load_settings(
        {
            "top": options.symbols,
            "base_url": url,
            "check_interval": "0.1s",
            "position_update_interval": timedelta(seconds=options.every),
            "max_positions": 20,
            "min_score": 0,
            "take_earlier": True,
            "workers": options.workers,
        },
        None,
    )
    quietly: dict[str, Any] = dict.fromkeys(("tell", "on_event"), lambda *_, **__: None)
    with tempfile.TemporaryDirectory() as folder:
        kept = PaperOptions(journal=Path(folder) / "run.db")
        with open_paper(settings, kept, threading.Event(), **quietly) as run:
            probe = run.loop._clock = Probe(run.loop._clock)  # noqa: SLF001 - measured from within
            yield run, probe, settings


class Waited(NamedTuple):
    """How one wait for the next price check ended."""

    at: float
    """Seconds of the wall clock."""
    late: float
    """ms."""
    core: float
    """ms of that for which there was no core."""


class Probe:
    """A clock that keeps how long price checks took, and how late each wait ended.

    Of that, too, how long a core was waited for.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.now, self.monotonic = clock.now, clock.monotonic
        self.waits: list[Waited] = []
        self.checks: list[float] = []
        self._began = time.perf_counter()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        asked, before = time.perf_counter(), core_wait()
        self.checks.append(1000 * (asked - self._began))
        told = self._clock.wait(seconds, stop)
        self._began = time.perf_counter()
        late, core = 1000 * (self._began - asked - seconds), core_wait() - before
        self.waits.append(Waited(self._began, late, min(core, max(late, 0.0))))
        return told


def core_wait() -> float:
    """Return for how many ms this thread has been ready to run, and did not."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6


def p99(values: list[float]) -> float:
    return sorted(values)[min(int(len(values) * 0.99), len(values) - 1)] if values else 0.0


def ignore(_: object) -> None:
    """Show nothing."""


@contextmanager
def live_view() -> Iterator[Callable[[Any], None]]:
    """Draw as on a terminal, to nowhere."""
    from rich.console import Console

    from divbot.cli.live import LiveView

    console = Console(file=io.StringIO(), force_terminal=True, width=140, height=40)
    with LiveView(console) as view:
        yield view.update


@dataclass(frozen=True, slots=True)
class Turn:
    """Some seconds of a run, with readers or without."""

    has_readers: bool
    late: list[float]
    """ms, of each price check that was waited for."""
    own: list[float]
    """The same without what the trader's thread waited for a core."""
    processor: float
    """Seconds a second, of the trader's process with its page; not of its workers."""


@dataclass(frozen=True, slots=True)
class Turns:
    """A run whose page is read every other turn."""

    readers: int
    turns: list[Turn]

    def document(self) -> dict[str, Any]:
        return {"readers": self.readers, "turns": [asdict(x) for x in self.turns]}

    def show(self) -> None:
        print(f"one run, {self.readers} readers every other {TURN:g} s; lateness in ms")
        print(f"{'':<24}{'checks':>6}{'median':>8}{'p99':>7}{'own p99':>9}{'processor':>11}")
        for has_readers, name in ((False, UNREAD), (True, READ)):
            own = [x for x in self.turns if x.has_readers is has_readers]
            late, core_free = (pooled(own, x) for x in ("late", "own"))
            load = statistics.mean(x.processor for x in own)
            print(
                f"{name:<24}{len(late):>6}{statistics.median(late):>8.1f}{p99(late):>7.1f}"
                f"{p99(core_free):>9.1f}{load:>11.1%}"
            )
        for what in ("late", "own"):
            ratio, low, high = self.ratio(what)
            name = "p99" if what == "late" else "own p99"
            print(f"{name}: {ratio:.2f} times with readers, 90 % from {low:.2f} to {high:.2f}")

    def ratio(self, what: str) -> tuple[float, float, float]:
        """Return p99 with readers over that without, and where 90 % of redrawn ones lie."""
        groups = [[x for x in self.turns if x.has_readers is y] for y in (True, False)]
        with_them, without = (p99(pooled(x, what)) for x in groups)
        random, drawn = Random(0), []
        for _ in range(2000):
            redrawn = (p99(pooled(random.choices(x, k=len(x)), what)) for x in groups)
            drawn.append(next(redrawn) / next(redrawn))
        drawn.sort()
        return with_them / without, drawn[100], drawn[-100]


def pooled(turns: Sequence[Turn], what: str) -> list[float]:
    return [x for turn in turns for x in getattr(turn, what)]


def measure_readers(options: argparse.Namespace, url: str) -> Turns:
    """Run as long as all repeats of one way; readers come and go."""
    begins: list[tuple[float, float, int]] = []

    with paper_run(options, url) as (run, probe, settings), page(run, settings) as (watch, wanted):
        over = threading.Event()

        def take_turns() -> None:
            number = 0
            while not over.wait(TURN):
                number = 0 if number else options.readers
                begins.append((time.perf_counter(), time.process_time(), number))
                wanted(number)

        turning = threading.Thread(target=take_turns)
        turning.start()
        try:
            run.run(watch, duration=timedelta(seconds=options.duration * options.repeats))
        finally:
            over.set()
            turning.join()
    return Turns(options.readers, list(turns_of(begins, probe.waits)))


def turns_of(begins: list[tuple[float, float, int]], waits: list[Waited]) -> Iterator[Turn]:
    """Give each whole turn; what came before the first of them is not counted."""
    for (start, before, number), (end, after, _) in pairwise(begins):
        own = [x for x in waits if start + _SETTLE <= x.at < end]
        late = [max(x.late, 0.0) for x in own]
        core_free = [max(x.late - x.core, 0.0) for x in own]
        yield Turn(bool(number), late, core_free, (after - before) / (end - start))


@contextmanager
def page(run: Any, settings: Any) -> Iterator[tuple[Callable[[Any], None], Callable[[int], None]]]:
    """Serve the page of `run`; provide what draws it, and what lets so many read it.

    Readers are a process of their own.
    """
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import RunProgram
    from divbot.cli.board.serving import serving
    from divbot.web.address import WebAddress, listen

    program, listener = RunProgram(run, 1.0), listen(WebAddress(port=0))
    port = str(listener.getsockname()[1])
    command = [sys.executable, str(Path(__file__).with_name("readers.py")), port]
    with serving(program, BoardAnswers(None), settings, listener, lambda *_, **__: None):
        others = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )
        assert others.stdin
        assert others.stdout
        asked, told = others.stdin, others.stdout

        def wanted(readers: int) -> None:
            print(readers, file=asked, flush=True)
            told.readline()

        try:
            yield program.show, wanted
        finally:
            others.kill()
            others.wait()
            asked.close()
            told.close()


def show(options: argparse.Namespace, runs: list[Run]) -> None:
    print(
        f"{options.symbols} symbols, a price check every {options.every:g} s, "
        f"{options.repeats} x {options.duration:g} s each way; lateness in ms"
    )
    print(f"{'':<24}{'checks':>6}{'median':>8}{'p99':>7}{'worst':>7}{'own p99':>9}", end="")
    print(f"{'check':>7}{'longest':>9}{'scans':>7}{'scan':>8}{'others':>8}")
    for run in runs:
        print(
            f"{run.way:<24}{run.steps:>6}{run.median:>8.1f}{run.p99:>7.1f}{run.worst:>7.1f}{run.own_p99:>9.1f}"
            f"{run.check:>7.1f}{run.longest_check:>9.1f}{run.scans:>7}{run.scan_seconds:>6.2f} s"
            f"{run.others:>8.0%}"
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--symbols", type=int, default=400)
    parser.add_argument(
        "--duration", type=time_in("s", "1s", "1d"), default=60.0, help="of each run"
    )
    parser.add_argument(
        "--every", type=time_in("s", "0.1s", "1h"), default=0.2, help="between price checks"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--warm-up", type=int, default=1, help="runs that are not told of")
    parser.add_argument("--switch-interval", type=float, help="ms; Python's own is 5")
    ways = (QUIET, SCANS, LIVE)
    parser.add_argument("--ways", nargs="*", default=ways, choices=ways)
    parser.add_argument("--readers", type=int, default=50, help="of the page; 0: no page")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
