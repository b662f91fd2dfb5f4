"""How long others take for the work of a scan, beside divbot, against one local exchange.

    python benchmarks/peers.py --latency 0 50ms --freqtrade PATH

The work: list the spot market, choose the most traded symbols, download 1000 candles of each, RSI
and ATR. divbot finds divergences besides. ccxt and python-binance do it by asyncio and by threads,
as a user would who wants speed (see peer_clients.py); freqtrade, where its executable is given,
from its start as a bot to the last pair's indicators. Beside them the bytes alone: the same
requests by plain sockets. All take turns; printed are medians: of the work, from the first question
to the last figure, and of the whole process, from its start to its exit, with what it takes to load
(of freqtrade: to the last figure). divbot loads while it asks, so that its work is not without it.
Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commandline import BenchmarkFailed, Parser, milliseconds, run, whole
from floor import FULL, Floor, measure_floor
from freqtrade_run import measure_freqtrade
from machine import NOISY, Others
from peer_clients import CLIENTS, missing
from scanning import measure_scan
from venue import Exchange, open_exchange

SCRIPT = Path(__file__).with_name("peer_clients.py")
OURS = "divbot scan"
AGAIN = "divbot scan, candles kept"
FLOOR = "the bytes alone"


class Took(NamedTuple):
    """Seconds."""

    work: float
    process: float | None
    """From start to exit."""


Figures = Mapping[str, Took]
"""By who did the work."""


def main() -> None:
    options = parse_arguments()
    lacking = list(dict.fromkeys(filter(None, map(missing, CLIENTS))))
    if lacking:
        print(f"left out, not installed: {', '.join(lacking)}", file=sys.stderr)
    documents = []
    for latency in options.latency:
        with open_exchange("spot", options.symbols, latency=latency) as exchange:
            # Compiles the kernels, draws the market; and its candles are kept.
            measure_scan(exchange, "spot", options.symbols, keeps_candles=True)
            others, began = Others(os.getpid()), time.perf_counter()
            turns = [one_turn(options, exchange) for _ in range(options.repeats)]
            noise = others.share(time.perf_counter() - began)
            floor = measure_floor(exchange, "spot", options.symbols)
        figures = medians(turns)
        documents.append({"latency": latency, "seconds": document(figures), "others": noise})
        if not options.json:
            print(f"{options.symbols} symbols, {latency:g} ms, medians of {options.repeats} runs")
            print("\n".join([*table(figures), *doubts(noise, floor)]))
    if options.json:
        print(json.dumps({"symbols": options.symbols, "latencies": documents}))


def one_turn(options: argparse.Namespace, exchange: Exchange) -> Figures:
    """Let each do the work once."""
    symbols = options.symbols
    ours = measure_scan(exchange, "spot", symbols)
    again = measure_scan(exchange, "spot", symbols, keeps_candles=True)
    figures = {
        FLOOR: Took(measure_floor(exchange, "spot", symbols).seconds, None),
        OURS: Took(ours.total, ours.process),
        AGAIN: Took(again.total, again.process),
    }
    for name in CLIENTS:
        if not missing(name):
            figures[name] = measure_client(name, exchange.url, symbols)
    if options.freqtrade:
        figures["freqtrade"] = Took(*measure_freqtrade(options.freqtrade, exchange.url, symbols))
    return figures


def measure_client(name: str, url: str, symbols: int) -> Took:
    """Return what a client takes, in a process of its own."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), name, url, str(symbols)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    process = time.perf_counter() - started
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise BenchmarkFailed(f"{name} failed: {last}")
    told: dict[str, Any] = json.loads(done.stdout)
    return Took(told["seconds"], process)


def medians(turns: Sequence[Figures]) -> Figures:
    """Return the medians of each."""
    return {name: _median([turn[name] for turn in turns]) for name in turns[0]}


def _median(figures: Sequence[Took]) -> Took:
    whole = [x.process for x in figures if x.process is not None]
    return Took(
        statistics.median(x.work for x in figures), statistics.median(whole) if whole else None
    )


def table(figures: Figures) -> Iterator[str]:
    """Yield the lines of the table, the fastest first."""
    ours = figures[OURS]
    yield f"{'':<26}{'work':>6}  {'to ours':>8}  {'process':>8}  {'to ours':>8}"
    for name, took in sorted(figures.items(), key=lambda x: x[1].work):
        line = f"{name:<26}{took.work:>6.2f}  {took.work / ours.work:>7.2f}x"
        if took.process is not None and ours.process is not None:
            line += f"  {took.process:>8.2f}  {took.process / ours.process:>7.2f}x"
        yield line


def document(figures: Figures) -> dict[str, dict[str, float | None]]:
    """Return the figures for machines."""
    return {name: took._asdict() for name, took in figures.items()}


def doubts(noise: float, floor: Floor) -> Iterator[str]:
    """Yield why the figures may tell of something else, too."""
    if floor.exchange > FULL * floor.seconds:
        yield f"{FLOOR} came no faster because the exchange made them no faster"
    if noise > NOISY:
        yield f"warning: noisy, other programs used {noise:.0%} of the cores"


def executable(text: str) -> str:
    """Return the path of a program that a flag names."""
    found = shutil.which(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a program, found {text!r}")
    return str(Path(found).absolute())


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--latency", type=milliseconds, nargs="+", default=[0.0, 50.0], help="0 50ms"
    )
    parser.add_argument("--symbols", type=whole(1, 4000), default=400)
    parser.add_argument("--repeats", type=whole(1, 1000), default=3)
    parser.add_argument("--freqtrade", type=executable, help="its executable, to measure it, too")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
