"""One `divbot scan` as a user runs it, and what it took; Linux only."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commandline import BenchmarkFailed
from machine import Others, adopt_orphans, reap_orphans, seconds_of_tree
from spending import own_environment, seconds_of_ended, watched
from venue import DIVBOT, Exchange, running

from divbot.scanner.report import FAILED

_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan took: wall seconds where nothing else is said."""

    process: float
    """From its start to its exit."""
    total: float
    """From the first question to the report."""
    listing: float
    download: float
    """Requests and parsing, of the worker that took longest."""
    analysis: float
    cpu: float
    """Processor seconds of all its processes."""
    exchange: float
    """Processor seconds of the exchange meanwhile; it has one core at most."""
    weight: int
    others: float
    """The part of the cores that other programs used meanwhile."""
    pss: float
    """MB of all its processes at most; 0 where nobody looked."""


def measure_scan(
    exchange: Exchange,
    market: str,
    symbols: int,
    flags: Sequence[str] = (),
    *,
    keeps_candles: bool = False,
    with_memory: bool = False,
) -> Scan:
    """Run one scan; looking at its memory takes time of the cores, so that is a choice.

    It downloads everything, unless it keeps candles and finds those of a scan before.
    """
    adopt_orphans()
    command = [*DIVBOT, "scan", "--market", market, "--top", str(symbols), *flags]
    command += ["--base-url", exchange.url, "--json"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        others, cpu = Others(os.getpid()), seconds_of_ended()
        served, started = seconds_of_tree(exchange.pid), time.perf_counter()
        try:
            with running(command, stdout=output, env=_environment(keeps_candles)) as process:
                pss = watched(process, _SAMPLE_SECONDS) if with_memory else 0.0
                code = process.wait()
                seconds = time.perf_counter() - started
        finally:
            # Its forkserver ends a moment after it.
            reap_orphans(without=exchange.pid)
        if code:
            raise BenchmarkFailed(f"`divbot scan` left with exit code {code}")
        output.seek(0)
        report: dict[str, Any] = json.load(output)
    summary, timings = report["summary"], report["timings"]
    failed = summary["skipped"][FAILED]
    # One or the other of a random market stands still, and is taken for a peg.
    if failed or not 0.98 * symbols <= summary["scanned"] <= symbols:
        raise BenchmarkFailed(
            f"expected {symbols} symbols, found {summary['scanned']}, and {failed} that failed"
        )
    return Scan(
        process=seconds,
        total=timings["total"],
        listing=timings["listing"],
        download=timings["download"],
        analysis=timings["analysis"],
        cpu=seconds_of_ended() - cpu,
        exchange=seconds_of_tree(exchange.pid) - served,
        weight=summary["request_weight"],
        others=others.share(seconds),
        pss=pss,
    )


def _environment(keeps_candles: bool) -> dict[str, str]:  # noqa: FBT001 - our own
    return {**own_environment(), "DIVBOT_KEEP_CANDLES": str(keeps_candles)}
