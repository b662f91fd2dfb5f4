"""How long a scan takes and how much memory its processes need, against a local exchange.

    python benchmarks/scan.py --latency 0 50 --repeats 5

For each latency a local exchange is started in a process of its own, and `divbot scan` is run
against it as a user would. Printed are medians: the cycle (listing to report), its stages, the
whole process from start to exit, and the proportional memory (PSS) of the process tree, sampled
all the while. Also the time of `divbot --help`. Linux only, for the memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from machine import tree_pss

DIVBOT = [sys.executable, "-m", "divbot"]
STAGES = ("listing", "download", "analysis", "total")


def main() -> None:
    options = parse_arguments()
    help_seconds = statistics.median(seconds_of([*DIVBOT, "--help"]) for _ in range(9))
    print(f"divbot --help: {help_seconds:.3f} s")
    print(f"{options.symbols} symbols, {options.market}, medians of {options.repeats} runs")
    print(f"{'latency':>8}  {'cycle':>7}  listing  download  analysis  process      PSS")
    for latency in options.latency:
        with exchange(options, latency) as url:
            measure(options, url)  # compiles the kernels, draws the market
            runs = [measure(options, url) for _ in range(options.repeats)]
        figures = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print(
            f"{latency:>5g} ms  {figures['total']:>5.2f} s  {figures['listing']:>5.2f} s"
            f"  {figures['download']:>6.2f} s  {figures['analysis']:>6.2f} s"
            f"  {figures['process']:>5.2f} s  {figures['pss']:>4.0f} MB"
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 50], help="ms")
    parser.add_argument("--symbols", type=int, default=400)
    parser.add_argument("--market", default="spot", help="spot: 1000 candles; usdm: 499")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


@contextmanager
def exchange(options: argparse.Namespace, latency: float) -> Iterator[str]:
    """Provide the address of a local exchange of its own."""
    command = [*DIVBOT, "exchange", "--market", options.market, "--symbols", str(options.symbols)]
    with subprocess.Popen(
        # More scans in a minute than the venue would allow.
        [*command, "--latency", str(latency), "--weight-limit", "1000000", "--no-awkward"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def measure(options: argparse.Namespace, url: str) -> dict[str, float]:
    """Run one scan; return its seconds by stage, those of the process, and its PSS in MB."""
    command = [*DIVBOT, "scan", "--market", options.market, "--top", str(options.symbols)]
    command += ["--base-url", url, "--json"]
    if options.workers:
        command += ["--workers", str(options.workers)]
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=output) as process:
            most = 0.0
            while process.poll() is None:
                most = max(most, tree_pss(process.pid))
                time.sleep(0.02)
        elapsed = time.perf_counter() - started
        output.seek(0)
        report: dict[str, Any] = json.load(output)
    # One or the other of a random market stands still, and is taken for a peg.
    assert report["summary"]["scanned"] >= 0.98 * options.symbols, report["summary"]
    return {**{x: report["timings"][x] for x in STAGES}, "process": elapsed, "pss": most}


def seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
