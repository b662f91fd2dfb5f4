"""How long a scan takes and how much memory its processes need, against a local exchange.

    python benchmarks/scan.py --latency 0 50ms --repeats 5

For each latency a local exchange is started in a process of its own, and `divbot scan` is run
against it as a user would. Printed are medians: the cycle (listing to report), its stages, the
whole process from start to exit, and the proportional memory (PSS) of the process tree, sampled
all the while. Also the time of `divbot --help`. Linux only, for the memory.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from dataclasses import asdict

from commandline import Parser, milliseconds, run, whole
from scanning import Scan, measure_scan
from venue import DIVBOT, Exchange, open_exchange


def main() -> None:
    options = parse_arguments()
    help_seconds = statistics.median(seconds_of([*DIVBOT, "--help"]) for _ in range(9))
    print(f"divbot --help: {help_seconds:.3f} s")
    print(f"{options.symbols} symbols, {options.market}, medians of {options.repeats} runs")
    print(f"{'latency':>8}  {'cycle':>7}  listing  download  analysis  process      PSS")
    for latency in options.latency:
        with open_exchange(options.market, options.symbols, latency=latency) as exchange:
            measure(options, exchange)  # compiles the kernels, draws the market
            runs = [asdict(measure(options, exchange)) for _ in range(options.repeats)]
        figures = {name: statistics.median(each[name] for each in runs) for name in runs[0]}
        print(
            f"{latency:>5g} ms  {figures['total']:>5.2f} s  {figures['listing']:>5.2f} s"
            f"  {figures['download']:>6.2f} s  {figures['analysis']:>6.2f} s"
            f"  {figures['process']:>5.2f} s  {figures['pss']:>4.0f} MB"
        )


def measure(options: argparse.Namespace, exchange: Exchange) -> Scan:
    flags = ["--workers", str(options.workers)] if options.workers else []
    return measure_scan(exchange, options.market, options.symbols, flags, with_memory=True)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--latency", type=milliseconds, nargs="+", default=[0, 50], help="0 50ms")
    parser.add_argument("--symbols", type=whole(1, 5000), default=400)
    parser.add_argument(
        "--market", choices=["spot", "usdm"], default="spot", help="1000 candles; or 499"
    )
    parser.add_argument("--workers", type=whole(1, 256), help="by itself as divbot chooses")
    parser.add_argument("--repeats", type=whole(1, 1000), default=5)
    return parser.parse_args()


def seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    run(main)
