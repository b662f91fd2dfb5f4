"""Several intervals as one: what is found at each, what the longer ones say, when each is due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pytest

from divbot.candle_arrays import Candles
from divbot.domain.clock import ManualClock
from divbot.domain.errors import JournalError
from divbot.domain.market import Interval
from divbot.domain.signals import Kind, Side, Stance
from divbot.domain.universe import Universe
from divbot.scanner.cache import ReportCache
from divbot.scanner.cycle import Scanner
from divbot.scanner.report import Report
from divbot.scanner.rounds import Rounds
from divbot.scanner.workforce.inline import InlinePool
from divbot.scanner.workforce.task import BlockTask, Done
from tests.scanner.fakes import STEP, FakeMarketData, FakeSource, candles_of, names, rules

M5, M15, H1 = Interval.M5, Interval.M15, Interval.H1
NOON = 1_722_340_800_000
"""The close of the newest candle of every interval."""
MANY = 60
BUY, SELL = Side.BUY, Side.SELL


@dataclass(frozen=True)
class Candlesticks(FakeSource):
    """Serve candles of any interval, up to NOON."""

    def open(self, connections: int) -> FakeMarketData:
        return Answers(self)

    def open_listing(self) -> FakeMarketData:
        return Answers(self)


class Answers(FakeMarketData):
    def __init__(self, source: Candlesticks) -> None:
        super().__init__(source)
        self._of = source
        self.lists = 0

    def universe(self, held: Collection[str] = ()) -> Universe:
        self.lists += 1
        return super().universe(held)

    def final_candles(self, symbol: str, interval: Interval, limit: int, at: int = 0) -> Candles:
        super().final_candles(symbol, interval, limit, at)  # which may bring trouble
        found = candles_of(crc32(f"{symbol} {interval}".encode()), self._of.bars)
        steps = (found.open_time - found.open_time[-1]) // STEP - 1
        return replace(found, open_time=NOON + steps * interval.milliseconds)


class Scan:
    """A scanner of some intervals, with all around it."""

    def __init__(self, source: FakeSource, *intervals: Interval, is_aligned: bool = False) -> None:
        self.listing = source.open_listing()
        self.pool = InlinePool(source, connections=2)
        # Of rules as they come, the shortest interval is not the first.
        each = [rules(interval=x, is_aligned=is_aligned, best=1000) for x in intervals]
        self.clock = ManualClock()
        self.scanner = Scanner(self.listing, source, self.pool, self.clock, *each)


@pytest.fixture(scope="module")
def reports() -> dict[Interval, Report]:
    return Scan(Candlesticks(names(MANY)), M5, H1, M15).scanner.reports()


def alone(interval: Interval) -> Report:
    return Scan(Candlesticks(names(MANY)), interval).scanner.cycle()


@pytest.mark.parametrize("interval", [M5, M15, H1])
def test_an_interval_among_others_finds_what_it_finds_alone(
    reports: dict[Interval, Report], interval: Interval
) -> None:
    by_itself, among = alone(interval), reports[interval]

    assert [replace(x, higher=None) for x in among.open_to_trade] == list(by_itself.open_to_trade)
    assert among.divergences == by_itself.divergences
    assert by_itself.open_to_trade[0].higher is None


def test_an_opportunity_carries_what_the_longer_intervals_say(
    reports: dict[Interval, Report],
) -> None:
    known = {x: {y.symbol: y for y in reports[x].divergences} for x in (M15, H1)}

    for found in reports[M5].open_to_trade:
        assert found.higher
        assert [x.interval for x in found.higher] == [M15, H1]
        for stance in found.higher:
            last = known[stance.interval][found.divergence.symbol]
            age = (NOON - last.confirmed) // stance.interval.milliseconds - 1
            expected = (last.kind, age) if age <= 100 else (None, 0)
            assert (stance.kind, stance.age) == expected
            assert stance.at == NOON
    assert {x.higher for x in reports[H1].open_to_trade} == {()}


def test_the_shortest_interval_is_not_asked_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = Scan(Candlesticks(names(3)), M5, H1, M15)
    run, asked = scan.pool.run, {}

    def hear(tasks: Sequence[BlockTask], downloaded: Callable[[int, str], None]) -> list[Done]:
        asked.update({x.interval: x.with_stances for x in tasks})
        return run(tasks, downloaded)

    monkeypatch.setattr(scan.pool, "run", hear)
    scan.scanner.reports()

    assert asked == {M5: False, M15: True, H1: True}


def test_a_trend_is_the_way_of_the_last_hundred_candles(reports: dict[Interval, Report]) -> None:
    answers = Answers(Candlesticks(names(MANY)))

    for found in reports[M15].open_to_trade:
        close = answers.final_candles(found.divergence.symbol, H1, 1000).close
        assert found.higher
        assert np.sign(found.higher[0].trend) == np.sign(close[-1] - close[-101])


def test_only_what_no_longer_interval_speaks_against_is_aligned(
    reports: dict[Interval, Report],
) -> None:
    aligned = Scan(Candlesticks(names(MANY)), M5, H1, M15, is_aligned=True).scanner.reports()

    for interval, report in aligned.items():
        every = reports[interval].open_to_trade
        kept = [x for x in every if x.is_aligned]
        assert [replace(x, rank=0) for x in report.open_to_trade] == [
            replace(x, rank=0) for x in kept
        ]
        assert [x.rank for x in report.open_to_trade] == list(range(1, len(kept) + 1))
    assert 0 < len(aligned[M5].open_to_trade) < len(reports[M5].open_to_trade)
    assert aligned[H1].open_to_trade == reports[H1].open_to_trade


STANCES = {
    "with it": (Stance(H1, NOON, 1.0, Kind.HIDDEN_BULLISH, 3), True, False),
    "no trend, no divergence": (Stance(H1, NOON, -0.59), True, True),
    "the trend against it": (Stance(H1, NOON, -0.61), False, True),
    "the divergence against it": (Stance(H1, NOON, 2.0, Kind.REGULAR_BEARISH, 0), False, False),
    "nothing known": (Stance(H1), False, False),
}


@pytest.mark.parametrize(("stance", "to_buy", "to_sell"), STANCES.values(), ids=STANCES)
def test_a_stance_allows_a_side(stance: Stance, to_buy: bool, to_sell: bool) -> None:
    assert (stance.allows(BUY), stance.allows(SELL)) == (to_buy, to_sell)


class Round:
    """Rounds on a market of which a test says what time it is."""

    def __init__(self, source: FakeSource) -> None:
        self.scan = Scan(source, M5, M15, H1)
        self.clock = ManualClock(NOON)
        self.rounds = Rounds(self.scan.scanner, self.clock)

    def at(self, minutes: int) -> Sequence[Interval]:
        self.clock.advance(minutes * 60 - (self.clock.now() - NOON) / 1000)
        return [x.interval for x in self.rounds(())]


def test_each_interval_is_scanned_once_its_candles_have_closed() -> None:
    market = Round(Candlesticks(names(3)))

    scanned = [market.at(x) for x in (0, 1, 4)]

    assert scanned == [[M5, M15, H1], [], []]
    # The candles of this market go no further: what has closed since is asked for till it comes.
    assert [market.at(x) for x in (5, 6, 15, 59, 60)] == [
        [M5],
        [M5],
        [M5, M15],
        [M5, M15],
        [M5, M15, H1],
    ]
    assert market.scan.listing.lists == 6  # type: ignore[attr-defined]


def test_an_interval_of_which_a_symbol_failed_comes_again_at_the_next_look() -> None:
    market = Round(Candlesticks((*names(3), "REJECTEDUSDT")))

    assert [market.at(0), market.at(1)] == [[M5, M15, H1]] * 2


def test_an_interval_of_which_nobody_could_hear_comes_again_at_the_next_look() -> None:
    heard: list[list[Interval]] = []

    def hear(reports: Sequence[Report]) -> None:
        heard.append([x.interval for x in reports])
        if len(heard) == 1:
            raise JournalError("the disk is full")

    scan, clock = Scan(Candlesticks(names(3)), M5, M15, H1), ManualClock(NOON)
    rounds = Rounds(scan.scanner, clock, hear)

    with pytest.raises(JournalError):
        rounds(())
    again = rounds(())

    assert heard == [[M5, M15, H1]] * 2
    assert [x.interval for x in again] == [M5, M15, H1]
    assert not rounds(())


def test_a_list_that_was_looked_up_ahead_is_that_of_the_next_scan_alone() -> None:
    scan = Scan(Candlesticks(names(3)), M5)

    scan.scanner.look_up()
    ahead = scan.scanner.cycle()
    after = scan.scanner.cycle()

    assert ahead.divergences == after.divergences
    assert scan.listing.lists == 2  # type: ignore[attr-defined]


def test_a_list_without_what_is_held_by_now_is_asked_for_again() -> None:
    scan = Scan(Candlesticks(names(3)), M5)

    scan.scanner.look_up({"S000USDT"})
    report = scan.scanner.cycle(held=("S000USDT", "HELDUSDT"))

    assert set(report.held) == {"S000USDT", "HELDUSDT"}
    assert scan.listing.lists == 2  # type: ignore[attr-defined]


def test_a_list_that_was_looked_up_long_ago_is_asked_for_again() -> None:
    scan = Scan(Candlesticks(names(3)), M5)

    scan.scanner.look_up()
    scan.clock.advance(60)
    scan.scanner.cycle()

    assert scan.listing.lists == 2  # type: ignore[attr-defined]


def test_the_newest_report_of_each_interval_is_there_for_all(
    reports: dict[Interval, Report],
) -> None:
    cache = ReportCache()

    for interval in (H1, M5, M15, M5):
        cache.publish(reports[interval], NOON)

    latest = cache.latest()
    assert list(cache.by_interval()) == [M5, M15, H1]
    assert {x: y.findings.version for x, y in cache.by_interval().items()} == {M5: 4, M15: 3, H1: 1}
    assert {x: y.count for x, y in cache.by_interval().items()} == {M5: 2, M15: 1, H1: 1}
    assert latest
    assert latest.report is reports[M5]
