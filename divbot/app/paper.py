"""The composition of a paper run: scanner thread, trader, journal, and the order of their end.

    main thread                         scanner thread              worker processes
    Loop -> Engine.step(now)            BackgroundScanner           BlockWorker
              |  findings() <- ReportCache <- publish(report) <------- ProcessPool
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
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from divbot.app import scanning
from divbot.app.journals import open_journal, venue_of
from divbot.app.options import PaperOptions
from divbot.app.scan_rules import scan_rules
from divbot.app.trading_rules import trading_rules
from divbot.domain.clock import SystemClock
from divbot.domain.durations import MINUTE, milliseconds
from divbot.domain.errors import InputError, JournalError
from divbot.domain.market import Interval
from divbot.domain.notices import Tell

if TYPE_CHECKING:
    from divbot.binance.market_data import BinanceSource
    from divbot.binance.trading_data import BinanceTrading
    from divbot.domain.universe import Universe
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.thread import BackgroundScanner
    from divbot.scanner.workforce.pool import Pool
    from divbot.settings import Settings
    from divbot.trading.engine.account import OnEvent
    from divbot.trading.engine.engine import Engine
    from divbot.trading.engine.loop import Loop
    from divbot.trading.engine.snapshot import RunSnapshot, ScannerView
    from divbot.trading.journal.journal import Journal

EAGER = timedelta(seconds=20)
"""A check interval below is a burden on the venue's limits."""
_MINUTE = timedelta(minutes=1)

_TRADER_CONNECTIONS = 8
_SCANNER_PATIENCE = 0.5
_NICENESS = 10
"""Of the workers: a scan uses every core, but none that the trader wants now."""
_SWITCH_SECONDS = 0.0005
"""After which the scanner's thread hands the interpreter to the trader's; Python's own is 5 ms."""


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
    universe: Callable[[], Universe | None]
    """The symbols of the last scan; None where there was none."""

    def run(
        self, watch: Callable[[RunSnapshot], None], *, duration: timedelta | None = None
    ) -> None:
        """Trade until stopped, or for `duration` of wall time; `watch` sees each step."""

        def step() -> bool:
            self.engine.step()
            snapshot = self.snapshot()
            watch(snapshot)
            return not snapshot.problem

        from divbot.trading.engine.loop import stop_after
        from divbot.trading.engine.questions import Stopped

        if duration is not None:
            stop_after(duration.total_seconds(), SystemClock(), self.stop)
        with contextlib.suppress(Stopped), _attentive():
            self.engine.catch_up()
            self.scanner.start()
            self.loop.run(step)

    def gets_on(self) -> bool:
        """Tell whether its scanner's thread neither is gone nor hangs."""
        return self.scanner.gets_on(is_waiting=bool(self.source.budget.waiting_for()))

    def end(self) -> None:
        """Stop scanning and trading, and value the account a last time; safe to call twice."""
        self.stop.set()
        self.scanner.ask_to_stop()
        self.pool.close()
        self.scanner.stop(_SCANNER_PATIENCE)
        with contextlib.suppress(JournalError):  # told already, if that is why it ends
            self.engine.mark()

    def snapshot(self) -> RunSnapshot:
        """Return the run as it is now."""
        from divbot.trading.engine.snapshot import RunSnapshot

        state = self.engine.state
        return RunSnapshot(
            at=state.at,
            venue=venue_of(self.trading),
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
        from divbot.trading.engine.snapshot import ScannerView

        condition, published = self.scanner.condition, self.cache.latest()
        report = published.report if published else None
        return ScannerView(
            state=condition.state.value,
            scans=condition.scans,
            as_of=report.as_of if report else 0,
            published_at=published.findings.at if published else 0,
            symbols=report.summary.scanned if report else 0,
            seconds=condition.seconds,
            open_to_trade=report.summary.open_to_trade if report else 0,
            opportunities=report.opportunities if report else (),
            error=condition.error,
            notices=report.notices if report else (),
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
    # Never in this process, however small the scan: the trader would have to wait for it.
    workers = scanning.workers_of_scan(settings, may_stay_in_process=False)
    scanning.start_workers(workers, demo=options.demo)
    from divbot.binance.server_clock import ServerClock
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.thread import BackgroundScanner
    from divbot.trading.engine.account import Account
    from divbot.trading.engine.engine import Engine
    from divbot.trading.engine.loop import Loop
    from divbot.trading.engine.questions import Questions, end_if_stopped

    with ExitStack() as stack:
        source = scanning.open_source(
            settings,
            stack,
            demo=options.demo,
            speed=options.speed,
            check=partial(end_if_stopped, stop),
        )
        pool = scanning.open_pool(settings, source, workers, niceness=_NICENESS)
        stack.callback(pool.close)
        clock = ServerClock(SystemClock(), speed=options.speed)
        trading = source.open_trading(
            clock,
            _TRADER_CONNECTIONS,
            price_checks=options.speed * (_MINUTE / settings.position_update_interval),
            symbols=math.ceil(options.speed * settings.max_positions),
            tell=tell,
        )
        stack.callback(trading.close)
        questions = Questions(_TRADER_CONNECTIONS, stop)
        stack.callback(questions.close)
        listed = questions.ask_one(trading.begin)
        refuse_too_short(settings.interval, trading)
        if notice := long_candles_notice(trading):
            tell(notice, is_warning=True)
        check_speed(trading, options.speed, tell)
        journal = open_journal(settings, options, trading, on_event, tell, listed)
        stack.callback(journal.close)
        account = Account(journal, on_event)
        cache = ReportCache()
        engine = Engine(trading, cache, account, questions, trading_rules(settings), tell)
        rules = scan_rules(settings, with_divergences=False)
        scanner = Scanner(source.open_listing(clock), source, pool, SystemClock(), rules)
        stack.callback(scanner.close)

        def held() -> Collection[str]:
            return engine.state.ledger.symbols

        background = BackgroundScanner(
            lambda held: (scanner.cycle(held=held),),
            cache,
            clock,
            check_interval=milliseconds(settings.check_interval),
            held=held,
            tell=tell,
            speed=options.speed,
            publication=scanning.open_publication(source, scanner, clock, stack, held),
        )
        run = PaperRun(
            settings,
            journal,
            engine,
            background,
            cache,
            Loop(
                clock,
                milliseconds(settings.position_update_interval),
                stop,
                tell,
                speed=options.speed,
            ),
            trading,
            source,
            pool,
            stop,
            lambda: scanner.universe,
        )
        try:
            yield run
        finally:
            run.end()


def check_speed(trading: BinanceTrading, speed: float, tell: Tell) -> None:
    """Raise InputError for another speed of a real market; tell of an exchange that has another."""
    if notice := speed_notice(trading.speed, speed):
        tell(notice, is_warning=True)
    if speed != 1 and not trading.simulated:
        raise InputError("--speed works on a simulated market only: a real one keeps its own time")


def speed_notice(found: float | None, expected: float) -> str:
    """Return, in words, that a local exchange is faster or slower than this program thinks.

    One whose time stands still, 0, is none to trade on at another speed.
    """
    if not found or found == expected:
        return ""
    return (
        f"the time of this exchange runs at --speed {found:g}, and here --speed {expected:g} is "
        "given: scans and price checks come at the wrong times; give both the same"
    )


def refuse_too_short(interval: Interval, trading: BinanceTrading) -> None:
    """Raise InputError where the market has no candles as short as `interval`."""
    shortest = trading.interval
    if interval.milliseconds < shortest.milliseconds:
        raise InputError(
            f"this market has no {interval.value} candles, its shortest are {shortest.value}: "
            f"choose --interval {shortest.value} or a longer one"
        )


def long_candles_notice(trading: BinanceTrading) -> str:
    """Return, in words, how stops are judged where there is no 1m candle; nothing elsewhere."""
    if trading.candle_length <= MINUTE:
        return ""
    shortest = trading.interval.value
    return (
        f"this market has no candles shorter than {shortest}: what happens between two price "
        f"checks is judged by {shortest} candles, and one that touches both stop and target "
        "counts as a stop"
    )


@contextmanager
def _attentive() -> Iterator[None]:
    """Let nothing in this process keep the trader's thread waiting for long.

    Threads hand over the interpreter sooner. And the garbage collector leaves alone what is there
    now, modules for the most part: it stops all threads while it looks at everything, for 30 ms on
    an idle core and 200 ms on a busy one; the garbage of scans is found in less than a tenth.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
