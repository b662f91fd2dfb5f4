"""One cycle of a scanner that has been running for a while, against the floors of its requests.

    python benchmarks/cycle.py --latency 0 50ms --repeats 9

A cycle goes from the listing to the published report, by a worker for each core and 64 connections
in all, as in `divbot paper`. Cold: every candle is downloaded. Warm: all are kept but the newest
final one. The floors take turns with it: the bytes of the same requests, listing first, by the
fastest plain client (floor.py), which is one process and forgets what it reads; and what it takes
to unpack the bodies with libdeflate and to read them with orjson, spread over the cores. Printed
are medians of the seconds, and of the ratios of each turn. The exchange shares the cores with both:
at 0 ms all wait for it. Linux only.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import deflate
import orjson
from commandline import BenchmarkFailed, Parser, milliseconds, run, whole
from floor import candle_paths, measure_floor
from machine import NOISY, Others
from venue import Exchange, open_exchange

from divbot.app.scanning import open_scanner
from divbot.binance.candles.candle_store import ROW_BYTES
from divbot.folders import cache_home
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import FAILED
from divbot.settings import load_settings

_SAMPLE = 20
_TAIL = 4
"""Candles that a warm cycle asks for: the newest kept one, the one that is missing, the one that
forms, and one in case another opens meanwhile."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds."""

    cold: float
    cold_bytes: float
    parsing: float
    warm: float
    warm_bytes: float

    def ratios(self) -> dict[str, float]:
        """Return what is claimed of a cycle."""
        return {
            "cold to its bytes": self.cold / self.cold_bytes,
            "cold to bytes and parsing": self.cold / (self.cold_bytes + self.parsing),
            "warm to cold": self.warm / self.cold,
            "warm to its bytes": self.warm / self.warm_bytes,
        }


def main() -> None:
    options = parse_arguments()
    documents = []
    for latency in options.latency:
        with open_exchange(
            options.market, options.symbols, latency=latency, compress=options.compress
        ) as exchange:
            turns, noise = measure(options, exchange)
        documents.append(document(latency, turns, noise))
        if not options.json:
            print("\n".join(table(options, documents[-1])))
    if options.json:
        print(json.dumps({"symbols": options.symbols, "latencies": documents}))


def measure(options: argparse.Namespace, exchange: Exchange) -> tuple[list[Turn], float]:
    """Let all take turns; return also what part of the cores others used."""
    others, began = Others(os.getpid()), time.perf_counter()
    with (
        scanner(options, exchange, keep_candles=False) as cold,
        scanner(options, exchange, keep_candles=True) as warm,
        kept_candles(exchange) as kept,
    ):
        cycle(cold)
        cycle(warm)
        turns = [one_turn(options, exchange, cold, warm, kept) for _ in range(options.repeats)]
    return turns, others.share(time.perf_counter() - began)


def one_turn(
    options: argparse.Namespace, exchange: Exchange, cold: Scanner, warm: Scanner, kept: Path
) -> Turn:
    """Measure each once."""
    market, symbols = options.market, options.symbols
    floor = partial(
        measure_floor, exchange, market, symbols, with_listing=True, compress=options.compress
    )
    full = floor()
    cold_seconds = cycle(cold)
    tail = floor(rows=_TAIL)
    forget_newest(kept)
    return Turn(
        cold=cold_seconds,
        cold_bytes=full.seconds,
        parsing=parsing_seconds(exchange, market, symbols, compress=options.compress),
        warm=cycle(warm),
        warm_bytes=tail.seconds,
    )


@contextmanager
def scanner(
    options: argparse.Namespace, exchange: Exchange, *, keep_candles: bool
) -> Iterator[Scanner]:
    """Provide a scanner with workers of its own."""
    settings = load_settings(
        {
            "market": options.market,
            "top": options.symbols,
            "base_url": exchange.url,
            "workers": options.workers,
            "keep_candles": keep_candles,
        },
        None,
    )
    with open_scanner(settings) as opened:
        yield opened


def cycle(scanner: Scanner) -> float:
    """Return the seconds of one cycle."""
    started = time.perf_counter()
    report = scanner.cycle()
    seconds = time.perf_counter() - started
    if any(x.reason == FAILED for x in report.summary.skipped):
        raise BenchmarkFailed("some symbols could not be had")
    return seconds


@contextmanager
def kept_candles(exchange: Exchange) -> Iterator[Path]:
    """Provide the folder in which the candles of this exchange are kept; delete it afterwards."""
    folder = cache_home() / "divbot" / "candles" / quote(exchange.url, safe="")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_newest(kept: Path) -> None:
    """Let each file lack its newest candle."""
    for file in kept.rglob("*.candles"):
        os.truncate(file, file.stat().st_size - ROW_BYTES)


def parsing_seconds(exchange: Exchange, market: str, symbols: int, *, compress: bool) -> float:
    """Return what libdeflate and orjson take for all candles, spread over the cores."""
    bodies = []
    for path in candle_paths(exchange.url, market, min(symbols, _SAMPLE)):
        with urlopen(exchange.url + path, timeout=60) as answer:
            bodies.append(answer.read())
    packed = [gzip.compress(body, 1) for body in bodies] if compress else []
    started = time.perf_counter()
    for body in packed:
        deflate.gzip_decompress(body)
    for body in bodies:
        orjson.loads(body)
    each = (time.perf_counter() - started) / len(bodies)
    return each * symbols / (os.cpu_count() or 1)


def document(latency: float, turns: list[Turn], noise: float) -> dict[str, object]:
    """Return the medians, for machines."""
    seconds = [asdict(turn) for turn in turns]
    ratios = [turn.ratios() for turn in turns]
    return {
        "latency": latency,
        "seconds": {name: statistics.median(x[name] for x in seconds) for name in seconds[0]},
        "ratios": {name: statistics.median(x[name] for x in ratios) for name in ratios[0]},
        "others": noise,
    }


def table(options: argparse.Namespace, told: dict[str, object]) -> Iterator[str]:
    """Yield the lines of one latency."""
    bodies = "compressed bodies" if options.compress else "plain bodies"
    yield (
        f"{options.symbols} symbols, {options.market}, {told['latency']:g} ms, {bodies}, "
        f"medians of {options.repeats} turns"
    )
    for part, unit in (("seconds", "s"), ("ratios", "x")):
        for name, value in told[part].items():  # type: ignore[attr-defined]
            yield f"  {name.replace('_', ' '):<28}{value:>7.3f} {unit}"
    if told["others"] > NOISY:  # type: ignore[operator]
        yield f"warning: noisy, other programs used {told['others']:.0%} of the cores"


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--latency", type=milliseconds, nargs="+", default=[0.0, 50.0], help="0 50ms"
    )
    parser.add_argument("--symbols", type=whole(1, 4000), default=400)
    parser.add_argument(
        "--market", choices=["spot", "usdm"], default="spot", help="1000 candles; or 499"
    )
    parser.add_argument("--workers", type=whole(1, 256), default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=whole(1, 1000), default=9)
    parser.add_argument("--compress", action="store_true", help="bodies in gzip")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
