"""A page served from snapshots made by hand: no market, no other process."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from divbot.alerts.address import Secret
from divbot.cli.report.board import board_files
from divbot.cli.report.candles import plan_document, series_document
from divbot.domain.clock import ManualClock, SystemClock
from divbot.domain.errors import InputError
from divbot.domain.market import Interval, Market
from divbot.domain.universe import Universe
from divbot.scanner.cache import Published, ReportCache
from divbot.scanner.checks.examination import examine
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report
from divbot.scanner.thread import Condition, Lifecycle
from divbot.scanner.workforce.inline import InlinePool
from divbot.web.address import WebAddress, listen
from divbot.web.clerk import Clerk, told
from divbot.web.denial import Denial
from divbot.web.gatekeeper import Gatekeeper
from divbot.web.port import Answers, AskedSymbol, Line, Scans, Showing, Site, Weight
from divbot.web.server import WebServer
from tests.cli.paper_runs import NOW, SNAPSHOT
from tests.scanner.fakes import TRADE, FakeSource, candles_of, names, rules

EVIL = "</script><img src=x onerror=alert(1)>&\"'"
"""What a hostile venue may call a symbol, so far as its list is believed."""
TOKEN = "V2lzaCB5b3Ugd2VyZSBoZXJl"
SYMBOL = "S003USDT"


@cache
def scanned() -> tuple[Report, Universe]:
    """Return a scan with opportunities of symbols with and without a harmless name."""
    symbols = names(12)
    special = {EVIL: candles_of(6, 900)}
    source = FakeSource((*symbols, EVIL), bars=900, special=special, wanted=frozenset(symbols))
    pool = InlinePool(source, 4)
    try:
        scanner = Scanner(
            source.open_listing(), source, pool, ManualClock(), rules(with_candles=True, max_age=40)
        )
        report = scanner.cycle()
    finally:
        pool.close()
    assert scanner.universe
    return report, scanner.universe


def published(report: Report | None = None, at: int = NOW - 5_000) -> Published:
    return ReportCache().publish(report or scanned()[0], at)


def scans(interval: Interval = Interval.M5, **changes: Any) -> Scans:
    report = replace(scanned()[0], interval=interval)
    condition = Condition(Lifecycle.WAITING, scans=61, seconds=0.98)
    return replace(Scans(interval, condition, published(report), 60_000), **changes)


LINES = tuple(Line(number, NOW - 1000 * number, "exited", f"EXIT {EVIL}") for number in range(1, 4))
ALERTS = [
    {
        "at": NOW - 60_000 * (number + 1),
        "topic": "signal",
        "interval": "5m",
        "symbol": symbol,
        "signal": "BUY",
        "kind": "regular_bullish",
        "delivery": delivery,
        "reason": reason,
        "program": "usdm-5m",
    }
    for number, (symbol, delivery, reason) in enumerate(
        ((SYMBOL, "told", None), (EVIL, "failed", "HTTP 400"), ("S004USDT", "held back", None))
    )
]
MOMENT = Showing(
    "paper",
    NOW,
    "local exchange",
    Market.USDM,
    is_simulated=True,
    scans=(scans(),),
    run=SNAPSHOT,
    run_name="2026-11-20T160000-usdm-5m",
    lines=LINES,
    weight=Weight(846, 1920),
    run_every=5_000,
)


@dataclass
class FakeProgram:
    """Show what the test says."""

    moment: Showing = MOMENT

    def now(self) -> Showing:
        return self.moment

    def universe(self) -> Universe:
        return scanned()[1]


@dataclass
class FakeAnswers:
    """Answer from the report itself; `gate` is waited for, and `asked` counts."""

    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def open(self) -> None:
        pass

    def symbol(self, asked: AskedSymbol) -> dict[str, Any]:
        self.asked.append(asked.symbol)
        self.gate.wait(20)
        found = examine(asked.symbol, candles_of(6, 900), Interval.M5, 1000, TRADE)
        mine = [x for x in scanned()[0].open_to_trade if x.divergence.symbol == asked.symbol]
        known = {x.divergence for x in found.divergences}
        return {
            "symbol": asked.symbol,
            "interval": asked.interval.value,
            "as_of": NOW,
            "series": series_document(found),
            "plans": [plan_document(x, found) for x in mine if x.divergence in known],
            "why": [{"rule": "universe", "passed": True, "detail": EVIL}],
            "links": [{"title": "TradingView", "address": "https://www.tradingview.com/chart/"}],
        }

    def alerts(self, most: int) -> dict[str, Any]:
        return {"schema": 1, "alerts": ALERTS[:most], "damaged": []}

    def runs(self) -> dict[str, Any]:
        self.asked.append("runs")
        return {"schema": 1, "runs": [], "damaged": []}

    def run(self, name: str) -> dict[str, Any]:
        if name == "bug":
            raise ZeroDivisionError("a bug of ours")
        if name != MOMENT.run_name:
            raise InputError(f"no run is called {name!r}")
        return {
            "schema": 1,
            "run": name,
            "nature": "simulated",
            "venue": "local exchange",
            "interval": "5m",
            "balance": "50000",
            "equity": "50040",
            "started_at": NOW - 3_600_000,
            "closed_trades": 1,
            "statistics": {},
            "sections": [{"title": "Risk", "lines": [{"name": "Sharpe", "text": "n/a"}]}],
            "curve": {"at": [NOW - 3_600_000, NOW - 60_000], "equity": [50_000.0, 50_040.0]},
            "trades": [],
            "events": [],
        }

    def sweeps(self) -> dict[str, Any]:
        return {"schema": 1, "trials": []}

    def sweep(self, number: int) -> dict[str, Any]:
        raise InputError(f"no trial is called {number}")


class InThread:
    """A desk in this process."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._executor = ThreadPoolExecutor(2)

    def ask(self, name: str, arguments: tuple[Any, ...]) -> Future[bytes | Denial]:
        return self._executor.submit(told, self._answers, name, arguments)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


@dataclass
class Told:
    """What the server told of itself."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        self.lines.append(text)


@dataclass
class Board:
    """A page that is served."""

    port: int
    program: FakeProgram
    answers: FakeAnswers
    told: Told

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers by small names, and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def json(self, path: str, **headers: str) -> Any:
        return json.loads(self.ask(path, **headers)[2])


@contextmanager
def serve(
    moment: Showing = MOMENT, token: str | None = None, *, is_local: bool = True, **options: Any
) -> Iterator[Board]:
    """Serve a page on this machine; as if others could reach it, unless it `is_local`."""
    program, answers, said = FakeProgram(moment), FakeAnswers(), Told()
    clock, listener = SystemClock(), listen(WebAddress("127.0.0.1", 0))
    guard = Gatekeeper(is_local, frozenset({"pi.local"}), Secret(token) if token else None)
    assets, missing = board_files()
    site, clerk = Site(program, assets, missing), Clerk(answers, clock, hire=InThread)
    port = listener.getsockname()[1]
    with WebServer(site, clerk, listener, guard, clock, said, tick_seconds=0.02, **options):
        yield Board(port, program, answers, said)
