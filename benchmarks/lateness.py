"""How late the trader's price checks begin while scans run back to back, against a local exchange.

    python benchmarks/lateness.py --duration 60s --repeats 3

A paper run as `divbot paper` composes it runs in this process; the exchange has one of its own.
Four ways: without any scan, with scans back to back (the check interval is far shorter than a
scan), and with scans back to back while a live view is drawn, or while a page is served to 50
readers (`--readers`). A price check is late by how many
wall ms after its time it begins; those that follow a slow one at once were not waited for and do
not count, and how long they take is told beside it. Linux only.
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from commandline import time_in

QUIET, SCANS, LIVE = "no scan", "scans back to back", "scans and a live view"
WEB = "scans and a page"


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
    if options.json:
        print(json.dumps([asdict(run) for run in runs]))
    else:
        show(options, runs)
    worst = max(run.others for run in runs)
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
    stop = threading.Event()
    others, began = Others(os.getpid()), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        run = stack.enter_context(
            open_paper(
                settings,
                PaperOptions(journal=Path(folder) / "run.db"),
                stop,
                tell=lambda *_, **__: None,
                on_event=lambda *_: None,
            )
        )
        probe = run.loop._clock = Probe(run.loop._clock)  # noqa: SLF001 - measured from within
        watch = stack.enter_context(live_view()) if way == LIVE else ignore
        if way == WEB:
            watch = stack.enter_context(page(run, settings, options.readers))
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
        own_p99=p99([max(late - core, 0.0) for late, core in probe.waits]),
        check=statistics.median(probe.checks),
        longest_check=max(probe.checks),
        scans=condition.scans,
        scan_seconds=condition.seconds,
        others=others.share(time.perf_counter() - began),
    )


class Probe:
    """A clock that keeps how long price checks took, and how late each wait ended.

    Of that, too, how long a core was waited for.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.now, self.monotonic = clock.now, clock.monotonic
        self.waits: list[tuple[float, float]] = []
        self.checks: list[float] = []
        self._began = time.perf_counter()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        asked, before = time.perf_counter(), core_wait()
        self.checks.append(1000 * (asked - self._began))
        told = self._clock.wait(seconds, stop)
        self._began = time.perf_counter()
        self.waits.append((1000 * (self._began - asked - seconds), core_wait() - before))
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


@contextmanager
def page(run: Any, settings: Any, readers: int) -> Iterator[Callable[[Any], None]]:
    """Serve the page of `run` to so many readers, in a process of their own."""
    from divbot.cli.board.answers import BoardAnswers
    from divbot.cli.board.programs import RunProgram
    from divbot.cli.board.serving import serving
    from divbot.web.address import WebAddress, listen

    program, listener = RunProgram(run, 1.0), listen(WebAddress(port=0))
    command = [sys.executable, str(Path(__file__).with_name("readers.py"))]
    port = str(listener.getsockname()[1])
    with serving(program, BoardAnswers(None), settings, listener, lambda *_, **__: None):
        others = subprocess.Popen([*command, port, str(readers)], stdout=subprocess.PIPE)
        try:
            assert others.stdout
            others.stdout.readline()
            yield program.show
        finally:
            others.kill()
            others.wait()


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
    parser.add_argument("--ways", nargs="+", default=[QUIET, SCANS, LIVE, WEB])
    parser.add_argument("--readers", type=int, default=50, help="of the page")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
