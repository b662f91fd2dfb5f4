"""The composition of a paper run: scanner thread, trader, journal, and the order of their end.

    main thread                         scanner thread              worker processes
    Loop -> Engine.step(now)            BackgroundScanner           BlockWorker
              |  latest() <- ReportCache <- publish(report) <------- ProcessPool
              |  quotes, minutes, funding  <-- BinanceTrading
              +-> Journal (SQLite)

The end comes in this order, each step within its time: the scanner is asked to stop, the pool's
workers are ended (which ends a scan under way), questions to the venue are given up, the account
is valued a last time, the journal is closed.
"""

from __future__ import annotations

import contextlib
import gc
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from divbot import app
from divbot.domain.clock import SystemClock, utc_text
from divbot.domain.errors import InputError, JournalError
from divbot.domain.market import Market
from divbot.domain.notices import Tell

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceSource
    from divbot.binance.trading_data import BinanceTrading
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.pool import Pool
    from divbot.scanner.thread import BackgroundScanner
    from divbot.settings import Settings
    from divbot.trading.book import OnEvent
    from divbot.trading.engine import Engine, Rules
    from divbot.trading.journal import Journal
    from divbot.trading.loop import Loop
    from divbot.trading.runs import Runs
    from divbot.trading.snapshot import ScannerView, Snapshot

TAKER_FEE = {Market.SPOT: Decimal("0.001"), Market.USDM: Decimal("0.0005")}
"""Of the regular tier, without any discount."""
EAGER = 20.0
"""Seconds: a check interval below is a burden on the venue's limits."""

_MARK_EVERY = 300_000
_TRADER_CONNECTIONS = 8
_SCANNER_PATIENCE = 0.5
_SETTINGS_KEPT = ("interval", "top", "risk", "leverage", "max_positions", "fee", "slippage")


@dataclass(frozen=True, slots=True)
class PaperOptions:
    """How to run, besides the settings."""

    demo: bool = False
    speed: float = 1.0
    """Market seconds per second, on a local exchange."""
    fresh: bool = False
    """Begin a new run, and keep the old one."""
    journal: Path | None = None
    """Keep the run in this file instead of the user's folder of runs."""


@dataclass(frozen=True, slots=True)
class PaperRun:
    """A run that is ready to go."""

    settings: Settings
    journal: Journal
    engine: Engine
    scanner: BackgroundScanner
    cache: ReportCache
    loop: Loop
    trading: BinanceTrading
    source: BinanceSource
    pool: Pool
    stop: threading.Event

    def run(self, watch: Callable[[Snapshot], None], *, seconds: float | None = None) -> None:
        """Trade until stopped, or for `seconds` of wall time; `watch` sees each step."""

        def step() -> None:
            self.engine.step()
            watch(self.snapshot())

        self.engine.catch_up()
        self.scanner.start()
        with _without_long_collections():
            self.loop.run(step, seconds=seconds)

    def end(self) -> None:
        """Stop scanning and trading, and value the account a last time; safe to call twice."""
        self.stop.set()
        self.scanner.ask_to_stop()
        self.pool.close()
        self.scanner.stop(_SCANNER_PATIENCE)
        with contextlib.suppress(JournalError):  # told already, if that is why it ends
            self.engine.mark()

    def snapshot(self) -> Snapshot:
        """Return the run as it is now."""
        from divbot.trading.snapshot import Snapshot

        state = self.engine.state
        return Snapshot(
            at=state.at,
            venue=_venue(self.trading),
            market=self.settings.market,
            interval=self.settings.interval,
            is_simulated=self.trading.simulated,
            ledger=state.ledger,
            quotes=state.quotes,
            scanner=self._scanner_view(),
            weight_used=self.source.budget.used(),
            weight_limit=self.source.budget.allowed,
            recent=state.recent,
            problem=state.problem,
        )

    def _scanner_view(self) -> ScannerView:
        from divbot.trading.snapshot import ScannerView

        condition, published = self.scanner.condition, self.cache.latest()
        report = published.report if published else None
        return ScannerView(
            state=condition.state.value,
            scans=condition.scans,
            as_of=report.as_of if report else 0,
            published_at=published.at if published else 0,
            symbols=report.summary.scanned if report else 0,
            seconds=condition.seconds,
            opportunities=report.opportunities if report else (),
            error=condition.error,
        )


@contextmanager
def open_paper(
    settings: Settings,
    options: PaperOptions,
    stop: threading.Event,
    *,
    tell: Tell,
    on_event: OnEvent,
) -> Iterator[PaperRun]:
    """Provide a paper run, and end it in order; raise Stopped where `stop` is set before it is.

    Raise VenueError where the venue cannot be had at the start, JournalError where the journal
    cannot be relied on, InputError where it is that of another market.
    """
    app.start_workers_early(settings)
    from divbot.binance.server_clock import ServerClock
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.thread import BackgroundScanner
    from divbot.trading.book import Book
    from divbot.trading.engine import Engine
    from divbot.trading.loop import Loop
    from divbot.trading.questions import Questions, Stopped

    def look() -> None:
        if stop.is_set():
            raise Stopped

    with ExitStack() as stack:
        source = app.open_source(settings, stack, demo=options.demo, speed=options.speed, look=look)
        pool = app.open_pool(settings, source)
        stack.callback(pool.close)
        clock = ServerClock(SystemClock(), speed=options.speed)
        trading = source.open_trading(
            clock,
            _TRADER_CONNECTIONS,
            looks=60 * options.speed / settings.position_update_interval,
            symbols=math.ceil(options.speed * settings.max_positions),
        )
        stack.callback(trading.close)
        questions = Questions(_TRADER_CONNECTIONS, stop)
        stack.callback(questions.close)
        questions.insist(trading.begin)
        if options.speed != 1 and not trading.simulated:
            raise InputError("--speed is for a local exchange: a real venue keeps its own time")
        journal = _open_journal(settings, options, trading)
        stack.callback(journal.close)
        book = Book(journal, on_event)
        cache = ReportCache()
        engine = Engine(trading, cache, book, questions, _rules(settings), tell)
        rules = app.scan_rules(settings, with_divergences=False)
        scanner = Scanner(source.open_listing(clock), source, pool, SystemClock(), rules)
        stack.callback(scanner.close)
        background = BackgroundScanner(
            lambda held: scanner.cycle(held=held),
            cache,
            clock,
            check_interval=round(settings.check_interval * 1000),
            held=lambda: {x.symbol for x in engine.state.ledger.positions.values()},
            tell=tell,
        )
        run = PaperRun(
            settings,
            journal,
            engine,
            background,
            cache,
            Loop(
                clock,
                round(settings.position_update_interval * 1000),
                stop,
                tell,
                speed=options.speed,
            ),
            trading,
            source,
            pool,
            stop,
        )
        try:
            yield run
        finally:
            run.end()


@contextmanager
def _without_long_collections() -> Iterator[None]:
    """Let the garbage collector leave alone what is there now: modules, for the most part.

    It stops all threads while it looks at everything, for 30 ms on an idle core and 200 ms on a
    busy one; the garbage of scans is found in less than a tenth of that.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _rules(settings: Settings) -> Rules:
    from divbot.domain.fills import Costs
    from divbot.trading.decide import EntryRules, ExitRules
    from divbot.trading.engine import Rules
    from divbot.trading.sizing import SizingRules

    market = settings.market
    return Rules(
        market=market,
        interval=settings.interval,
        costs=Costs(
            fee=TAKER_FEE[market] if settings.fee is None else settings.fee,
            slippage=settings.slippage,
        ),
        entries=EntryRules(
            max_positions=settings.max_positions,
            min_score=settings.min_score,
            max_report_age=round(settings.max_report_age * 1000),
            max_age=settings.max_age,
            take_earlier=settings.take_earlier,
            long_only=market is Market.SPOT,
            cooldown=round(settings.cooldown * 60_000),
            max_daily_loss=settings.max_daily_loss,
            max_drawdown=settings.max_drawdown,
        ),
        exits=ExitRules(
            max_holding=round(settings.max_holding * 3_600_000) or None,
            on_opposite=settings.exit_on_opposite,
        ),
        sizing=SizingRules(
            market=market,
            risk=settings.risk,
            leverage=settings.leverage,
            min_reward_risk=settings.min_reward_risk,
            trail_atr=None if settings.trail_atr is None else Decimal(repr(settings.trail_atr)),
        ),
        mark_every=_MARK_EVERY,
    )


def _open_journal(settings: Settings, options: PaperOptions, trading: BinanceTrading) -> Journal:
    """Return the journal to write to, of a new run or of one that goes on."""
    from divbot.domain.events import Resumed, Started
    from divbot.trading.journal import Journal
    from divbot.version import __version__

    path = _path(settings, options, trading)
    if path.exists():
        journal = Journal.open(path)
        _check_fits(journal, settings, trading)
    else:
        started = Started(
            at=trading.now(),
            venue=_venue(trading),
            market=settings.market,
            interval=settings.interval.value,
            is_simulated=trading.simulated,
            balance=settings.balance,
            version=__version__,
        )
        journal = Journal.create(path, started)
    kept = {name: str(getattr(settings, name)) for name in _SETTINGS_KEPT}
    at = max(trading.now(), journal.ledger.at)
    journal.write(Resumed(at, journal.ledger.sessions + 1, kept))
    return journal


def _path(settings: Settings, options: PaperOptions, trading: BinanceTrading) -> Path:
    if options.journal is not None:
        if options.fresh and options.journal.exists():
            raise InputError(f"--fresh: {options.journal} exists; name a new file")
        return options.journal
    runs = open_runs()
    found = None
    if not (options.fresh or options.demo):
        found = runs.latest(settings.market, _venue(trading), include_demo=False)
    if found is not None:
        return found.path
    return runs.new(SystemClock().now(), settings.market, settings.interval, is_demo=options.demo)


def _check_fits(journal: Journal, settings: Settings, trading: BinanceTrading) -> None:
    start = journal.ledger.start
    if start is None:
        raise JournalError(f"{journal.path}: there is no run in it; name another file")
    if (start.market, start.is_simulated) != (settings.market, trading.simulated):
        journal.close()
        raise InputError(
            f"{journal.path} holds a run on {start.venue} {start.market.title}, not on "
            f"{_venue(trading)} {settings.market.title}; begin a new one with --fresh"
        )
    if journal.ledger.at > trading.now() + 60_000:
        journal.close()
        raise InputError(
            f"{journal.path} goes on to {utc_text(journal.ledger.at)} UTC, but this market is at "
            f"{utc_text(trading.now())}; begin a new run with --fresh"
        )


def open_runs() -> Runs:
    """Return the folder in which this user's runs are kept."""
    from divbot.trading.runs import Runs

    return Runs(app.state_home() / "divbot" / "runs")


def _venue(trading: BinanceTrading) -> str:
    return "local exchange" if trading.simulated else "Binance"
