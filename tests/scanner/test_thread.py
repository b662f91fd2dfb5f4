"""The background scanner, on a clock that a test winds: no sleeping."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from divbot.binance.server_clock import ServerClock
from divbot.domain.clock import ManualClock
from divbot.domain.errors import BadAnswer, StopUntil, VenueUnreachable
from divbot.domain.heartbeat import HANGS_AFTER
from divbot.domain.market import Interval
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.publication import Publication
from divbot.scanner.report import Report
from divbot.scanner.thread import FOLLOWERS, BackgroundScanner, Condition, Lifecycle
from divbot.scanner.workforce.inline import InlinePool
from divbot.scanner.workforce.pool import ProcessPool
from tests.scanner.fakes import FakeSource, names, rules
from tests.trading.fakes import Told

NOON = 1_722_340_800_000
SECOND = 1000


@pytest.fixture(scope="module")
def report() -> Report:
    source = FakeSource(names(3))
    pool = InlinePool(source, connections=1)
    found = Scanner(source.open_listing(), source, pool, ManualClock(), rules()).cycle()
    pool.close()
    return found


class Rounds(ManualClock):
    """A clock that asks the thread to stop at the wait after the last round."""

    def __init__(self, rounds: int, now: int = NOON) -> None:
        super().__init__(now)
        self.left = rounds
        self.waits: list[float] = []

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        self.waits.append(seconds)
        self.left -= 1
        if self.left == 0:
            assert stop
            stop.set()
        return super().wait(seconds, stop)


class Scans:
    """Scans that take their time, or fail, as a test says."""

    def __init__(self, clock: ManualClock, report: Report, *troubles: Exception | None) -> None:
        self.clock = clock
        self.report = report
        self.troubles = list(troubles)
        self.seconds = 1.0
        self.began: list[int] = []
        self.held: list[Collection[str]] = []
        self.notes: list[str] = []
        """What each report notes, one after the other."""

    def __call__(self, held: Collection[str]) -> Sequence[Report]:
        self.began.append(self.clock.now())
        self.held.append(held)
        self.clock.advance(self.seconds)
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble:
            raise trouble
        notices = (self.notes.pop(0),) if self.notes else self.report.notices
        return (replace(self.report, as_of=self.clock.now(), notices=notices),)


class Thread:
    """A background scanner with everything around it, run to its end."""

    def __init__(
        self, report: Report, rounds: int, *troubles: Exception | None, now: int = NOON
    ) -> None:
        self.clock = Rounds(rounds, now)
        self.scans = Scans(self.clock, report, *troubles)
        self.cache = ReportCache()
        self.told = Told()
        self.scanner = self._scanner(None)

    def _scanner(self, publication: Publication | None) -> BackgroundScanner:
        return BackgroundScanner(
            self.scans,
            self.cache,
            self.clock,
            check_interval=60 * SECOND,
            held=lambda: {"HELDUSDT"},
            tell=self.told,
            publication=publication,
        )

    def wait_for(
        self,
        interval: Interval,
        newest_close: Callable[[Interval], int],
        meanwhile: Callable[[], None],
    ) -> None:
        """Let scans begin once the venue shows candles of `interval`."""
        self.scanner = self._scanner(
            Publication([interval], newest_close, self.clock, looks=10, meanwhile=meanwhile)
        )

    def run(self) -> Condition:
        self.scanner.start()
        assert self.scanner.join(10)
        return self.scanner.condition


def test_it_scans_at_once_and_then_when_candles_close(report: Report) -> None:
    thread = Thread(report, 4, now=NOON + 17 * SECOND)

    thread.run()

    # Two seconds after the minute: by then the venue shows the candle that closed.
    assert thread.scans.began == [NOON + s * SECOND for s in (17, 62, 122, 182)]
    assert thread.scans.held == [{"HELDUSDT"}] * 4
    assert thread.told == [f"[Background] found {len(report.opportunities)} opportunities"]


def test_a_day_of_scans_is_a_line_an_hour(report: Report) -> None:
    thread = Thread(report, 24 * 60, *[None] * 100, *[BadAnswer("nonsense")] * 30)

    thread.run()

    assert len(thread.told) == 1 + 2 + 23
    found = f"{len(report.opportunities)} opportunities in the newest report"
    assert thread.told[0] == f"[Background] found {len(report.opportunities)} opportunities"
    assert thread.told[1:3] == [
        f"[Background] 62 scans succeeded and 0 failed in the last 60 minutes; {found}",
        "! [Background] scan failed: nonsense",
    ]
    assert thread.told[3] == (
        f"[Background] 38 scans succeeded and 22 failed in the last 60 minutes; {found}"
    )
    assert thread.told[4].startswith("! [Background] scans succeed again after 1800 s, since ")


def test_a_summary_counts_what_is_not_shown_as_each_scan_does(report: Report) -> None:
    many = replace(report, opportunities=(), summary=replace(report.summary, open_to_trade=24))
    thread = Thread(many, 90)

    thread.run()

    assert thread.told[0] == "[Background] found 24 opportunities"
    assert thread.told[1].endswith("; 24 opportunities in the newest report")


def test_a_scan_that_waited_in_vain_for_the_venue_is_not_called_slow(report: Report) -> None:
    thread = Thread(report, 3, *[VenueUnreachable("no route")] * 3)
    thread.scans.seconds = 90.0

    thread.run()

    assert thread.told == ["! [Background] scan failed: no route"]


def test_a_clock_that_is_set_back_during_a_scan_puts_off_the_next_by_an_interval_at_most(
    report: Report,
) -> None:
    thread = Thread(report, 2)
    thread.scans.seconds = -3600.0

    thread.run()

    assert thread.clock.waits == [60.0, 60.0]


def test_each_report_has_a_version_and_the_time_its_scan_began(report: Report) -> None:
    thread = Thread(report, 2, now=NOON + 17 * SECOND)
    thread.scans.seconds = 5.0

    thread.run()

    latest = thread.cache.findings()
    assert latest
    assert (latest.version, latest.at) == (2, NOON + 62 * SECOND)
    assert latest.at == thread.scans.began[-1]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (VenueUnreachable("no route"), "no route"),
        (BadAnswer("nonsense"), "nonsense"),
        (ZeroDivisionError("a bug"), "internal error: ZeroDivisionError: a bug"),
        (MemoryError(), "internal error: MemoryError: "),
    ],
)
def test_it_survives_every_error_and_says_so(report: Report, trouble: Exception, told: str) -> None:
    thread = Thread(report, 2, None, trouble)

    condition = thread.run()

    assert (condition.scans, condition.failures, condition.error) == (1, 1, told)
    assert f"! [Background] scan failed: {told}" in thread.told
    latest = thread.cache.findings()
    assert latest
    assert latest.version == 1  # the last good one stays


def test_an_error_is_forgotten_by_the_next_good_scan(report: Report) -> None:
    thread = Thread(report, 3, None, BadAnswer("nonsense"))

    condition = thread.run()

    assert (condition.scans, condition.failures, condition.error) == (2, 1, "")


def test_a_venue_that_wants_to_be_left_alone_is(report: Report) -> None:
    thread = Thread(report, 2, StopUntil("banned", ends=600.0))

    thread.run()

    assert thread.scans.began[1] - NOON == 600 * SECOND


@pytest.mark.parametrize(("speed", "ahead"), [(600.0, 0), (1.0, 3600), (1.0, -3600), (60.0, 10**9)])
def test_a_pause_lasts_its_wall_seconds_whatever_the_market_s_clock_says(
    report: Report, speed: float, ahead: int
) -> None:
    here = ManualClock(NOON)
    waited: list[float] = []
    clock = ServerClock(Noted(here, waited), speed=speed)
    clock.saw(NOON + ahead * SECOND, 0.0)
    trouble = StopUntil.banned(here, 300.0)

    def scan(_: Collection[str]) -> Sequence[Report]:
        if waited:
            scanner.ask_to_stop()
            return [report]
        raise trouble

    scanner = BackgroundScanner(
        scan, ReportCache(), clock, check_interval=60_000, held=set, tell=Told(), speed=speed
    )
    scanner.start()
    assert scanner.join(10)

    assert waited[0] == pytest.approx(300.0)


class Noted(ManualClock):
    """A machine's clock that writes down how long it was waited on."""

    def __init__(self, clock: ManualClock, waited: list[float]) -> None:
        super().__init__(clock.now())
        self._waited = waited

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        self._waited.append(seconds)
        return super().wait(seconds, stop)


def test_what_a_reader_of_a_report_should_know_is_told_once(report: Report) -> None:
    thread = Thread(replace(report, notices=("a row made no sense",)), 3)

    thread.run()

    notices = [x for x in thread.told if "a row" in x]
    assert notices == ["! [Background] a row made no sense"]


def test_scans_that_take_too_long_run_back_to_back_and_it_is_told_once(report: Report) -> None:
    thread = Thread(report, 3)
    thread.scans.seconds = 90.0

    condition = thread.run()

    assert [b - a for a, b in pairwise(thread.scans.began)] == [90 * SECOND] * 2
    assert condition.is_late
    late = [x for x in thread.told if "back to back" in x]
    assert late == [
        "! [Background] a scan took 90.0 s, longer than the check interval of 60 s of market time: "
        "scans run back to back"
    ]


def test_it_goes_through_its_states(report: Report) -> None:
    thread = Thread(report, 1)
    assert thread.scanner.condition.state is Lifecycle.STARTING

    assert thread.run().state is Lifecycle.STOPPED


@pytest.mark.parametrize("state", list(Lifecycle))
@pytest.mark.parametrize("following", list(Lifecycle))
def test_no_state_follows_that_may_not(state: Lifecycle, following: Lifecycle) -> None:
    condition = Condition(state=state)

    if following in FOLLOWERS[state]:
        assert condition.after(following).state is following
    else:
        with pytest.raises(ValueError, match=f"{state.value} is not followed by"):
            condition.after(following)


def test_one_that_was_never_started_stops_at_once(report: Report) -> None:
    assert Thread(report, 1).scanner.stop() is True


def test_one_that_hangs_is_left_behind_with_a_warning(report: Report) -> None:
    release = threading.Event()
    told = Told()

    def hang(_: Collection[str]) -> Sequence[Report]:
        release.wait(30)
        return [report]

    scanner = BackgroundScanner(
        hang, ReportCache(), ManualClock(), check_interval=60_000, held=set, tell=told
    )
    scanner.start()

    has_stopped = scanner.stop(0.05), scanner.stop(0.05)
    (left,) = [x for x in threading.enumerate() if x.name == "background scanner"]
    release.set()

    assert has_stopped == (False, False)
    warning = "! [Background] the scanner did not stop within 0.05 s; left behind"
    assert [x for x in told if x.startswith("!")] == [warning]
    assert left.daemon


def test_a_scan_that_takes_far_too_long_does_not_get_on_but_where_it_waits_for_weight(
    report: Report,
) -> None:
    release, scanning, clock = threading.Event(), threading.Event(), ManualClock()

    def hang(_: Collection[str]) -> Sequence[Report]:
        scanning.set()
        release.wait(30)
        return [report]

    scanner = BackgroundScanner(
        hang, ReportCache(), clock, check_interval=60_000, held=set, tell=Told()
    )
    scanner.start()
    assert scanning.wait(30)

    found = [scanner.gets_on(is_waiting=False)]
    for is_waiting in (True, False, False):
        clock.advance(HANGS_AFTER)
        found.append(scanner.gets_on(is_waiting=is_waiting))
    release.set()
    scanner.stop(30)

    assert found == [True, True, True, False]
    assert not scanner.gets_on(is_waiting=False)


def test_a_pause_between_scans_is_no_hang_but_one_that_does_not_end_is(report: Report) -> None:
    class Standing(ManualClock):
        """Wait until told to stop, whatever time passes."""

        def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
            waits.set()
            assert stop
            return stop.wait(30)

    waits, clock = threading.Event(), Standing()
    scanner = BackgroundScanner(
        lambda _: [report], ReportCache(), clock, check_interval=7_200_000, held=set, tell=Told()
    )
    scanner.start()
    assert waits.wait(30)

    found = []
    for seconds in (3600, 3600 + HANGS_AFTER, 60):
        clock.advance(seconds)
        found.append(scanner.gets_on(is_waiting=False))
    scanner.stop(30)

    assert found == [True, True, False]


def test_a_scan_under_way_ends_with_its_pool(report: Report) -> None:
    source = FakeSource((*names(3), "HANGERUSDT"))
    told = Told()
    pool = ProcessPool(source, 1, connections=2)
    scanner = Scanner(source.open_listing(), source, pool, ManualClock(), rules())
    scanning = threading.Event()

    def scan(held: Collection[str]) -> Sequence[Report]:
        scanning.set()
        return [scanner.cycle(held=held)]

    background = BackgroundScanner(
        scan, ReportCache(), ManualClock(), check_interval=60_000, held=set, tell=told
    )
    background.start()
    scanning.wait(30)

    background.ask_to_stop()
    pool.close()

    assert background.stop(10) is True
    assert told == []


def test_readers_see_whole_reports_in_the_order_of_their_versions(report: Report) -> None:
    cache = ReportCache()
    seen: list[tuple[int, int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if latest := cache.latest():
                seen.append((latest.findings.version, latest.findings.at, latest.report.as_of))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 2000):
        cache.publish(replace(report, as_of=number), number)
    done.set()
    for reader in readers:
        reader.join()

    assert all(version == at == as_of for version, at, as_of in seen)
    latest = cache.findings()
    assert latest
    assert latest.version == 1999


def test_what_a_report_notes_is_told_once_until_it_changes(report: Report) -> None:
    thread = Thread(report, 4)
    thread.scans.notes = ["no symbol", "no symbol", "no list", "no list"]

    thread.run()

    assert [x for x in thread.told if x.startswith("! ")] == [
        "! [Background] no symbol",
        "! [Background] no list",
    ]


def test_what_goes_wrong_while_a_candle_is_waited_for_is_told_and_it_scans_on(
    report: Report,
) -> None:
    def nonsense() -> None:
        raise KeyError("nothing of that")

    thread = Thread(report, 9)
    thread.wait_for(Interval.M1, lambda _: 0, nonsense)

    condition = thread.run()

    assert condition.state is Lifecycle.STOPPED
    assert len(thread.scans.began) > 2
    assert "! [Background] scan failed: internal error: KeyError: 'nothing of that'" in thread.told


def test_one_whose_thread_ends_by_an_error_says_that_it_has_stopped(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    thread = Thread(report, 5)
    monkeypatch.setattr(thread.clock, "wait", lambda *_: 1 / 0)

    condition = thread.run()

    assert condition.state is Lifecycle.STOPPED


def test_a_scan_begins_when_the_venue_shows_the_new_candle(report: Report) -> None:
    thread = Thread(report, 4, now=NOON + 17 * SECOND)
    asked: list[int] = []

    def newest_close(_: Interval) -> int:
        return (thread.clock.now() - 300) // (180 * SECOND) * (180 * SECOND)

    thread.wait_for(Interval.M3, newest_close, lambda: asked.append(thread.clock.now()))

    thread.clock.left = 40
    thread.run()

    # Where no candle closes, as ever; where one does, not long after it is shown.
    even = [x for x in thread.scans.began if (x - NOON) % (180 * SECOND) < 2 * SECOND]
    odd = [x for x in thread.scans.began[1:] if x not in even]
    assert {(x - NOON) % (60 * SECOND) for x in odd} == {2 * SECOND}
    assert all(300 <= (x - NOON) % (180 * SECOND) <= 500 for x in even)
    assert len(even) > 2
    # What there is to do meanwhile is done before it closes.
    assert {(x - NOON) % (180 * SECOND) for x in asked} == {179 * SECOND}
