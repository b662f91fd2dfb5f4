"""How many worker processes a scan is worth on this machine, against a local exchange.

    python benchmarks/workers.py --latency 50ms --picture workers.html

For each number of workers (0: all in one process, `--sequential`) `divbot scan` is run as a user
would, turn by turn, so that noise of the machine hits all alike. Printed are medians: the whole
process from start to exit, the cycle (listing to report) and its stages, processor use, memory
(PSS of all its processes, from a run of its own, as looking at it takes time), request weight per
scan, and per minute of scans back to back. `download` is parsing, too. The exchange has a process
of its own; which part of a core it used says whether it held the scan up. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from commandline import Parser, milliseconds, run, whole
from floor import measure_floor
from scanning import Scan, measure_scan
from venue import MOST_SYMBOLS, Exchange, open_exchange
from worker_figures import Row, Setup, advice, document, flag_of, heading, row_of, table
from worker_picture import draw, problem

from divbot.binance.protocol.endpoints import WEIGHT_PER_MINUTE
from divbot.domain.market import Market
from divbot.scanner.workforce.size import MOST_WORKERS, workers_for

WORKERS = [0, 1, 2, 4, 8, 16, 32]


def main() -> None:
    options = parse_arguments()
    with open_exchange(options.market, options.symbols, latency=options.latency) as exchange:
        rows = measure(options, exchange)
        floors = [measure_floor(exchange, options.market, options.symbols) for _ in range(3)]
    setup = Setup(
        market=options.market,
        symbols=options.symbols,
        latency=options.latency,
        cores=os.cpu_count() or 1,
        repeats=options.repeats,
        keeps_candles=options.keep_candles,
        weight_limit=WEIGHT_PER_MINUTE[Market(options.market)],
        floor=min(floor.seconds for floor in floors),
        auto=workers_for("auto", options.symbols, os.cpu_count() or 1),
    )
    if options.json:
        print(json.dumps(document(setup, rows)))
    else:
        print("\n".join([heading(setup), *table(rows), *advice(setup, rows)]))
    if options.picture:
        draw(options.picture, setup, rows)
        print(f"{options.picture} written", file=sys.stderr)


def measure(options: argparse.Namespace, exchange: Exchange) -> list[Row]:
    """Return the figures for each number of workers."""
    scans: dict[int, list[Scan]] = {workers: [] for workers in options.workers}
    one_scan(options, exchange, options.workers[0])  # compiles the kernels, draws the market
    for turn in range(options.repeats):
        for workers in options.workers:
            tell(f"run {turn + 1} of {options.repeats}, {flag_of(workers)}")
            scans[workers].append(one_scan(options, exchange, workers))
    tell("memory")
    return [
        row_of(
            workers,
            scans[workers],
            one_scan(options, exchange, workers, with_memory=True).pss,
        )
        for workers in options.workers
    ]


def one_scan(
    options: argparse.Namespace, exchange: Exchange, workers: int, *, with_memory: bool = False
) -> Scan:
    return measure_scan(
        exchange,
        options.market,
        options.symbols,
        flag_of(workers).split(),
        keeps_candles=options.keep_candles,
        with_memory=with_memory,
    )


def tell(doing: str) -> None:
    """Say on a terminal what goes on."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{doing}", end="\r", file=sys.stderr, flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--workers", type=whole(0, MOST_WORKERS), nargs="+", default=WORKERS, help="0: in process"
    )
    parser.add_argument("--latency", type=milliseconds, default=50.0, help="of each reply: 50ms")
    parser.add_argument("--symbols", type=whole(1, MOST_SYMBOLS), default=400)
    parser.add_argument(
        "--market", choices=["spot", "usdm"], default="spot", help="1000 candles each, or 499"
    )
    parser.add_argument("--repeats", type=whole(1, 1000), default=5)
    parser.add_argument(
        "--keep-candles", action="store_true", help="download what is new since the scan before"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--picture", type=Path, help="FILE.html or FILE.png")
    options = parser.parse_args()
    options.workers = list(dict.fromkeys(options.workers))
    if options.picture and (why := problem(options.picture)):
        parser.error(f"--picture: {why}")
    return options


if __name__ == "__main__":
    run(main)
