"""Paper runs in this process: on a local exchange that replays recorded futures, look by look.

Looks and scans come at the moments that the run chooses, on a clock that moves with them; reports
can be late or missing, prices can be away, and the program can end and start again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divbot.app import scanning
from divbot.app.journals import kept_settings
from divbot.app.scan_rules import scan_rules
from divbot.app.trading_rules import trading_rules
from divbot.domain.clock import ManualClock, SystemClock
from divbot.domain.errors import TryAgain
from divbot.domain.events import SessionBegan, Started
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report
from divbot.settings import Settings
from divbot.trading.engine.account import Account
from divbot.trading.engine.engine import Engine
from divbot.trading.engine.questions import Immediate
from divbot.trading.journal.journal import Journal
from tests.research.test_paper_against_backtest import ExactClock

Span = tuple[int, int]


def nothing(*_: object, **__: object) -> None:
    """Hear nothing."""


def chosen(url: str, **more: Any) -> Settings:
    """Return settings that trade much."""
    given = {
        "interval": "5m",
        "min_age": "0",
        "min_score": 0,
        "max_positions": 6,
        "risk": "0.5%",
        "cooldown": "5m",
        "max_daily_loss": 1,
        "max_drawdown": 1,
        "min_reward_risk": "0.5",
        "reward_risk": 1,
        "max_holding": "2h",
        "sequential": True,
        "keep_candles": False,
    }
    return Settings(base_url=url, **given | more)


@dataclass(frozen=True)
class Course:
    """How a run goes; times are ms UTC of the market."""

    end: int
    looks: Span = (5_000, 25_000)
    """The least and the most time between two looks, ms."""
    scan_begins: int = 2_000
    """ms after a whole check interval."""
    scan_takes: int = 1_500
    without_reports: tuple[Span, ...] = ()
    without_prices: tuple[Span, ...] = ()
    away: tuple[Span, ...] = ()
    """The program has ended."""
    seed: int = 1

    def steps(self, now: int) -> Iterator[int]:
        """Yield the times of the looks after `now`."""
        chance = random.Random(self.seed)
        while now < self.end:
            now += chance.randint(*self.looks)
            yield now


def within(time: int, spans: tuple[Span, ...]) -> bool:
    """Tell whether one of `spans` holds `time`."""
    return any(start <= time < end for start, end in spans)


class _Venue:
    """A venue without prices where the course of a run says so."""

    def __init__(self, trading: Any, course: Course) -> None:
        self._trading = trading
        self._course = course

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trading, name)

    def quotes(self) -> Any:
        if within(self.now(), self._course.without_prices):
            raise TryAgain("no answer")
        return self._trading.quotes()


class _Program:
    """One start of the program, on a journal that goes on."""

    def __init__(self, run: PaperRun, session: int) -> None:
        self._run = run
        journal, settings = run.journal, run.settings
        kept = kept_settings(settings, str(settings.base_url))
        at = max(run.clock.now(), journal.ledger.at)
        journal.write(SessionBegan(at, session, kept, {}))
        self._cache = ReportCache()
        self._waiting: list[tuple[int, Report, int]] = []
        self._scanned = 0
        venue: Any = _Venue(run.trading, run.course)
        account = Account(journal, nothing)
        rules = trading_rules(settings)
        self._engine = Engine(venue, self._cache, account, Immediate(), rules, nothing)
        self._engine.catch_up()

    def look(self, now: int) -> None:
        """Scan where a scan has begun by `now`, then look at prices."""
        self._scan(now)
        self._run.advance(now)
        while self._waiting and self._waiting[0][0] <= now:
            _, report, at = self._waiting.pop(0)
            self._cache.publish(report, at)
        self._engine.step()

    def _scan(self, now: int) -> None:
        run, course = self._run, self._run.course
        every = round(run.settings.check_interval.total_seconds() * 1000)
        begins = (now - course.scan_begins) // every * every + course.scan_begins
        if begins <= max(self._scanned, run.clock.now() - every):
            return
        self._scanned = begins
        run.advance(begins)
        if not within(begins, course.without_reports):
            report = run.report(begins, self._engine.state.ledger.symbols)
            self._waiting.append((begins + course.scan_takes, report, begins))

    def end(self) -> None:
        """Value the account a last time."""
        self._engine.mark()


class PaperRun:
    """A run on its way through its `course`."""

    def __init__(
        self, settings: Settings, clock: ManualClock, course: Course, path: Path, stack: ExitStack
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.course = course
        source = scanning.open_source(settings, stack)
        pool = scanning.open_pool(settings, source, 0)
        stack.callback(pool.close)
        venue_clock = ExactClock(clock)
        self.trading = source.open_trading(
            venue_clock, 2, price_checks=1e5, symbols=20, tell=nothing
        )
        stack.callback(self.trading.close)
        self.trading.begin()
        rules = scan_rules(settings, with_divergences=False)
        listing = source.open_listing(venue_clock)
        self._scanner = Scanner(listing, source, pool, SystemClock(), rules)
        stack.callback(self._scanner.close)
        self._known: dict[tuple[int, frozenset[str]], Report] = {}
        started = Started(
            clock.now(),
            "local exchange",
            settings.market,
            settings.interval.value,
            True,
            settings.balance,
            "0",
            settings.base_url,
            0,
        )
        self.journal = stack.enter_context(Journal.create(path, started))

    def advance(self, time: int) -> None:
        """Let the market's time go on to `time`, where it is not there yet."""
        self.clock.advance(max(time - self.clock.now(), 0) / 1000)

    def report(self, at: int, held: frozenset[str]) -> Report:
        """Return what a scan finds now; one that finds the same candles finds the same."""
        key = at // self.settings.interval.milliseconds, held
        if key not in self._known:
            self._known[key] = self._scanner.cycle(held=held)
        return self._known[key]

    def go(self) -> None:
        """Trade to the end of the course."""
        program, sessions = None, 0
        for now in self.course.steps(self.clock.now()):
            if within(now, self.course.away):
                if program is not None:
                    program.end()
                program = None
                self.advance(now)
                continue
            if program is None:
                sessions += 1
                program = _Program(self, sessions)
            program.look(now)
        if program is not None:
            program.end()


def trade(settings: Settings, clock: ManualClock, course: Course, path: Path) -> Path:
    """Trade to the end of the `course`; return the journal."""
    with ExitStack() as stack:
        PaperRun(settings, clock, course, path, stack).go()
    return path
