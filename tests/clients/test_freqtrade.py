"""freqtrade, unchanged but for its addresses, trades on paper against the exchange.

It goes by the clock of its machine, measures the exchange's against it, and wants candles of this
very minute: the exchange's time has to run as real time does, and a run lasts a minute and a half
at most. It is over as soon as the second minute's candles of all pairs have been looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from divbot.domain.clock import parse_time
from divbot.exchange.embedded import EmbeddedExchange
from divbot.exchange.options import ExchangeOptions
from divbot.processes import PRELOAD

from .plain import SPOT, need, said

pytestmark = pytest.mark.freqtrade

HERE = Path(__file__).parent
EXECUTABLE = os.environ.get("FREQTRADE") or shutil.which("freqtrade")
PAIRS = 20
MOST_SECONDS = 90
SECONDS_TO_END = 20
# As sitecustomize.py, freqtrade's python runs this before anything else.
GUARD = """\
import os
from loopback import install
def tell(host, path=os.environ["STRAYS"]):
    with open(path, "a") as file:
        print(host, file=file)
tell("guarded")
install(tell)
"""
LOOK = re.compile(r"GUEST (\S+) (\d+) candles until (\S+) close (\S+)")


@pytest.fixture(scope="module")
def freqtrade() -> str:
    """Return the path of the program; skip where it is not installed."""
    if EXECUTABLE is None:
        pytest.skip("freqtrade is not installed: set FREQTRADE to its executable")
    return EXECUTABLE


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    """Return the address of an exchange whose time is the real one."""
    with EmbeddedExchange(ExchangeOptions(symbols=40, seed=7, awkward=True), PRELOAD) as exchange:
        need(exchange.base_url, f"{SPOT}/depth", symbol="BTCUSDT")
        yield exchange.base_url


@pytest.fixture(scope="module")
def log(freqtrade: str, live: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what freqtrade logged until it had seen two minutes of every pair."""
    folder = tmp_path_factory.mktemp("freqtrade")
    command = _command(freqtrade, live, folder)
    lines: list[str] = []
    with _running(command, folder) as output:
        for line in output:
            lines.append(line.rstrip())
            if len(_looks(lines)) >= 2 * PAIRS:
                break
    assert set((folder / "strays").read_text().split()) == {"guarded"}
    return lines


def test_nothing_about_the_exchange_troubles_it(log):
    troubles = [line for line in log if re.search(r" - (WARNING|ERROR|CRITICAL) - ", line)]

    assert troubles == []
    assert not [line for line in log if "Traceback" in line]


def test_it_finds_the_clocks_to_agree(log):
    (offset,) = (
        int(found[1])
        for line in log
        if (found := re.search(r"Time offset to Binance is (-?\d+)ms", line))
    )

    assert abs(offset) < 1000


def test_it_looks_at_the_candles_of_two_minutes_of_every_pair(log):
    minutes: dict[str, list[int]] = {}
    for pair, _, time, _ in _looks(log):
        minutes.setdefault(pair, []).append(parse_time(time.removesuffix("+00:00")))

    assert len(minutes) == PAIRS
    assert {len(each) for each in minutes.values()} == {2}
    assert {later - earlier for earlier, later in minutes.values()} == {60_000}


def test_it_is_given_the_candles_that_the_exchange_has(log, live):
    for pair, count, time, close in _looks(log):
        opened = parse_time(time.removesuffix("+00:00"))
        asked = {"symbol": pair.replace("/", ""), "interval": "1m", "startTime": opened}
        (row,) = said(live, f"{SPOT}/klines", **asked, limit=1)

        assert (row[0], float(row[4])) == (opened, float(close))
        assert int(count) >= 100


def test_it_buys_what_the_order_book_offers(log):
    bought = {
        found[1] for line in log if (found := re.search(r"Trade\(id=\d+, pair=(\S+?),", line))
    }

    assert len(bought) == 3


def _command(freqtrade: str, base_url: str, folder: Path) -> list[str]:
    """Lay out what freqtrade needs in `folder`; return how it is called."""
    ours = HERE / "freqtrade"
    config = folder / "config.json"
    config.write_text((ours / "config.json").read_text().replace("EXCHANGE", base_url))
    strategies = folder / "user" / "strategies"
    strategies.mkdir(parents=True)
    (folder / "user" / "data").mkdir()
    shutil.copy(ours / "guest.py", strategies)
    guard = folder / "guard"
    guard.mkdir()
    shutil.copy(HERE / "loopback.py", guard)
    (guard / "sitecustomize.py").write_text(GUARD)
    return [
        freqtrade,
        "trade",
        "--dry-run",
        f"--config={config}",
        f"--userdir={folder / 'user'}",
        "--strategy=Guest",
        "--db-url=sqlite://",
    ]


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[Iterator[str]]:
    """Run a program for the length of a block, and no longer than may be; yield its output."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "guard"),
        "STRAYS": str(folder / "strays"),
        "NO_COLOR": "1",
        "COLUMNS": "1000",  # it wraps long lines at the width of its terminal
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(MOST_SECONDS, process.kill)
        watchdog.start()
        try:
            yield process.stdout
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGINT)
            # Nobody reads any more: what it still has to say must not block it.
            process.stdout.close()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()


def _looks(lines: list[str]) -> list[tuple[str, str, str, str]]:
    """Return each look that the strategy took: pair, number of candles, last one's time, close."""
    return [
        (found[1], found[2], found[3], found[4]) for line in lines if (found := LOOK.search(line))
    ]
