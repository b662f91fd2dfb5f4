"""What divbot's client makes of every fault that it can meet, as a table in Markdown.

    python benchmarks/faults.py

The faults are those of tests/binance/fault_table.py, each lasting: the local exchange's own, and
others that servers, resolvers, proxies and TLS of this script make up on loopback. Printed are the
error that each ends as, the requests sent, the seconds they took, without the pauses between them,
and how far the process grew meanwhile (its peak of resident memory, Linux only).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from divbot.domain.errors import DivbotError  # noqa: E402 - the tests are found from here on
from divbot.exchange.embedded import EmbeddedExchange  # noqa: E402
from tests.binance.arrangements import QUIET, LeapingClock, client_for  # noqa: E402
from tests.binance.fault_table import FAULTS, Fault  # noqa: E402

SHOWN = 76


def main() -> None:
    print("| fault | ends as | it says | tries | seconds | extra MB |")
    print("|---|---|---|---:|---:|---:|")
    with EmbeddedExchange(QUIET) as exchange:
        for fault in FAULTS:
            print(row(exchange.base_url, fault), flush=True)


def row(exchange: str, fault: Fault) -> str:
    clock = LeapingClock()
    with (
        fault.arrange(exchange, None) as arranged,
        client_for(arranged, clock, fault.seconds) as (client, transport),
    ):
        before = reset_peak()
        started = time.perf_counter()
        try:
            fault.ask(client)
            ended, text = "an answer", "of another time" if fault.deceives else "the right one"
        except DivbotError as error:
            ended, text = type(error).__name__, str(error)
        seconds = time.perf_counter() - started
        extra = (peak() - before) / 1024
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    cells = (fault.name, ended, shown.replace("|", "\\|"), transport.tries)
    return "| " + " | ".join([*map(str, cells), f"{seconds:.2f}", f"{extra:.1f}"]) + " |"


def reset_peak() -> int:
    """Forget the peak so far; return what is resident now, in KiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def peak() -> int:
    return memory("VmHWM")


def memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise AssertionError(f"no {name}: this needs Linux")


if __name__ == "__main__":
    main()
