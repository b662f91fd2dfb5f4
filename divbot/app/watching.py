r"""The composition of a watch: scanner thread, filters, outbox, couriers, and how they end.

scanner thread                                    a thread for each address
BackgroundScanner                                 Courier
scan -> filters -> outbox (on disk) --wake-->     outbox -> sink -> outbox: it has it
\-> what is new is shown
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from divbot.app import scanning
from divbot.app.alerting import filters_of, open_dispatch, open_sinks, outbox_of_watch, source_of
from divbot.app.journals import venue_of
from divbot.app.options import WatchOptions
from divbot.app.paper import check_speed, refuse_too_short
from divbot.app.scan_rules import by_interval, scan_rules
from divbot.domain.clock import SystemClock
from divbot.domain.durations import milliseconds
from divbot.domain.notices import Tell

if TYPE_CHECKING:
    from divbot.alerts.alert import Alert
    from divbot.alerts.dispatch import Dispatch
    from divbot.alerts.filters import Filters
    from divbot.alerts.signal_words import SignalSource
    from divbot.alerts.sinks.port import Sink
    from divbot.binance.market_data import BinanceSource
    from divbot.binance.server_clock import ServerClock
    from divbot.binance.trading_data import BinanceTrading
    from divbot.domain.market import Interval
    from divbot.domain.universe import Universe
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.report import Report
    from divbot.scanner.thread import BackgroundScanner
    from divbot.scanner.workforce.pool import Pool
    from divbot.settings import Settings

_HEEDS_SIGNALS = 0.5
"""Seconds after which Ctrl-C is heard at the latest."""
_PATIENCE = 5.0
"""Seconds that the end waits for messages on their way, and for a scan."""

OnAlerts: TypeAlias = Callable[[Sequence["Alert"]], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch that is ready to go."""

    source: SignalSource
    """Of the shortest interval."""
    intervals: tuple[Interval, ...]
    sinks: tuple[Sink, ...]
    scanner: BackgroundScanner
    dispatch: Dispatch
    clock: ServerClock
    pool: Pool
    stop: threading.Event
    cache: ReportCache
    venue: BinanceSource
    universe: Callable[[], Universe | None]
    """The symbols of the last scan; None where there was none."""

    def run(
        self, duration: timedelta | None = None, lives: Callable[[], None] = lambda: None
    ) -> None:
        """Scan and tell until stopped, or for `duration` of wall time.

        `lives` is called again and again.
        """
        self.dispatch.start()
        self.scanner.start()
        clock = SystemClock()
        ends = clock.monotonic() + (duration.total_seconds() if duration else math.inf)
        while (left := ends - clock.monotonic()) > 0:
            lives()
            # A signal that the system hands to another thread ends no wait of this one.
            if clock.wait(min(left, _HEEDS_SIGNALS), self.stop):
                return

    def gets_on(self) -> bool:
        """Tell whether no thread of it is gone or hangs: it scans, and alerts are on their way."""
        is_waiting = bool(self.venue.budget.waiting_for())
        return self.scanner.gets_on(is_waiting=is_waiting) and self.dispatch.gets_on()

    def end(self) -> None:
        """Let no scan begin, end the one under way, and send what can be sent at once."""
        self.stop.set()
        self.scanner.ask_to_stop()
        self.pool.close()
        self.scanner.stop(_PATIENCE)
        self.dispatch.end(_PATIENCE)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Post what is new in reports, of what passes the filters."""

    source: SignalSource
    filters: Filters
    dispatch: Dispatch
    on_alerts: OnAlerts

    def __call__(self, reports: Sequence[Report]) -> None:
        """Keep all of `reports` that is worth it, and have it told.

        Raise JournalError where it cannot be kept: the next scan has to find it again.
        """
        from divbot.alerts.signal_words import alert_of
        from divbot.scanner.report_documents import opportunity_document

        alerts = [
            alert_of(replace(self.source, interval=report.interval), x, opportunity_document(x))
            for report in reports
            for x in report.open_to_trade
            if self.filters.pass_(x)
        ]
        if new := self.dispatch.post(alerts):
            self.on_alerts(new)


@contextmanager
def open_watch(
    settings: Settings,
    options: WatchOptions,
    stop: threading.Event,
    *,
    ring: Callable[[], None],
    tell: Tell,
    on_alerts: OnAlerts,
) -> Iterator[Watch]:
    """Provide a watch, and end it in order; raise Stopped where `stop` is set before it is.

    Raise InputError for an address of no use, VenueError where the venue cannot be had at the
    start, JournalError where the outbox cannot be relied on.
    """
    each = by_interval(settings)
    sinks = open_sinks(settings, ring)
    workers = scanning.workers_of_scan(settings)
    scanning.start_workers(workers, demo=options.demo)
    from divbot.binance.server_clock import ServerClock
    from divbot.scanner.cache import ReportCache
    from divbot.scanner.cycle import Scanner
    from divbot.scanner.rounds import Rounds
    from divbot.scanner.thread import BackgroundScanner
    from divbot.trading.engine.questions import end_if_stopped

    with ExitStack() as stack:
        venue = scanning.open_source(
            settings,
            stack,
            demo=options.demo,
            speed=options.speed,
            check=partial(end_if_stopped, stop),
        )
        pool = scanning.open_pool(settings, venue, workers)
        stack.callback(pool.close)
        clock = ServerClock(SystemClock(), speed=options.speed)
        source = _asked(each, options, venue, clock, stop, tell)
        # A demo's market is never seen again.
        home = stack.enter_context(tempfile.TemporaryDirectory()) if options.demo else None
        path = Path(home, "demo.outbox") if home else outbox_of_watch(each[0], venue.base_urls[0])
        dispatch = open_dispatch(settings, options.outbox or path, sinks, tell)
        stack.callback(dispatch.outbox.close)
        rules = [scan_rules(x, with_divergences=False) for x in each]
        scanner = Scanner(venue.open_listing(clock), venue, pool, SystemClock(), *rules)
        stack.callback(scanner.close)
        watcher = Watcher(source, filters_of(settings), dispatch, on_alerts)
        rounds = Rounds(scanner, clock, watcher) if len(each) > 1 else _cycles(scanner, watcher)
        cache = ReportCache()
        background = BackgroundScanner(
            rounds,
            cache,
            clock,
            check_interval=milliseconds(settings.check_interval),
            held=tuple,
            tell=tell,
            speed=options.speed,
            publication=scanning.open_publication(venue, scanner, clock, stack),
        )
        watch = Watch(
            *(source, scanner.intervals, sinks, background, dispatch, clock, pool, stop),
            *(cache, venue, lambda: scanner.universe),
        )
        try:
            yield watch
        finally:
            watch.end()


def _cycles(scanner: Scanner, hear: Watcher) -> Callable[[Collection[str]], Sequence[Report]]:
    """Return what scans the one interval each time, whether a candle has closed or not."""

    def scan(held: Collection[str]) -> tuple[Report]:
        report = scanner.cycle(held=held)
        hear([report])
        return (report,)

    return scan


def _asked(
    each: Sequence[Settings],
    options: WatchOptions,
    venue: BinanceSource,
    clock: ServerClock,
    stop: threading.Event,
    tell: Tell,
) -> SignalSource:
    """Ask the venue for its time and for what it is; return what signals come from."""
    from divbot.binance.listing.universe import unknown_among
    from divbot.trading.engine.questions import Questions

    with ExitStack() as stack:
        trading: BinanceTrading = venue.open_trading(clock, 1, price_checks=0, symbols=0, tell=tell)
        stack.callback(trading.close)
        questions = Questions(1, stop)
        stack.callback(questions.close)
        unknown_among(questions.ask_one(trading.begin), each[0].symbols, ())
        # The shortest comes first: where there are candles for it, there are for all.
        refuse_too_short(each[0].interval, trading)
        check_speed(trading, options.speed, tell)
        return source_of(each[0], trading, venue_of(trading))
