"""The bytes alone: the requests of a scan by the fastest plain client, which reads and forgets.

    python benchmarks/floor.py URL [gzip] < paths

It asks the exchange at URL for each path, one a line, over 64 sockets that are kept open, and
prints the seconds and the bytes. What stands below an empty line is asked for once all above it is
there: a scan knows its symbols only from a listing. One process is enough, as it waits for the
exchange and not the other way round: libcurl, by pycurl's multi interface, was no faster.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from commandline import USAGE, BenchmarkFailed, run
from machine import seconds_of_tree
from venue import Exchange

CONNECTIONS = 64
FULL = 0.9
"""Of a core: an exchange that uses more of it meanwhile holds everybody up."""
ROWS = {"spot": 1000, "usdm": 499}
PREFIX = {"spot": "/api/v3", "usdm": "/fapi/v1"}
LISTING = {
    "spot": ("/api/v3/exchangeInfo?showPermissionSets=false", "/api/v3/ticker/24hr"),
    "usdm": (
        "/fapi/v1/exchangeInfo",
        "/fapi/v1/ticker/24hr",
        "/fapi/v1/ticker/bookTicker",
        "/fapi/v1/time",
    ),
}
"""What a listing asks for, side by side."""
_BUFFER = 1 << 20
_GZIP = "gzip"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Floor:
    """What the bytes alone take."""

    seconds: float
    megabytes: float
    exchange: float
    """Processor seconds of the exchange meanwhile."""


def measure_floor(
    exchange: Exchange,
    market: str,
    symbols: int,
    *,
    rows: int | None = None,
    with_listing: bool = False,
    compress: bool = False,
) -> Floor:
    """Ask for the candles of the most traded symbols in a process of its own.

    That is for as many `rows` of each as a scan does by itself, and for a listing before, or not;
    and for bodies in gzip, which nobody unpacks, or as they are.
    """
    paths = candle_paths(exchange.url, market, symbols, rows)
    if with_listing:
        paths = [*LISTING[market], "", *paths]
    before = seconds_of_tree(exchange.pid)
    done = subprocess.run(
        [sys.executable, __file__, exchange.url, *([_GZIP] if compress else [])],
        input="\n".join(paths),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BenchmarkFailed(f"the plain client left with exit code {done.returncode}")
    told = json.loads(done.stdout)
    served = seconds_of_tree(exchange.pid) - before
    return Floor(told["seconds"], told["bytes"] / 1e6, served)


def candle_paths(url: str, market: str, symbols: int, rows: int | None = None) -> list[str]:
    """Return the paths of the candles of the most traded symbols in USDT."""
    with urlopen(f"{url}{PREFIX[market]}/ticker/24hr", timeout=60) as answer:
        days = json.load(answer)
    names = [x["symbol"] for x in most_traded(days, symbols)]
    asked = f"{PREFIX[market]}/klines?interval=5m&limit={rows or ROWS[market]}&symbol="
    return [asked + quote(name) for name in names]


def most_traded(days: Sequence[dict[str, str]], symbols: int) -> list[dict[str, str]]:
    """Return the tickers of so many symbols in USDT, the most traded first."""
    quoted = [x for x in days if x["symbol"].endswith("USDT")]
    return sorted(quoted, key=lambda x: -float(x["quoteVolume"]))[:symbols]


def main() -> None:
    url, coding = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "identity"
    rounds = [part.split() for part in sys.stdin.read().split("\n\n")]
    started = time.perf_counter()
    size = sum(fetch(url, paths, coding) for paths in rounds)
    told = {"seconds": time.perf_counter() - started, "bytes": size}
    print(json.dumps(told))


class _Connection:
    """One connection that is kept open, and what is still to come over it."""

    def __init__(self, host: str, port: int, coding: str) -> None:
        self._headers = f"Host: {host}\r\nAccept-Encoding: {coding}"
        self.socket = socket.create_connection((host, port))
        self._left = 0
        self._head = b""

    def ask(self, path: str) -> None:
        """Send a request; the answer to the one before has been read."""
        self._head = b""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{self._headers}\r\n\r\n".encode())

    def read(self, buffer: bytearray) -> tuple[int, bool]:
        """Read what is there; return the bytes, and whether the answer is whole."""
        count = self.socket.recv_into(buffer)
        if not count:
            raise BenchmarkFailed("the exchange hung up")
        if self._left:
            self._left -= count
        else:
            self._head += buffer[:count]
            self._begin()
        return count, not self._left and not self._head

    def _begin(self) -> None:
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        length = _LENGTH.search(head)
        if length is None or not head.startswith(b"HTTP/1.1 200"):
            raise BenchmarkFailed("the exchange refused a request")
        self._left, self._head = int(length[1]) - len(body), b""


def fetch(url: str, paths: Sequence[str], coding: str = "identity") -> int:
    """Return how many bytes the answers have, all status 200."""
    address = urlsplit(url)
    todo, size, buffer = list(paths), 0, bytearray(_BUFFER)
    running = min(CONNECTIONS, len(todo))
    with selectors.DefaultSelector() as selector:
        for _ in range(running):
            connection = _Connection(address.hostname or "", address.port or 80, coding)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(todo.pop())
        while running:
            for key, _ in selector.select():
                count, is_whole = key.data.read(buffer)
                size += count
                if is_whole and todo:
                    key.data.ask(todo.pop())
                elif is_whole:
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
                    running -= 1
    return size


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], [_GZIP]):
        print("floor.py: expected the URL of an exchange, and gzip or nothing", file=sys.stderr)
        sys.exit(USAGE)
    run(main)
