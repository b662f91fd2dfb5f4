"""The trader beside a scan that does not end: neither waits for the other."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence

import pytest

from divbot.domain.clock import ManualClock
from divbot.domain.errors import VenueUnreachable
from divbot.domain.events import Exited
from divbot.domain.fills import Reason
from divbot.scanner.cache import ReportCache
from divbot.scanner.report import Report
from divbot.scanner.thread import BackgroundScanner, Lifecycle
from tests.trading.fakes import NOON, Told, Trader, entered, opportunity, started


class HangingScan:
    """A scan under way until a test lets it end."""

    def __init__(self) -> None:
        self.began, self.goes_on = threading.Event(), threading.Event()
        self.scanner = BackgroundScanner(
            self._scan,
            ReportCache(),
            ManualClock(NOON),
            check_interval=60_000,
            held=set,
            tell=Told(),
        )

    def _scan(self, held: Collection[str]) -> Sequence[Report]:
        self.began.set()
        assert self.goes_on.wait(30)
        raise VenueUnreachable("no answer in time")


@pytest.fixture
def scan() -> Iterator[HangingScan]:
    scan = HangingScan()
    scan.scanner.start()
    assert scan.began.wait(10)
    yield scan
    scan.scanner.ask_to_stop()
    scan.goes_on.set()
    assert scan.scanner.stop()


def test_a_stop_is_honoured_at_the_next_look(scan: HangingScan) -> None:
    trader = Trader(started(), entered())
    trader.step(after=5000)
    trader.market.quoted = {"AAAUSDT": (97, 97.1)}

    trader.step(after=5000)

    event = trader.journal.events[-1]
    assert isinstance(event, Exited)
    assert (event.reason, event.at) == (Reason.STOP, NOON + 10_000)
    assert scan.scanner.condition.state is Lifecycle.SCANNING


def test_an_entry_from_the_last_report_is_made(scan: HangingScan) -> None:
    trader = Trader()
    trader.publish(opportunity())

    trader.step()

    assert trader.kinds() == ["started", "entered"]
    assert scan.scanner.condition.state is Lifecycle.SCANNING
