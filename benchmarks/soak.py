"""Whether a paper run of a day stays as it was in its first hour, against a local exchange.

    python benchmarks/soak.py --duration 24h --speed 60

A paper run as `divbot paper` composes it runs in this process, on 1m candles of 400 symbols; the
exchange has a process of its own, and its market goes `speed` times as fast. Sampled all the
while: memory (PSS of the run and its workers), threads, open descriptors. Told at the end: how
they grew, by least squares over all but the first fifth, and whether a candle was missed: a
signal is looked at for `max_age` candles, so that none is missed as long as two reports are never
farther apart. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from commandline import time_in

HOUR, MINUTE = 3_600_000, 60_000
WARMING = 0.2
"""The part of the run that is left out of the slopes: caches fill, pages are touched once."""


def main() -> None:
    # Here, so that worker processes, which import this script, load none of it.
    from venue import open_exchange

    options = parse_arguments()
    speed = options.speed
    with open_exchange("usdm", options.symbols, speed=speed, is_nice=True) as exchange:
        soak = measure(options, exchange.url, exchange.pid)
    figures = soak.figures()
    print(json.dumps(figures) if options.json else "\n".join(lines(figures)))
    if figures["missed"] or figures["failures"]:
        sys.exit(1)


@dataclass(slots=True)
class Sample:
    """What the run held at one moment."""

    at: int
    pss: float
    rss: float
    processes: int
    threads: int
    descriptors: int


@dataclass(slots=True)
class Soak:
    """What was seen of a run."""

    every: float
    max_age: int
    exchange: int
    """Its process, which is not looked at."""
    warnings: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    as_of: list[int] = field(default_factory=list)
    scanned: set[int] = field(default_factory=set)
    scans: int = 0
    failures: int = 0
    seconds: float = 0.0
    """Of the last scan."""
    events: int = 0
    closed: int = 0
    p99: float = 0.0
    """Of how late price checks began, wall ms."""
    _sampled_at: float = 0.0

    def look(self, run: Any) -> None:
        """See the run as it is now."""
        # Here, so that worker processes, which import this script, load none of it.
        from machine import usage_of

        view = run.snapshot().scanner
        if view.as_of and view.as_of not in self.as_of[-1:]:
            self.as_of.append(view.as_of)
            self.scanned.add(view.symbols)
        now = run.loop._clock.monotonic()  # noqa: SLF001 - measured from within
        if now - self._sampled_at < self.every:
            return
        self._sampled_at = now
        usage, at = usage_of(os.getpid(), self.exchange), run.trading.now()
        shape = usage.processes, usage.threads, usage.descriptors
        self.samples.append(Sample(at, usage.pss, usage.rss, *shape))
        print(
            f"{(at - self.samples[0].at) / HOUR:6.2f} h  {usage.pss:6.1f} MB  "
            f"{usage.threads:3} threads  {usage.descriptors:4} descriptors  "
            f"{view.scans} scans of {view.seconds:.2f} s",
            file=sys.stderr,
        )

    def figures(self) -> dict[str, Any]:
        """Return what all samples come to."""
        first, last = self.samples[0], self.samples[-1]
        settled = self.samples[int(len(self.samples) * WARMING) :]
        hours = [x.at / HOUR for x in settled]
        steps = [b - a for a, b in zip(self.as_of, self.as_of[1:], strict=False)]
        return {
            "market_hours": round((last.at - first.at) / HOUR, 2),
            "scans": self.scans,
            "failures": self.failures,
            "last_scan_seconds": round(self.seconds, 3),
            "symbols": [min(self.scanned), max(self.scanned)],
            "candles": 1 + sum(steps) // MINUTE,
            "reports": len(self.as_of),
            "longest_step": max(steps, default=0) // MINUTE,
            "missed": sum(max(step // MINUTE - self.max_age, 0) for step in steps),
            "events": self.events,
            "closed_trades": self.closed,
            "late_p99_ms": round(self.p99, 1),
            "warnings": self.warnings,
            "pss_mb": [round(settled[0].pss, 1), round(last.pss, 1)],
            "pss_mb_per_hour": round(slope(hours, [x.pss for x in settled]), 3),
            "rss_mb_per_hour": round(slope(hours, [x.rss for x in settled]), 3),
            "threads": [settled[0].threads, last.threads, max(x.threads for x in settled)],
            "descriptors": [
                settled[0].descriptors,
                last.descriptors,
                max(x.descriptors for x in settled),
            ],
            "processes": [settled[0].processes, last.processes],
        }


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """Yield the figures as text."""
    for name, value in figures.items():
        if name != "warnings":
            yield f"{name.replace('_', ' '):<20}{value}"
    for warning in figures["warnings"]:
        yield f"warning: {warning}"


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of the line nearest to the points, by least squares."""
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - middle_x) ** 2 for a in x)
    together = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return together / spread if spread else 0.0


def measure(options: argparse.Namespace, url: str, exchange: int) -> Soak:
    """Run for so much of the market's time; return what was seen."""
    from divbot.app.options import PaperOptions
    from divbot.app.paper import open_paper
    from divbot.settings import load_settings

    settings = load_settings(
        {
            "top": options.symbols,
            "interval": "1m",
            "base_url": url,
            "max_positions": 20,
            "min_score": 3,
            "workers": options.workers,
        },
        None,
    )
    soak = Soak(options.every, settings.max_age, exchange)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        journal = Path(folder) / "run.db"

        def count(*_: object) -> None:
            soak.events += 1

        def tell(text: str, *, is_warning: bool = False, **_: bool) -> None:
            if is_warning:
                soak.warnings.append(text)

        run = stack.enter_context(
            open_paper(
                settings,
                PaperOptions(journal=journal, speed=options.speed),
                threading.Event(),
                tell=tell,
                on_event=count,
            )
        )
        run.run(
            lambda _: soak.look(run), duration=timedelta(seconds=options.duration / options.speed)
        )
        condition = run.scanner.condition
        soak.scans, soak.failures = condition.scans, condition.failures
        soak.seconds, soak.p99 = condition.seconds, run.loop.lateness().p99
        soak.closed = len(run.journal.ledger.closed)
    return soak


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--duration", type=time_in("s", "1m", "365d"), default=86_400.0, help="of the market's time"
    )
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--symbols", type=int, default=400)
    parser.add_argument(
        "--every", type=time_in("s", "1s", "1h"), default=15.0, help="wall time between samples"
    )
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
