"""A day of a market at speed with a page that is looked at: does it stay as it was?

    python benchmarks/page_soak.py watch --duration 24h --speed 120
    python benchmarks/page_soak.py paper --duration 24h --speed 120

`divbot watch` on three intervals, or `divbot paper`, serves its page to readers of the stream, of
every document of the API, of charts and of /metrics, all at once. Told at the end: memory (PSS of
the program and all below it, and what of it is private, by process too; RSS of the program),
threads and open descriptors, each in the second quarter and in the last one, how much they grew,
and alerts that came twice, or never: of what a watch kept in its outbox, and of each entry, exit,
pause and day that is in the journal of a paper run. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commandline import time_in
from machine import Usage, usage_of
from venue import DIVBOT, open_exchange

PROGRAMS = {"watch": ("--intervals", "5m,15m,1h"), "paper": ("--interval", "5m", "--notify")}
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "BNBUSDT")
PATHS = (
    *("opportunities", "positions", "equity", "events?limit=200", "calibration", "health"),
    *("runs", "sweeps", "openapi.json", "symbols/{}?interval=5m", "symbols/{}?interval=1h"),
)
_EVERY_SECONDS = 2.0
_MOST_GROWTH = 0.04
"""Of private memory, from the second quarter to the last: what a day's journal comes to."""


@dataclass(slots=True)
class Soak:
    """What was seen of a program and of its page."""

    samples: list[tuple[float, Usage]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    told: Counter[str] = field(default_factory=Counter)
    """How often each alert came, by its id."""
    owed: frozenset[str] = frozenset()
    """What had to come."""
    exit_code: int | None = None

    def figures(self) -> dict[str, Any]:
        """Return what all samples come to: each as in the second quarter and in the last."""
        count = len(self.samples)
        quarters = self.samples[count // 4 : count // 2], self.samples[3 * count // 4 :]
        pairs = {
            name: [statistics.median(getattr(usage, name) for _, usage in x) for x in quarters]
            for name in ("pss", "private", "rss", "threads", "descriptors", "processes")
        }
        return {
            "samples": count,
            **{name: [round(x, 1) for x in pair] for name, pair in pairs.items()},
            "private by process": [
                [round(statistics.median(x), 1) for x in pair] for pair in _by_process(*quarters)
            ],
            # What is shared is shared with other programs, too, which come and go.
            "growth": round(pairs["private"][1] / pairs["private"][0] - 1, 4),
            "answers": dict(sorted(self.answers.items())),
            "messages of streams": self.messages,
            "alerts": len(self.told),
            "owed": len(self.owed),
            "missing": len(self.owed - self.told.keys()),
            "doubled": sum(self.told.values()) - len(self.told),
            "exit code": self.exit_code,
        }

    def problems(self) -> Iterator[str]:
        """Yield what did not stay as it was."""
        found = self.figures()
        if found["growth"] > _MOST_GROWTH:
            yield f"memory grew by {found['growth']:.1%}"
        for name in ("threads", "descriptors", "processes"):
            before, after = found[name]
            if after > before + 1:
                yield f"{name}: {before:g}, then {after:g}"
        if found["doubled"]:
            yield f"{found['doubled']} alerts came twice"
        if found["missing"]:
            yield f"{found['missing']} alerts never came: {min(self.owed - self.told.keys())} ..."
        if wrong := {x: n for x, n in self.answers.items() if x not in ("200", "503")}:
            yield f"answers that nobody expects: {wrong}"
        if self.exit_code != 0:
            yield f"exit code {self.exit_code}"


_Samples = Sequence[tuple[float, Usage]]


def _by_process(*quarters: _Samples) -> Iterator[list[list[float]]]:
    """Yield the private memory of each process that was there at the end, in each quarter.

    The program comes first, then its tracker and its fork server, workers, and the page's clerk.
    """
    for pid in quarters[-1][-1][1].private_of:
        found = [[x.private_of[pid] for _, x in each if pid in x.private_of] for each in quarters]
        if all(found):
            yield found


def measure(program: str, duration: float, speed: float, symbols: int, readers: int) -> Soak:
    """Run `program` for so much of the market's time, and look at its page all the while."""
    soak, seconds = Soak(), duration / speed
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        exchange = stack.enter_context(open_exchange("usdm", symbols, speed=speed))
        alerts = folder / "alerts.jsonl"
        with running(program, exchange.url, speed, seconds, folder) as (process, port):
            stop = threading.Event()
            looking = threading.Thread(target=lambda: asyncio.run(look(soak, port, readers, stop)))
            looking.start()
            while process.poll() is None:
                began = time.monotonic()
                with suppress(OSError, KeyError):
                    soak.samples.append((began, usage_of(process.pid)))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_EVERY_SECONDS)
            stop.set()
            looking.join()
            soak.exit_code = process.returncode
        if alerts.exists():
            soak.told.update(json.loads(x)["id"] for x in alerts.read_text().splitlines())
        soak.owed = frozenset(owed_by(folder / "state"))
    soak.samples = soak.samples[:-1]  # the last one saw it end
    return soak


def owed_by(state: Path) -> Iterator[str]:
    """Yield the id of each alert that what a program has written there asks for."""
    from divbot.alerts.outbox import Outbox
    from divbot.cli.run_alerts import key_in, summary_key, topic_of_event
    from divbot.domain.durations import DAY
    from divbot.trading.journal.journal import read

    journals = list(state.rglob("runs/*.db"))
    for journal in journals:
        recorded = read(journal)
        first, last = (recorded.events[n].at // DAY for n in (0, -1))
        keys = [x.key for x in recorded.events if topic_of_event(x)]
        yield from (key_in(journal.stem, x) for x in [*keys, *map(summary_key, range(first, last))])
    if not journals:
        for outbox in state.rglob("*.outbox"):
            yield from (x.key for x in Outbox.last(outbox, 1_000_000))


@contextmanager
def running(
    program: str, url: str, speed: float, seconds: float, folder: Path
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Provide the program once its page is there, and the page's port."""
    flags = [*PROGRAMS[program], "--top", "400", "--min-score", "3", "--request-timeout", "5s"]
    flags += ["--speed", str(speed), "--duration", f"{seconds:.0f}s", "--web", "0", "--jsonl"]
    flags += ["--max-report-age", "60m", "--max-positions", "20"] if program == "paper" else []
    flags += ["--log-file", str(folder / "log")]
    environment = os.environ | {
        "DIVBOT_BASE_URL": url,
        "DIVBOT_NOTIFY_TO": f"jsonl:{folder / 'alerts.jsonl'}",
        "XDG_STATE_HOME": str(folder / "state"),
    }
    process = subprocess.Popen(
        [*DIVBOT, program, *flags],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdout
    try:
        port = next(
            int(json.loads(line)["url"].rstrip("/").rpartition(":")[2])
            for line in process.stdout
            if '"event": "web"' in line or '"event":"web"' in line
        )
        lines = process.stdout
        threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
        yield process, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def look(soak: Soak, port: int, readers: int, stop: threading.Event) -> None:
    """Look at the page as so many do, until told to stop or until it is gone."""
    tasks = [asyncio.create_task(stream(soak, port)) for _ in range(readers)]
    tasks += [asyncio.create_task(ask(soak, port, number)) for number in range(readers)]
    while not stop.is_set():
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def stream(soak: Soak, port: int) -> None:
    """Read streams; each for some time, as a phone does."""
    for number in range(1_000_000):
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with suppress(TimeoutError):
                async with asyncio.timeout(5 + 10 * (number % 3)):
                    while read := await reader.read(1 << 16):
                        soak.messages += read.count(b"event: ")
            writer.close()
        await asyncio.sleep(0.2)


async def ask(soak: Soak, port: int, number: int) -> None:
    """Ask for one document after another, each by a connection of its own."""
    names: Sequence[str] = ("/", "/metrics", "/healthz", *(f"/api/v1/{x}" for x in PATHS))
    for turn in range(number, 1_000_000_000):
        path = names[turn % len(names)].format(SYMBOLS[turn % len(SYMBOLS)])
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            status = (await reader.read()).split(b" ", 2)[1:2]
            soak.answers[status[0].decode() if status else "none"] += 1
            writer.close()
        await asyncio.sleep(1)


def report(soak: Soak) -> None:
    for name, value in soak.figures().items():
        print(f"{name:<22}{value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument(
        "--duration", type=time_in("s", "1m", "365d"), default=86_400.0, help="of the market's time"
    )
    parser.add_argument("--speed", type=float, default=120.0)
    parser.add_argument("--symbols", type=int, default=200)
    parser.add_argument("--readers", type=int, default=20)
    given = parser.parse_args()
    soak = measure(given.program, given.duration, given.speed, given.symbols, given.readers)
    report(soak)
    if problems := list(soak.problems()):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
