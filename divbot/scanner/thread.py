"""The background scanner: a thread that scans, publishes, waits, and survives every error.

    STARTING --> SCANNING --> WAITING --+
        |          ^  |  ^              |      a scan begins on the next multiple of the check
        |          |  |  +--------------+      interval: once the venue shows the candles that
        |          +--+  (late: back to back)     closed then, see publication
        +----------+------------------> STOPPED      when asked, or where it was never started

Nothing but `stop` ends it: a scan that fails is told, and the next one comes at its time. Its last
error and the state are there for any thread to read. It is a daemon thread: a scan that hangs keeps
nobody from leaving.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from divbot.domain.clock import Clock
from divbot.domain.errors import DivbotError, StopUntil
from divbot.domain.heartbeat import Heartbeat
from divbot.domain.notices import Outage, Tell
from divbot.scanner.cache import ReportCache
from divbot.scanner.publication import AHEAD, FALLBACK, Publication
from divbot.scanner.report import Report

JOIN_SECONDS = 5.0
SUMMARY_SECONDS = 3600.0
"""Wall time between two lines on how scans get on."""


class Lifecycle(StrEnum):
    """What the thread does."""

    STARTING = "starting"
    SCANNING = "scanning"
    WAITING = "waiting"
    STOPPED = "stopped"


FOLLOWERS = {
    Lifecycle.STARTING: (Lifecycle.SCANNING, Lifecycle.STOPPED),
    Lifecycle.SCANNING: (Lifecycle.WAITING, Lifecycle.STOPPED),
    Lifecycle.WAITING: (Lifecycle.SCANNING, Lifecycle.STOPPED),
    Lifecycle.STOPPED: (),
}
"""What may follow each state."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How the background scanner gets on; immutable, for any thread."""

    state: Lifecycle = Lifecycle.STARTING
    scans: int = 0
    """Reports published so far."""
    failures: int = 0
    """Scans that failed so far."""
    error: str = ""
    """Why the last scan failed; empty: it did not."""
    seconds: float = 0.0
    """Wall seconds that the last scan took."""
    is_late: bool = False
    """Scans take longer than the check interval, and run back to back."""

    def after(self, state: Lifecycle) -> Condition:
        """Return the condition with `state` next; refuse what may not follow."""
        if state not in FOLLOWERS[self.state]:
            raise ValueError(f"{self.state.value} is not followed by {state.value}")
        return replace(self, state=state)


class BackgroundScanner:
    """Scan every `check_interval` ms of the market's time, and publish into `cache`.

    `scan` is given the symbols that are held. `tell` hears what is worth a line. In a wall second
    `speed` of the market's pass. Without a `publication` new candles are taken to be shown FALLBACK
    after their close.
    """

    def __init__(
        self,
        scan: Callable[[Collection[str]], Sequence[Report]],
        cache: ReportCache,
        clock: Clock,
        *,
        check_interval: int,
        held: Callable[[], Collection[str]],
        tell: Tell,
        speed: float = 1.0,
        publication: Publication | None = None,
    ) -> None:
        self._scan = scan
        self._publication = publication
        self._cache = cache
        self._clock = clock
        self._check_interval = check_interval
        self._held = held
        self._tell = tell
        self._speed = speed
        self._told_late = self._told_left = False
        self._noticed: tuple[str, ...] = ()
        self._outage = Outage(tell)
        self._told_at = clock.monotonic()
        self._told_of = Condition()
        """How it got on when that was summed up last."""
        self._stop = threading.Event()
        self._heartbeat = Heartbeat(clock.monotonic)
        # Guards `_condition`: the thread replaces it, others read it.
        self._lock = threading.Lock()
        self._condition = Condition()
        self._thread = threading.Thread(target=self._run, name="background scanner", daemon=True)

    @property
    def condition(self) -> Condition:
        """Return how it gets on."""
        with self._lock:
            return self._condition

    @property
    def is_alive(self) -> bool:
        """Tell whether its thread runs."""
        return self._thread.is_alive()

    def gets_on(self, *, is_waiting: bool) -> bool:
        """Tell whether its thread runs, and does not hang in a scan or in a pause.

        While a scan waits for request weight, as the caller knows, it may take as long as that.
        """
        if is_waiting:
            self._heartbeat.excuse()
        return self.is_alive and not self._heartbeat.hangs

    def start(self) -> None:
        """Begin to scan, at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let no further scan begin."""
        self._stop.set()

    def stop(self, seconds: float = JOIN_SECONDS) -> bool:
        """Ask it to end, and wait for that; return False, having said so, where it does not."""
        self.ask_to_stop()
        if self.join(seconds):
            return True
        if not self._told_left:
            self._told_left = True
            self._tell(
                f"[Background] the scanner did not stop within {seconds:g} s; left behind",
                is_warning=True,
            )
        return False

    def join(self, seconds: float) -> bool:
        """Wait at most so long for its end; tell whether nothing of it runs any more."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._scan_on()
        finally:
            self._become(Lifecycle.STOPPED)

    def _scan_on(self) -> None:
        time = 0
        while not self._stop.is_set():
            started, began = self._clock.now(), self._clock.monotonic()
            self._become(Lifecycle.SCANNING)
            self._tell("[Background] scanning market", is_detail=True)
            pause = self._scan_once(started)
            took = self._clock.monotonic() - began
            time = self._next(started, time)
            waits_for_candle = self._publication and self._publication.closing_at(time)
            begins = time - AHEAD if waits_for_candle else time + FALLBACK
            # An interval, at most: even if the clock was set back meanwhile.
            most = self._check_interval + (FALLBACK if self._publication else 0)
            wait = min(max(begins - self._clock.now(), 0), most)
            self._note_lateness(started, took, wait)
            self._sum_up()
            seconds = max(wait / 1000, pause * self._speed)
            self._become(Lifecycle.WAITING, seconds / self._speed)
            self._clock.wait(seconds, self._stop)
            self._wait_for_candle(time)

    def _wait_for_candle(self, close: int) -> None:
        if self._publication is None:
            return
        try:
            self._publication.wait(close, self._stop)
        except Exception as error:  # the thread's boundary: it survives everything
            self._fail(f"internal error: {type(error).__name__}: {error}")
            self._clock.wait(FALLBACK / 1000, self._stop)

    def _scan_once(self, began_at: int) -> float:
        """Scan and publish; return the wall seconds that the venue wants to be left alone."""
        try:
            reports = self._scan(self._held())
            for report in reports:
                self._cache.publish(report, began_at)
            self._succeed(reports)
        except StopUntil as error:
            self._fail(str(error))
            return error.left(self._clock.monotonic())
        except DivbotError as error:
            self._fail(str(error))
        except Exception as error:  # the thread's boundary: it survives everything
            self._fail(f"internal error: {type(error).__name__}: {error}")
        return 0.0

    def _next(self, started: int, last: int) -> int:
        """Return the multiple of the interval after which the next scan should begin.

        The scan that began at `started` was meant for `last`.
        """
        # A clock that was set back since says nothing of what was seen.
        seen = max(last if last <= started else 0, started - FALLBACK)
        return (seen // self._check_interval + 1) * self._check_interval

    def _note_lateness(self, started: int, took: float, wait: int) -> None:
        # A scan that waited in vain for the venue is not slow: it failed, which was told.
        has_failed = bool(self.condition.error)
        is_late = wait == 0 and self._clock.now() - started > self._check_interval
        if is_late and not has_failed and not self._told_late:
            self._told_late = True
            self._tell(
                f"[Background] a scan took {took:.1f} s, longer than the check interval of "
                f"{self._check_interval / 1000:g} s of market time: scans run back to back",
                is_warning=True,
            )
        with self._lock:
            self._condition = replace(self._condition, seconds=took, is_late=is_late)

    def _succeed(self, reports: Sequence[Report]) -> None:
        if not reports:
            return  # nothing was due
        with self._lock:
            before = self._condition
            self._condition = replace(before, scans=before.scans + len(reports), error="")
        self._outage.end(self._clock.now())
        count = sum(x.summary.open_to_trade for x in reports)
        found = f"[Background] found {count} {'opportunity' if count == 1 else 'opportunities'}"
        self._tell(found, is_detail=bool(before.scans))
        # What does not change is told once, not after every scan.
        notices = tuple(dict.fromkeys(chain.from_iterable(x.notices for x in reports)))
        for notice in notices:
            if notice not in self._noticed:
                self._tell(f"[Background] {notice}", is_warning=True)
        self._noticed = notices

    def _fail(self, error: str) -> None:
        if self._stop.is_set():
            return  # the pool was closed under its feet
        with self._lock:
            before = self._condition
            self._condition = replace(before, failures=before.failures + 1, error=error)
        self._outage.note(
            f"[Background] scan failed: {error}",
            back="[Background] scans succeed again",
            now=self._clock.now(),
        )

    def _sum_up(self) -> None:
        """Tell now and then how scans got on: one line for many."""
        seconds = self._clock.monotonic() - self._told_at
        if seconds < SUMMARY_SECONDS:
            return
        before, now = self._told_of, self.condition
        self._told_at, self._told_of = self._clock.monotonic(), now
        newest = self._cache.by_interval().values()
        found = sum(x.report.summary.open_to_trade for x in newest)
        self._tell(
            f"[Background] {now.scans - before.scans} scans succeeded and "
            f"{now.failures - before.failures} failed in the last {seconds / 60:.0f} minutes; "
            f"{found} opportunities in the newest report{'s' if len(newest) > 1 else ''}"
        )

    def _become(self, state: Lifecycle, pause: float = 0.0) -> None:
        self._heartbeat.beat(pause)
        with self._lock:
            self._condition = self._condition.after(state)
