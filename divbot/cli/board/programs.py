"""A paper run, a watch, and a journal that another program writes, as the page sees them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.cli.figures import harmless
from divbot.cli.lines import event_words
from divbot.domain.durations import MINUTE, milliseconds
from divbot.domain.market import Interval, Market
from divbot.web.port import Line, Scans, Showing, Weight

if TYPE_CHECKING:
    from divbot.alerts.alert import Alert
    from divbot.app.paper import PaperRun
    from divbot.app.watching import Watch
    from divbot.binance.budget import WeightBudget
    from divbot.domain.events import Event
    from divbot.domain.ledger import Ledger
    from divbot.domain.universe import Universe
    from divbot.settings import Settings
    from divbot.trading.engine.snapshot import RunSnapshot
    from divbot.trading.journal.journal import JournalCopy

_MOST_LINES = 200
_MOST_READ = 2_000
"""Events of a journal: most are valuations, which are no lines."""


class LastLines:
    """The last lines of what happened; added to from several threads, read from any."""

    def __init__(self) -> None:
        # Guards `_number` and the order of lines; who reads takes what is there.
        self._lock = threading.Lock()
        self._number = 0
        self.last: tuple[Line, ...] = ()

    def add(self, at: int, kind: str, text: str) -> None:
        """Add a line."""
        with self._lock:
            self._number += 1
            line = Line(self._number, at, kind, harmless(text))
            self.last = (*self.last[1 - _MOST_LINES :], line)

    def add_events(self, events: Iterable[Event], ledger: Ledger) -> None:
        """Add what is worth a line."""
        for event in events:
            if text := "".join(event_words(event, ledger)):
                self.add(event.at, event.kind, text)


class RunProgram:
    """A paper run, of which its trader tells."""

    def __init__(
        self, run: PaperRun, speed: float, told: Callable[[], int | None] = lambda: None
    ) -> None:
        """`told` counts the alerts of the run; None: nobody is told."""
        self._run = run
        self._told = told
        self._speed = speed
        self._snapshot = run.snapshot()
        self._lines = LastLines()
        self._lines.add_events(self._snapshot.recent, self._snapshot.ledger)

    def hear(self, event: Event, ledger: Ledger) -> None:
        """Hear of an event."""
        self._lines.add_events([event], ledger)

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Hear of what is no event: warnings are shown."""
        if is_warning and not is_detail:
            self._lines.add(self._run.trading.now(), "warning", text)

    def show(self, snapshot: RunSnapshot) -> None:
        """Take the run as it is now."""
        self._snapshot = snapshot

    def now(self) -> Showing:
        """Return how it is now."""
        run, snapshot = self._run, self._snapshot
        every = milliseconds(run.settings.check_interval)
        condition, published = run.scanner.condition, run.cache.latest()
        return Showing(
            "paper",
            run.trading.now(),
            snapshot.venue,
            snapshot.market,
            snapshot.is_simulated,
            (Scans(snapshot.interval, condition, published, every),),
            snapshot,
            run.journal.path.stem,
            self._lines.last,
            alerts=self._told(),
            weight=_weight(run.source.budget),
            run_every=milliseconds(run.settings.position_update_interval),
            patience=_patience(self._speed),
        )

    def universe(self) -> Universe | None:
        """Return the symbols of the last scan."""
        return self._run.universe()


class WatchProgram:
    """A watch."""

    def __init__(self, watch: Watch, settings: Settings, speed: float) -> None:
        self._watch = watch
        self._every = milliseconds(settings.check_interval)
        self._speed = speed
        self._lines = LastLines()
        self._told = 0

    def hear(self, alerts: Sequence[Alert]) -> None:
        """Hear of alerts; told by one thread."""
        now = self._watch.clock.now()
        for alert in alerts:
            self._lines.add(now, "alert", alert.brief)
        self._told += len(alerts)

    def tell(self, text: str, *, is_warning: bool = False, is_detail: bool = False) -> None:
        """Hear of what is no alert: warnings are shown."""
        if is_warning and not is_detail:
            self._lines.add(self._watch.clock.now(), "warning", text)

    def now(self) -> Showing:
        """Return how it is now."""
        watch = self._watch
        source, published = watch.source, watch.cache.by_interval()
        return Showing(
            "watch",
            watch.clock.now(),
            source.venue,
            source.market,
            bool(source.notice),
            tuple(
                Scans(x, watch.scanner.condition, published.get(x), self._every_of(x))
                for x in watch.intervals
            ),
            lines=self._lines.last,
            alerts=self._told,
            weight=_weight(watch.venue.budget),
            patience=_patience(self._speed),
        )

    def universe(self) -> Universe | None:
        """Return the symbols of the last scan."""
        return self._watch.universe()

    def _every_of(self, interval: Interval) -> int:
        """Return the ms from one scan to the next: of several intervals one is scanned when due."""
        is_one = len(self._watch.intervals) == 1
        return self._every if is_one else max(self._every, interval.milliseconds)


def _weight(budget: WeightBudget) -> Weight:
    return Weight(budget.used(), budget.allowed, budget.waiting_for())


def _patience(speed: float) -> int:
    """Return how late things may be, in ms of a market whose time may run fast."""
    return round(MINUTE * max(speed, 1.0))


class FileProgram:
    """What journals tell: of the run of one of them, read again when it has grown.

    `find` tells at each look which one: the newest run becomes another one in time.
    """

    def __init__(self, find: Callable[[], Path | None], market: Market) -> None:
        self._find = find
        self._seen: tuple[object, ...] = ()
        self._moment = Showing("web", 0, "", market, is_simulated=False)

    def refresh(self, now: int) -> None:
        """Look into the journal; raise JournalError where it cannot be read."""
        from divbot.trading.journal.journal import read

        journal = self._find()
        if journal is None:
            self._moment = replace(self._moment, at=now)
            return
        files = (x for x in (journal, Path(f"{journal}-wal")) if x.exists())
        seen = (journal, *(x.stat().st_mtime_ns for x in files))
        if seen != self._seen or not self._moment.at:
            self._moment = _moment_of(read(journal))
            self._seen = seen

    def now(self) -> Showing:
        """Return how it was when it was read."""
        return self._moment

    def universe(self) -> None:
        """Return nothing: nobody scans."""


def _moment_of(recorded: JournalCopy) -> Showing:
    from divbot.cli.recorded import start_of
    from divbot.trading.engine.snapshot import RunSnapshot, ScannerView

    start, ledger, lines = start_of(recorded), recorded.ledger, LastLines()
    lines.add_events(recorded.events[-_MOST_READ:], ledger)
    interval = Interval(start.interval)
    run = RunSnapshot(
        ledger.at, start.venue, start.market, interval, start.is_simulated, ledger, {},
        ScannerView("stopped"),
    )  # fmt: skip
    return Showing(
        "web",
        ledger.at,
        start.venue,
        start.market,
        start.is_simulated,
        run=run,
        run_name=recorded.path.stem,
        lines=lines.last,
    )
