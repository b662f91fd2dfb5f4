"""One look of freqtrade's at all pairs, in a dry run against a local exchange."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commandline import BenchmarkFailed
from floor import ROWS

PROJECT = Path(__file__).parents[1]
STRATEGY = PROJECT / "benchmarks" / "freqtrade" / "peer.py"
CLIENTS = PROJECT / "tests" / "clients"
"""How freqtrade is pointed at a local exchange, and kept from all else."""
_MOST_SECONDS = 180.0
_SECONDS_TO_END = 15.0
_TOLD = re.compile(r"PEER (\d+) candles (\S+) seconds")
_TROUBLE = re.compile(r" - (ERROR|CRITICAL) - (.*)")
# As sitecustomize.py, freqtrade's python runs this before anything else.
GUARD = "from loopback import install\ninstall(print)\n"


def measure_freqtrade(executable: str, url: str, symbols: int) -> tuple[float, float]:
    """Return the seconds to the last pair's indicators: since it began as a bot, since its start.

    When it begins, its markets and its list of pairs have been read; its rate limit is off.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = _command(executable, url, symbols, folder)
        with _running(command, folder, symbols) as output:
            trouble = "it ended"
            for line in output:
                if told := _TOLD.search(line):
                    if int(told[1]) < ROWS["spot"] - 1:
                        raise BenchmarkFailed(f"freqtrade had only {told[1]} candles")
                    return float(told[2]), time.perf_counter() - started
                if found := _TROUBLE.search(line):
                    trouble = found[2].strip()
    raise BenchmarkFailed(f"freqtrade did not look at {symbols} pairs: {trouble}")


def _command(executable: str, url: str, symbols: int, folder: Path) -> list[str]:
    """Lay out what freqtrade needs in `folder`; return how it is called."""
    text = (CLIENTS / "freqtrade" / "config.json").read_text("utf-8").replace("EXCHANGE", url)
    config = json.loads(text)
    config["timeframe"] = "5m"
    config["exchange"]["ccxt_config"]["enableRateLimit"] = False
    config["pairlists"] = [
        {"method": "VolumePairList", "number_assets": symbols, "sort_key": "quoteVolume"}
    ]
    file = folder / "config.json"
    file.write_text(json.dumps(config), "utf-8")
    for part in ("user/strategies", "user/data", "guard"):
        (folder / part).mkdir(parents=True)
    shutil.copy(STRATEGY, folder / "user" / "strategies")
    shutil.copy(CLIENTS / "loopback.py", folder / "guard")
    (folder / "guard" / "sitecustomize.py").write_text(GUARD, "utf-8")
    return [
        *(executable, "trade", "--dry-run", f"--config={file}", f"--userdir={folder / 'user'}"),
        *("--strategy=Peer", "--db-url=sqlite://"),
    ]


@contextmanager
def _running(command: list[str], folder: Path, symbols: int) -> Iterator[Iterator[str]]:
    """Run freqtrade for the length of a block, and no longer than may be; yield its output."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "guard"),
        "PEER_PAIRS": str(symbols),
        "NO_COLOR": "1",
        "COLUMNS": "1000",  # it wraps long lines at the width of its terminal
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        watchdog = threading.Timer(_MOST_SECONDS, process.kill)
        watchdog.start()
        try:
            yield process.stdout
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGINT)
            # Nobody reads any more: what it still has to say must not block it.
            process.stdout.close()
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
