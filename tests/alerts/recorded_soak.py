"""A day of a recorded market at speed: faults on, `divbot watch` killed again and again.

    python -m tests.alerts.recorded_soak --symbols 400 --hours 24 --kills 50 --speed 60

The alerts are held against the list that PyneCore and a few comparisons give beforehand, see
recorded. What stays open to trade for all closes at which it is fresh must be told, whatever comes
between; what is open for a shorter time is told where a scan fell into that time, and counted here.
None may be told that is not in the list, and none twice but where a kill fell between the file's
having it and the outbox's knowing so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from divbot.domain.clock import utc_text
from divbot.domain.durations import HOUR, MINUTE
from divbot.domain.market import Interval
from tests.alerts.recorded import MAX_AGE, candles_of, expected, read_market
from tests.conftest import DATA

INTERVALS = (Interval.M5, Interval.M15, Interval.M30)
KINDS = ("regular_bullish", "regular_bearish", "hidden_bearish")
RECORDING = DATA / "market" / "spot-5m-2024-07.parquet"
DIVBOT = [sys.executable, "-m", "divbot"]
_KINDS = (
    "html502",
    "unavailable503",
    "busy",
    "empty_200",
    "truncated_json",
    "nan_json",
    "shuffled_rows",
    "missing_last",
    "stale",
    "timeout",
    "reset_before",
    "reset_mid_body",
    "truncated_gzip",
    "wrong_length_short",
    "garbage",
)
"""All that a venue may do but ask for a pause of minutes, which at speed is one of hours."""
FAULTS = f"seed=7,rate=0.005,kinds={'+'.join(_KINDS)}"


def main() -> None:
    options = parse_arguments()
    market = read_market(RECORDING)
    volume = {x: float((rows.close * rows.volume).sum()) for x, rows in market.items()}
    symbols = sorted(volume, key=lambda x: -volume[x])[: options.symbols]
    last = max(int(rows.open_time.max()) for rows in market.values())
    end = last // (30 * MINUTE) * (30 * MINUTE)
    start = end - round(options.hours * HOUR)
    with tempfile.TemporaryDirectory() as folder:
        exchange = start_exchange(start, options.speed)
        try:
            url = first_word(exchange)
            began = time.monotonic()
            ticks = ticks_of(url)
            run = Run(Path(folder), url, symbols, options.speed)
            ends = began + (end - start) / 1000 / options.speed
            kills = live_and_die(run, options.kills, began, ends)
            told = run.told()
        finally:
            exchange.terminate()
            exchange.wait(10)
    due = {
        f"spot {interval} {symbol} {kind} {confirmed}": closes
        for symbol in symbols
        for interval in INTERVALS
        for (kind, confirmed), closes in expected(
            candles_of(market[symbol], interval.milliseconds),
            interval.milliseconds,
            KINDS,
            ticks[symbol],
        ).items()
    }
    report(due, told, start, end, kills, options)


class Run:
    """`divbot watch`, life after life, on one outbox and one file of lines."""

    def __init__(self, folder: Path, url: str, symbols: list[str], speed: float) -> None:
        self.lines = folder / "alerts.jsonl"
        self.log = folder / "watch.log"
        flags = {
            "market": "spot",
            "interval": ",".join(INTERVALS),
            "kind": ",".join(KINDS),
            "speed": speed,
            "outbox": folder / "outbox",
            "min-score": 0,
            "min-reward-risk": 0,
            "min-age": 0,
            "request-timeout": "1s",
            "log-file": self.log,
        }
        self._command = [*DIVBOT, "watch", "--quiet"]
        self._command += [str(x) for name, value in flags.items() for x in (f"--{name}", value)]
        self._environment = os.environ | {
            "DIVBOT_BASE_URL": url,
            "DIVBOT_SYMBOLS": ",".join(symbols),
            "DIVBOT_NOTIFY_TO": f"jsonl:{self.lines}",
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        }

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def told(self) -> Counter[str]:
        return Counter(json.loads(x)["id"] for x in self.lines.read_text().splitlines())


def live_and_die(run: Run, kills: int, began: float, ends: float) -> int:
    """Let a watch live from kill to kill, and the last one to the end; return how many died."""
    draw = random.Random(kills)
    times = sorted(draw.uniform(began + 5, ends - 5) for _ in range(kills))
    killed = 0
    for at in times:
        program = run.start()
        try:
            time.sleep(max(at - time.monotonic(), 0))
            killed += program.poll() is None
        finally:
            kill_all(program)
        print(f"kill {killed} at {time.monotonic() - began:.0f} s", file=sys.stderr)
    program = run.start()
    try:
        time.sleep(max(ends - time.monotonic(), 0))
        program.send_signal(signal.SIGINT)
        program.wait(60)
    finally:
        kill_all(program)
    return killed


def kill_all(program: subprocess.Popen[bytes]) -> None:
    """Kill a program and its workers, which are a session of their own."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def start_exchange(at: int, speed: float) -> subprocess.Popen[str]:
    flags = ["--market", "spot", "--recorded", str(RECORDING), "--speed", str(speed)]
    flags += ["--at", utc_text(at).replace(" ", "T"), "--faults", FAULTS]
    return subprocess.Popen(
        [*DIVBOT, "exchange", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def first_word(exchange: subprocess.Popen[str]) -> str:
    assert exchange.stdout
    return exchange.stdout.readline().split()[-1]


def ticks_of(url: str) -> dict[str, Decimal]:
    """Return what the exchange says is the step of a price of each symbol."""
    for _ in range(20):
        with (
            suppress(OSError, ValueError),
            urllib.request.urlopen(f"{url}/api/v3/exchangeInfo", timeout=5) as answer,
        ):
            return {
                x["symbol"]: Decimal(y["tickSize"])
                for x in json.load(answer)["symbols"]
                for y in x["filters"]
                if y["filterType"] == "PRICE_FILTER"
            }
    raise SystemExit("the exchange did not say what it lists")


def report(
    due: dict[str, tuple[int, ...]],
    told: Counter[str],
    start: int,
    end: int,
    kills: int,
    options: argparse.Namespace,
) -> None:
    within = {x: closes for x, closes in due.items() if start < closes[0] and closes[0] < end}
    early = {x for x, closes in due.items() if x not in within and any(start <= y for y in closes)}
    lasting = {
        x
        for x, closes in within.items()
        if len(closes) == MAX_AGE + 1 and closes[MAX_AGE] <= end - 5 * MINUTE
    }
    brief = set(within) - lasting
    missing = sorted(lasting - set(told))
    foreign = sorted(set(told) - set(within) - early)
    figures = {
        "market hours": options.hours,
        "symbols": options.symbols,
        "speed": options.speed,
        "kills": kills,
        "expected by PyneCore": len(within),
        "of them open at every close": len(lasting),
        "told of those": len(lasting & set(told)),
        "missing": len(missing),
        "open for less": len(brief),
        "told of those open for less": len(brief & set(told)),
        "open before the start, and told": len(early & set(told)),
        "told, and not expected": len(foreign),
        "doubled": sum(told.values()) - len(told),
    }
    for name, value in figures.items():
        print(f"{name:<34}{value}")
    for name in (*missing, *foreign):
        print(f"wrong: {name}", file=sys.stderr)
    if missing or foreign or figures["doubled"] > kills:
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--symbols", type=int, default=400)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--speed", type=float, default=60.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
