"""A paper run as its user starts it, on a local exchange in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli.commands import start
from tests.oracles.paper_checker import Market, Rules, Verdict, check
from tests.trading.saved_market import save_market

_HOUR = 3_600_000
_HISTORY = 10 * _HOUR
"""What is saved before a run, for the signals it acted on."""
_LAG, _SKEW = 0.25, 0.02
"""Seconds by which a quote, and the trader's clock, may be off on a busy machine."""

RULES = Rules(
    fee=Decimal("0.0005"),
    slippage=Decimal("0.0002"),
    risk=Decimal("0.005"),
    leverage=10,
    max_positions=10,
    max_holding=2 * _HOUR,
    interval=60_000,
)
NEAR = {"DIVBOT_REWARD_RISK": "1", "DIVBOT_MIN_REWARD_RISK": "0"}
"""Targets that are reached soon."""
SPOT_RULES = replace(RULES, fee=Decimal("0.001"), is_spot=True, leverage=1)


@dataclass(frozen=True)
class Run:
    """A run that has ended, and the market that it saw."""

    journal: Path
    market: Market
    rules: Rules

    def verdict(self) -> Verdict:
        return check(self.journal, self.market, self.rules)


@dataclass(frozen=True)
class Enough:
    """What must have happened before a run is told to stop; by itself, as much as there is time."""

    closed: int
    at_candles: int = 1
    """Of those, so many by what a minute showed between two looks."""
    funded: int = 0

    def is_in(self, journal: Path) -> bool:
        """Tell whether it all stands in `journal`, and a stop and a target."""
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT kind, body FROM event").fetchall()
        exits = [json.loads(body) for kind, body in rows if kind == "exited"]
        at_candles = [each for each in exits if each["fill"]["basis"] == "candle"]
        return (
            len(exits) >= self.closed
            and {"stop", "target"} <= {each["reason"] for each in exits}
            and len(at_candles) >= self.at_candles
            and [kind for kind, _ in rows].count("funded") >= self.funded
        )


def trade(
    journal: Path,
    *exchange: str | Path,
    rules: Rules,
    speed: int,
    seconds: int,
    enough: Enough | None = None,
    **settings: str,
) -> Run:
    """Trade on a local exchange, at most so many seconds; return the run with its market."""
    rules = at_speed(rules, speed)
    market = "spot" if rules.is_spot else "usdm"
    with exchange_at(*map(str, exchange), "--market", market, "--speed", str(speed)) as url:
        arguments = ["--base-url", url, "--speed", str(speed), "--duration", f"{seconds}s"]
        arguments += ["--market", market, "-i", "1m", "--fresh", "--journal", str(journal)]
        environment = settings_of(rules) | settings | {"XDG_STATE_HOME": str(journal.parent)}
        _follow(start("paper", *arguments, "--take-earlier", "-q", **environment), journal, enough)
        with closing(sqlite3.connect(journal)) as connection:
            begun, ended = connection.execute("SELECT min(ts), max(ts) FROM event").fetchone()
            rows = connection.execute("SELECT DISTINCT symbol FROM trade ORDER BY symbol")
            symbols = [symbol for (symbol,) in rows]
        saved = save_market(url, symbols, begun - _HISTORY, ended, spot=rules.is_spot)
    return Run(journal, saved, rules)


def _follow(trader: subprocess.Popen[str], journal: Path, enough: Enough | None) -> None:
    """Wait for the end of a run; ask for it, as Ctrl-C does, once there is enough."""
    is_asked = False
    with trader, ThreadPoolExecutor(1) as pool:
        assert trader.stdout is not None
        assert trader.stderr is not None
        # Read aside: a full pipe would stop the trader.
        told = pool.submit(trader.stderr.read)
        for _ in trader.stdout:  # a line for each event
            if not is_asked and enough is not None and enough.is_in(journal):
                is_asked = True
                trader.send_signal(signal.SIGINT)
    assert trader.returncode == (130 if is_asked else 0), told.result()


@contextmanager
def exchange_at(*arguments: str) -> Iterator[str]:
    """Serve a market for the length of a block; yield its address."""
    # The venue's own limits count minutes of the market: there are many in a second here.
    process = start("exchange", *arguments, "--weight-limit", "1000000000")
    try:
        assert process.stdout is not None
        announced = process.stdout.readline()
        assert announced.startswith("listening on "), process.communicate(timeout=10)
        yield announced.split()[-1]
    finally:
        os.kill(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def at_speed(rules: Rules, speed: int) -> Rules:
    """Return `rules` that allow for what the machine's own delays come to at that speed."""
    return replace(rules, lag=int(_LAG * speed * 1000), skew=int(_SKEW * speed * 1000))


def settings_of(rules: Rules) -> dict[str, str]:
    """Return the settings that let much be traded under `rules`."""
    return {
        "DIVBOT_RISK": str(rules.risk),
        "DIVBOT_LEVERAGE": str(rules.leverage),
        "DIVBOT_MAX_POSITIONS": str(rules.max_positions),
        "DIVBOT_MAX_HOLDING": f"{rules.max_holding / _HOUR}h",
        "DIVBOT_MIN_SCORE": "0",
        "DIVBOT_MAX_REPORT_AGE": "2h",
        "DIVBOT_COOLDOWN": "5m",
        # Few looks a minute: some stops and targets are then found in candles only.
        "DIVBOT_POSITION_UPDATE_INTERVAL": "30s",
        "DIVBOT_MAX_DAILY_LOSS": "1",
        "DIVBOT_MAX_DRAWDOWN": "1",
    }


Fact = dict[str, Any]


def rewritten(journal: Path, copy: Path, change: Callable[[list[Fact]], object]) -> Path:
    """Write `journal` anew with other facts, and with a chain that holds; return `copy`.

    A fact has `kind`, `key` and `body`; `change` changes the list in place.
    """
    with closing(sqlite3.connect(journal)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        for guard in ("is_never_changed", "is_never_deleted", "is_the_next"):
            target.execute(f"DROP TRIGGER event_{guard}")
        rows = target.execute("SELECT kind, key, body FROM event ORDER BY seq").fetchall()
        facts = [{"kind": kind, "key": key, "body": json.loads(body)} for kind, key, body in rows]
        change(facts)
        target.execute("DELETE FROM event")
        target.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", _chained(facts))
        target.commit()
    return copy


def _chained(facts: list[Fact]) -> Iterator[tuple[int, int, str, str, str, bytes]]:
    digest = bytes(32)
    for seq, fact in enumerate(facts, start=1):
        at, body = fact["body"]["at"], json.dumps(fact["body"], separators=(",", ":"))
        sealed = f"{seq}|{at}|{fact['kind']}|{fact['key']}|{body}"
        digest = sha256(digest + sealed.encode()).digest()
        yield seq, at, fact["kind"], fact["key"], body, digest
